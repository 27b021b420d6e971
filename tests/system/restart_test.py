#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""aditd's ports are restarted under traffic, restarted where that cannot work, and stopped after either, with each driver
that needs no hardware: two network namespaces of this test's own, aditd in one and adit-blast in the other. Needs root; exit
77 (skipped) otherwise.
    restart_test.py PATH_OF_aditd PATH_OF_adit PATH_OF_adit-blast [unittest arguments]
ADIT_RESTART_CALLS: how many calls are up, 100 if not set.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ADITD = ADIT = BLAST = ""
PREFIX = "adit-rst-"
SERVER = f"{PREFIX}{os.getpid()}-s"
PEER = f"{PREFIX}{os.getpid()}-p"
CALLS = int(os.environ.get("ADIT_RESTART_CALLS", "100"))
EAL = ("--", "--no-huge", "--no-shconf", "-m", "448")
TIMEOUT = 40  # seconds to wait for what must come; a loaded machine is slow
WIRES = (("access", "198.18.0"), ("core", "198.19.0"))
UNWANTED = re.compile("AddressSanitizer|LeakSanitizer|runtime error:|event=system_call_refused")

CONFIG = """
[core]
workers = 1
user = "root"
[common]
max-sessions = {sessions}
[pptp]
bind = ["198.18.0.1"]
accept-rate = 0
[ppp]
mppe = "require"
[auth]
methods = ["mschap-v2"]
[chap-secrets]
chap-secrets = "{work}/chap-secrets"
[[ip-pool]]
name = "default"
ranges = ["10.64.0.2-10.64.255.254"]
[ip]
gw-ip-address = "10.64.0.1"
[cli]
socket = "{work}/adit.sock"
"""
SCENARIO = """
server = "198.18.0.1"
access = "access"
clients = "10.99.0.0/16"
core = "core"
core-address = "198.19.0.2"
mppe = "require"
quiet = true
json = "{work}/blast.json"
{driver}
[[phase]]
kind = "set-up"
calls = {calls}
concurrency = 32
[[phase]]
kind = "traffic"
for = "300s"
up = "300pps"
down = "300pps"
size = "imix"
"""
MEMIF = "net_memif{number},role={role},id={number},rsize=10,socket-abstract=no,socket={work}/memif-{number}.sock"


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


def inside(namespace, *words):
    return ["ip", "netns", "exec", namespace, *map(str, words)]


def remove_namespaces():
    """Ours, and those of runs that were killed: the process in the name is gone."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        if name.startswith(PREFIX):
            pid = int(name[len(PREFIX):].split("-")[0])
            if pid == os.getpid() or not os.path.exists(f"/proc/{pid}"):
                ip("netns", "del", name, check=False)


def make_wire(side, network, near=None, addressed=True):
    near = near or f"{side}1"
    ip("-n", SERVER, "link", "add", near, "type", "veth", "peer", "name", side, "netns", PEER)
    for namespace, link in ((SERVER, near), (PEER, side)):
        ip("-n", namespace, "link", "set", link, "addrgenmode", "none")
        # AF_XDP sees frames before offloads: without this they would lack checksums and exceed the MTU.
        subprocess.run(inside(namespace, "ethtool", "-K", link, "tx", "off", "tso", "off", "gso", "off", "gro", "off"),
                       check=True, capture_output=True)
        ip("-n", namespace, "link", "set", link, "up")
    ip("-n", PEER, "addr", "add", f"{network}.2/24", "dev", side)
    if addressed:
        ip("-n", SERVER, "addr", "add", f"{network}.1/24", "dev", near)


def add_routes():
    ip("-n", SERVER, "route", "replace", "10.99.0.0/16", "via", "198.18.0.2")
    ip("-n", PEER, "route", "replace", "10.64.0.0/16", "via", "198.19.0.1")


class Kernels:
    """A port on each kernel interface, by a driver for those."""

    def __init__(self, driver):
        self.driver = driver
        self.names = ["access1", "core1"]

    def ports(self, _work):
        return "".join(f'[[port]]\ninterface = "{side}1"\nrole = "{side}"\ndriver = "{self.driver}"\n' for side, _ in WIRES)

    def before(self):
        for side, network in WIRES:
            make_wire(side, network)
        add_routes()

    def after(self):
        pass

    def blast(self, _work):
        return 'access-driver = "af_packet"\ncore-driver = "af_packet"'


class Memif(Kernels):
    """What carries the traffic is no kernel interface; the kernels' TCP and ARP take the wires."""

    def __init__(self):
        super().__init__("dpdk")

    def device(self, work, number, role):
        return MEMIF.format(number=number, role=role, work=work)

    def ports(self, work):
        return "".join(f'[[port]]\ninterface = "{side}1"\nrole = "{side}"\ndriver = "dpdk"\n'
                       f'device = "{self.device(work, number, "server")}"\n' for number, (side, _) in enumerate(WIRES))

    def blast(self, work):
        return "".join(f'{side}-driver = "dpdk"\n{side}-device = "{self.device(work, number, "client")}"\n'
                       for number, (side, _) in enumerate(WIRES))


class Tap(Kernels):
    """net_tap's interface stands in for a NIC's plug, patched through to the wire. The kernel has aditd's own interfaces."""

    def __init__(self):
        super().__init__("dpdk")

    def ports(self, _work):
        return "".join(f'[[port]]\nname = "{side}1"\nrole = "{side}"\ndriver = "dpdk"\n'
                       f'device = "net_tap{number},iface=plug{number}"\n' for number, (side, _) in enumerate(WIRES))

    def before(self):
        for number, (side, network) in enumerate(WIRES):
            make_wire(side, network, near=f"wire{number}", addressed=False)

    def after(self):
        for number, (side, network) in enumerate(WIRES):
            for one, other in ((f"plug{number}", f"wire{number}"), (f"wire{number}", f"plug{number}")):
                subprocess.run(inside(SERVER, "tc", "qdisc", "add", "dev", one, "clsact"), check=True)
                # A classic BPF program that matches everything: return -1.
                subprocess.run(inside(SERVER, "tc", "filter", "add", "dev", one, "ingress", "bpf", "bytecode", "1,6 0 0 4294967295,",
                                      "action", "mirred", "egress", "redirect", "dev", other), check=True)
            ip("-n", SERVER, "addr", "add", f"{network}.1/24", "dev", f"{side}1")
        add_routes()


class Site:
    def __init__(self, test, kind):
        self.test, self.kind = test, kind
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX))
        test.addCleanup(shutil.rmtree, self.work)
        (self.work / "chap-secrets").write_text("blast * blast *\n")
        (self.work / "chap-secrets").chmod(0o600)
        for name in (SERVER, PEER):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        test.addCleanup(remove_namespaces)
        kind.before()
        self.log_path = self.work / "aditd.log"
        self.aditd = self.generator = None
        test.addCleanup(self.end)

    def launch(self):
        config = self.work / "adit.toml"
        config.write_text(CONFIG.format(work=self.work, sessions=max(CALLS, 100) + 100) + self.kind.ports(self.work))
        with open(self.log_path, "a") as log:
            self.aditd = subprocess.Popen(inside(SERVER, ADITD, "--config", config, *EAL), stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=log)

    def start(self):
        self.launch()
        self.until("aditd listens", lambda: (self.work / "adit.sock").exists())
        self.kind.after()
        return self

    def end(self):
        for process in (self.generator, self.aditd):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def until(self, what, probe):
        deadline = time.monotonic() + TIMEOUT
        while not (result := probe()):
            if time.monotonic() > deadline or self.aditd.poll() is not None:
                self.test.fail(f"{what}: never\n{self.log()[-3000:]}")
            time.sleep(0.1)
        return result

    def adit(self, *words):
        return subprocess.run(inside(SERVER, ADIT, "--socket", self.work / "adit.sock", *words), capture_output=True, text=True,
                              timeout=TIMEOUT)

    def show(self, what):
        done = self.adit("show", what, "--json")
        self.test.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def ports(self):
        return {port["port"]: port for port in self.show("ports")["ports"]}

    def restart(self, name):
        return self.adit("port", "restart", name)

    def assert_restarts(self, name):
        done = self.restart(name)
        self.test.assertEqual((done.returncode, done.stdout), (0, "restarted; adit show ports shows its link\n"),
                              done.stderr + self.log()[-3000:])

    def assert_refuses(self, name, why):
        done = self.restart(name)
        self.test.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
        self.test.assertRegex(done.stderr, f"port '{name}' was not restarted: .*{why}")
        self.until("it is in the log", lambda: "event=port_restart_failed" in self.log())

    def assert_stops(self, status=0):
        """SIGTERM, and what nobody should have to read."""
        if self.aditd.poll() is None:
            self.aditd.send_signal(signal.SIGTERM)
        self.test.assertEqual(self.aditd.wait(TIMEOUT), status, self.log()[-3000:])
        self.test.assertIsNone(UNWANTED.search(self.log()), self.log()[-6000:])

    def dial(self):
        scenario = self.work / "blast.toml"
        scenario.write_text(SCENARIO.format(work=self.work, calls=CALLS, driver=self.kind.blast(self.work)))
        with open(self.work / "blast.out", "w") as output:
            self.generator = subprocess.Popen(
                inside(PEER, BLAST, "run", scenario, *EAL), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output)

        def up():
            self.test.assertIsNone(self.generator.poll(), (self.work / "blast.out").read_text())
            return len(self.show("sessions")["sessions"]) == CALLS
        self.until("all calls are up", up)

    def report(self):
        """Of the traffic so far, which ends here; adit-blast complains that it was interrupted."""
        self.generator.send_signal(signal.SIGINT)
        self.generator.wait(TIMEOUT)
        result, told = json.loads((self.work / "blast.json").read_text()), (self.work / "blast.out").read_text()
        self.test.assertTrue(result["interrupted"])
        for table in ("Phases", "Set-up", "Packets", "Rates received, inner IP", "Latency"):  # of what there was by then
            self.test.assertRegex(told, f"(?m)^{table}")
        phases = result["phases"]
        return next(phase for phase in phases if phase["kind"] == "traffic")


class RestartTest(unittest.TestCase):
    def under_traffic(self, kind, settles_in=0):
        site = Site(self, kind).start()
        site.dial()
        time.sleep(2)
        for _ in range(2):
            for name in kind.names:
                site.assert_restarts(name)
        time.sleep(settles_in)
        before = site.ports()
        time.sleep(2)
        after = site.ports()
        found = site.report()
        self.assertEqual(found["lost_calls"], {}, "calls ended")
        self.assertEqual([port["restarts"] for port in site.ports().values()], [2, 2])
        for name in kind.names:
            for counter in ("rx_packets", "tx_packets"):
                self.assertGreater(after[name][counter], before[name][counter], f"{name} {counter} after its restarts")
        lost = {way: found["traffic"][way]["lost"] for way in ("up", "down")}
        if settles_in == 0:  # as a rule 20 of 2,400; a port that came back dead would lose all from then on
            for way, count in lost.items():
                self.assertLess(count, found["traffic"][way]["sent"] // 2, f"{way}: lost by two restarts of each port")
        counted = site.show("drops")["drops"]["port_restarts"]
        print(f"\n{CALLS} calls, none lost; packets lost {lost}, dropped meanwhile {counted}", file=sys.stderr)
        site.assert_stops()

    def test_af_xdp_under_traffic(self):
        self.under_traffic(Kernels("af_xdp"))

    def test_af_packet_under_traffic(self):
        self.under_traffic(Kernels("af_packet"))

    def test_memif_under_traffic(self):
        self.under_traffic(Memif(), settles_in=5)  # adit-blast looks at its ports once a second

    def test_tap_under_traffic(self):
        self.under_traffic(Tap())

    def stops_at_once(self, kind):
        """After restarts, and with one that is perhaps not even answered."""
        site = Site(self, kind).start()
        for name in kind.names * 2:
            site.assert_restarts(name)
        asked = subprocess.Popen(inside(SERVER, ADIT, "--socket", site.work / "adit.sock", "port", "restart", "core1"),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02)
        site.assert_stops()
        asked.wait(TIMEOUT)

    def test_af_xdp_stops_at_once_after_a_restart(self):
        self.stops_at_once(Kernels("af_xdp"))

    def test_af_packet_stops_at_once_after_a_restart(self):
        self.stops_at_once(Kernels("af_packet"))

    def test_memif_stops_at_once_after_a_restart(self):
        self.stops_at_once(Memif())

    def test_tap_stops_at_once_after_a_restart(self):
        self.stops_at_once(Tap())

    def stops_under_traffic(self, kind):
        """One device restarted, the other as it began: with memif, not connected and connected."""
        site = Site(self, kind).start()
        site.dial()
        site.assert_restarts(kind.names[0])
        site.assert_stops()

    def test_af_xdp_stops_under_traffic(self):
        self.stops_under_traffic(Kernels("af_xdp"))

    def test_af_packet_stops_under_traffic(self):
        self.stops_under_traffic(Kernels("af_packet"))

    def test_memif_stops_under_traffic(self):
        self.stops_under_traffic(Memif())

    def test_tap_stops_under_traffic(self):
        self.stops_under_traffic(Tap())

    def vanishes(self, driver):
        site = Site(self, Kernels(driver)).start()
        ip("-n", SERVER, "link", "del", "access1")
        for _ in range(2):
            site.assert_refuses("access1", "the interface that it was opened on is gone; .*restart aditd")
        make_wire(*WIRES[0])  # the same name and address, but another interface
        site.assert_refuses("access1", "the interface that it was opened on is gone")
        self.assertEqual(site.restart("core1").returncode, 0, "the others are not hindered")
        site.assert_stops()

    def test_af_xdp_whose_interface_vanishes_and_comes_back(self):
        self.vanishes("af_xdp")

    def test_af_packet_whose_interface_vanishes_and_comes_back(self):
        self.vanishes("af_packet")

    def test_af_xdp_whose_program_is_taken_off(self):
        site = Site(self, Kernels("af_xdp")).start()
        ip("-n", SERVER, "link", "set", "dev", "access1", "xdp", "off")
        site.assert_refuses("access1", "its XDP program was detached from access1; .*restart aditd")
        site.assert_stops()

    def test_tap_whose_interface_vanishes(self):
        site = Site(self, Tap()).start()
        ip("-n", SERVER, "link", "del", "plug0")
        site.assert_refuses("access1", "start: ")
        site.assert_refuses("access1", "start: ")
        self.assertFalse(site.ports()["access1"]["link"])
        site.assert_stops()

    def test_af_xdp_does_not_start_on_a_queue_that_is_taken(self):
        site = Site(self, Kernels("af_xdp")).start()
        first, socket = site.aditd, site.work / "adit.sock"
        socket.rename(site.work / "first.sock")
        site.launch()
        self.assertEqual(site.aditd.wait(TIMEOUT), 2, site.log()[-3000:])
        self.assertIn("receive queue 0", site.log())
        site.aditd = first
        site.assert_stops()

    def test_a_port_that_is_not_there(self):
        site = Site(self, Kernels("af_packet")).start()
        done = site.restart("nosuch")
        self.assertEqual((done.returncode, done.stderr), (4, "adit: aditd refused: port 'nosuch' was not restarted: no such port; adit show ports lists them\n"))
        site.assert_stops()


def main():
    global ADITD, ADIT, BLAST
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        return 77
    ADITD, ADIT, BLAST = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # meson's timeout: the clean-up still runs
    remove_namespaces()
    try:
        unittest.main(verbosity=2)
    finally:
        remove_namespaces()


if __name__ == "__main__":
    sys.exit(main())
