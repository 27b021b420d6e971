#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""adit-blast against aditd in the lab, as numbers: bench/live.py calls|hold|churn|scale|storm|scrape|end-to-end|
dual-stack|eap-logins [--quick] [--out DIR]

  calls       set-up rate and what a call costs, at 1,000 and 10,000 calls, as fast as it goes and at a rate
  hold        10,000 calls held for three minutes with verified traffic, then everything back where it was
  churn       5,000 calls with traffic, 5 % of them hung up and redialled each second, for two minutes
  scale       131,072 calls (or as many as --calls says) on several addresses, with verified traffic across all of them
  storm       5,000 dial attempts a second from 20,000 addresses while 5,000 calls carry traffic
  scrape      what a scrape of adit-exporter costs while 10,000 calls are up: octets, its memory, control's turns
  dual-stack  10,000 calls with IPv4, a /64 and a delegated prefix, verified traffic of both families; then all gone at once
              and back, and how many Router Advertisements that takes
  eap-logins  200 logins by certificate (EAP-TLS) a second, each hung up at once, while 5,000 calls carry verified traffic:
              what came up and in what time, what was refused, what the 5,000 lost, and control's longest turn meanwhile
  end-to-end  the highest rate without loss by packet size, over AF_XDP and over memif

Both programs share this machine's cores, so each figure is for the pair. Needs root and a build (ADIT_BUILD). The result of
every run is kept as OUT/live-*.json, for bench/report.py. --quick: a tenth of the calls and seconds, to see that it works.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "interop"))
from harness.certificates import Certificates  # noqa: E402

LAB = str(TOP / "scripts" / "lab")
RUN_DIR = pathlib.Path("/run/adit-lab")
CONFIG = TOP / "tests" / "interop" / "blast.toml"
SERVER = "198.18.0.1"
SIDES = ["--server", SERVER, "--access", "access", "--clients", "10.99.0.0/16"]
CORE = ["--core", "core", "--core-address", "198.19.0.2"]
MEMIF_SOCKET = "/run/adit-lab/memif-{}.sock"
QUARANTINE_SECONDS = 62  # before aditd assigns an address again


def lab(*arguments):
    subprocess.run([LAB, *arguments], check=True)


def in_lab(namespace, *arguments):
    return [LAB, "exec", namespace, "--", *map(str, arguments)]


def adit(*arguments):
    return json.loads(subprocess.run(in_lab("adit-server", "adit", *arguments, "--json"), check=True,
                                     capture_output=True, text=True).stdout)


def memif(number, role):
    return f"net_memif{number},role={role},id={number},rsize=11,socket-abstract=no,socket={MEMIF_SOCKET.format(number)}"


def memif_config():
    """blast.toml with the generator's two ports as memif devices; the veths keep TCP, ARP and the routes."""
    text = CONFIG.read_text()
    for number, interface in enumerate(("access1", "core1")):
        port = f'interface = "{interface}"'
        text = text.replace(port, f'{port}\ndriver = "dpdk"\ndevice = "{memif(number, "server")}"')
    lab("up", "--bare")  # makes the directory
    path = RUN_DIR / "memif.toml"
    path.write_text(text)
    return path


def memif_ports():
    return ["--access-driver", "dpdk", "--access-device", memif(0, "client"),
            "--core-driver", "dpdk", "--core-device", memif(1, "client")]


class Server:
    """A freshly started aditd, and what it uses."""

    def __init__(self, config=CONFIG):
        lab("up", "--config", str(config))
        self.pid = int((RUN_DIR / "aditd.pid").read_text())
        self.log_at = (RUN_DIR / "aditd.log").stat().st_size

    def held(self):
        """What must be back at its old value when all calls have ended."""
        stat, pools = adit("show", "stat"), adit("show", "pools")["pools"]
        return {
            "calls": sum(stat["sessions"].values()),
            "control connections": stat["pptp"]["connections"],
            "addresses not free": sum(pool["total"] - pool["available"] for pool in pools),
            "packet buffers in use": self.buffers_in_use(),
            "file descriptors": len(os.listdir(f"/proc/{self.pid}/fd")),
            "resident memory, KiB": stat["rss_kb"],
        }

    def buffers_in_use(self):
        return sum(pool["total"] - pool["free"] for pool in adit("show", "stat")["packet_buffers"])

    def cpu_seconds(self):
        """CPU time by thread: (user, system). Several have aditd's name, of which the first is the control thread."""
        tick, seconds = os.sysconf("SC_CLK_TCK"), {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            name = "control" if task.name == str(self.pid) else (task / "comm").read_text().strip()
            so_far = seconds.get(name, (0, 0))
            seconds[name] = tuple(before + int(field) / tick for before, field in zip(so_far, fields[11:13]))
        return seconds

    def log_lines(self):
        with open(RUN_DIR / "aditd.log", "rb") as log:
            log.seek(self.log_at)
            return log.read().count(b"\n")


def wait_for_calls(count, holder):
    """Until so many are up; `holder` is the thread that dials and holds them."""
    while adit("show", "stat")["sessions"]["active"] < count:
        time.sleep(1)
        if not holder.is_alive():
            sys.exit("bench/live.py: the calls did not all come up")


def blast(out, name, server, *arguments, ports=(), eal=()):
    """Runs adit-blast, shows its tables, keeps and returns its results."""
    path = out / f"live-{name}.json"
    command = in_lab("adit-blast", "adit-blast", *arguments, *SIDES, *ports, "--server-pid", server.pid, "--json", path, *eal)
    print("\n$", " ".join(command[4:]), flush=True)
    done = subprocess.run(command)
    if done.returncode not in (0, 1):
        sys.exit(f"bench/live.py: adit-blast exited with {done.returncode}")
    return json.loads(path.read_text())


def table(title, rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        cells = [str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells))
    print(flush=True)


def calls(options):
    rows = [("link", "dials", "wanted/s", "up", "failed", "calls/s", "p50 ms", "p99 ms", "max ms", "hang-ups/s", "RSS/call",
             "sockets/call", "control us/call", "worker us/call")]
    for link, count, rate in (("af_xdp", 1000, 0), ("af_xdp", 10000, 0), ("af_xdp", 10000, 2500), ("memif", 10000, 0)):
        count //= options.scale
        server = Server(memif_config() if link == "memif" else CONFIG)
        cpu = server.cpu_seconds()
        limit = ["--dial-rate", rate] if rate else []
        # memif has room for more frames at once than a veth (256) and AF_XDP's ring together.
        ports = [*memif_ports()[:4], "--concurrency", "1024"] if link == "memif" else []
        run = blast(options.out, f"calls-{link}-{count}-{rate or 'max'}", server, "set-up", "--calls", count, *limit,
                    ports=ports)
        used = {name: sum(now) - sum(cpu.get(name, (0, 0))) for name, now in server.cpu_seconds().items()}
        worker = sum(seconds for name, seconds in used.items() if "worker" in name)
        phase, tear_down = run["phases"]
        setup, before, after = phase["set_up"], run["footprint_before"], phase["footprint"]

        def per_call(key):
            return f"{(after[key] - before[key]) / count / 1024:.1f} KiB"
        rows.append((link, count, rate or "max", setup["up"], setup["dialled"] - setup["up"],
                     f"{setup['calls_per_second']:.0f}",
                     *(f"{setup['time'][key]:.1f}" for key in ("p50_ms", "p99_ms", "max_ms")),
                     f"{tear_down['hung_up'] / tear_down['seconds']:.0f}",
                     per_call("rss_bytes"), per_call("socket_bytes"),
                     f"{used['control'] / count * 1e6:.0f}", f"{worker / count * 1e6:.0f}"))
    table("Set-up, MS-CHAPv2 and MPPE-128 (CPU of aditd: a dial and its hang-up; kernel sockets: both ends of each)", rows)


def hold(options):
    count, seconds = 10000 // options.scale, 180 // options.scale
    server = Server()
    # Once up and down first: memory that a process keeps after first use (buffers, arenas) is no leak.
    blast(options.out, "hold-warm-up", server, "set-up", "--calls", count)
    time.sleep(QUARANTINE_SECONDS if options.scale == 1 else 3)
    before = server.held()
    run = blast(options.out, "hold", server, "hold", "--calls", count, "--for", f"{seconds}s", "--up", "5kpps",
                "--down", "5kpps", "--size", "imix", ports=CORE)
    time.sleep(QUARANTINE_SECONDS if options.scale == 1 else 3)
    after = server.held()
    table(f"{count} calls held for {seconds} s: {'success' if run['success'] else run['complaints']}; what aditd holds",
          [("", "before", "after"), *((name, before[name], after[name]) for name in before)])


def churn(options):
    count, seconds = 5000 // options.scale, 120 // options.scale
    server = Server()
    run = blast(options.out, "churn", server, "churn", "--calls", count, "--for", f"{seconds}s", "--churn", "5%",
                "--up", "5kpps", "--down", "5kpps", "--size", "imix", ports=CORE)
    dials = adit("show", "stat")["pptp"]["calls_total"]
    table(f"Churn: {'success' if run['success'] else run['complaints']}",
          [("dials", dials), ("lines in aditd's log", server.log_lines()),
           ("lines a dial", f"{server.log_lines() / dials:.2f}"), *server.held().items()])


def end_to_end(options):
    sizes = ["--size", "64,512,1400,imix", "--trial", "1s" if options.scale > 1 else "5s", "--loss-limit", "0.01%"]
    rows = [("link", "sizes", "pps, both ways", "Mbit/s")]
    for link in ("af_xdp", "memif"):
        server = Server(memif_config() if link == "memif" else CONFIG)
        ports = CORE + (memif_ports() if link == "memif" else [])
        run = blast(options.out, f"end-to-end-{link}", server, "throughput", "--calls", 1000 // options.scale, *sizes,
                    ports=ports)
        for found in run["phases"][1]["throughput"]:
            rows.append((link, found["sizes"], f"{found['packets_per_second']:.0f}",
                         f"{found['megabits_per_second']:.0f}"))
    table("Highest rate without loss (limit 0.01 %), MPPE-128, generator and server on the same cores", rows)


# Addresses that the generator's clients dial in `scale`: each has 65,535 call IDs.
SERVERS = [f"198.18.1.{host}" for host in range(1, 9)]
SCALE_POOL = "10.64.0.0/13"


def scale_config(text, sessions):
    """A config for `sessions` calls, with longer intervals between TCP and PPP echoes."""
    bind = ", ".join(f'"{address}"' for address in ["192.0.2.1", *SERVERS])
    # The ports for real clients use AF_XDP: a system call per poll, which would be part of the measurement.
    for interface, role in (("access0", "access"), ("core0", "core")):
        text = text.replace(f'[[port]]\ninterface = "{interface}"\nrole = "{role}"\n\n', "")
    return (text.replace("max-sessions = 20000", f"max-sessions = {sessions}\nmax-starting = {sessions}")
            .replace('bind = ["192.0.2.1", "198.18.0.1"]', f"bind = [{bind}]\nmax-connections = {sessions + 1000}")
            .replace("[ppp]", '[ppp]\nlcp-echo-interval = "60s"')
            .replace("10.64.255.254", "10.71.255.254"))


def add_scale_addresses():
    for address in SERVERS:
        subprocess.run(["ip", "-n", "adit-server", "addr", "replace", f"{address}/32", "dev", "access1"], check=True)
    for route in (["198.18.1.0/24", "via", "198.18.0.1"], [SCALE_POOL, "via", "198.19.0.1"]):
        subprocess.run(["ip", "-n", "adit-blast", "route", "replace", *route], check=True)


class Watch(threading.Thread):
    """Asks aditd every second how many calls are up and starting, and how large its tables are at the peak."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.tables, self.over, self.samples = 0, {}, threading.Event(), []
        self.start()

    def run(self):
        while not self.over.wait(1):
            stat = adit("show", "stat")
            self.samples.append(stat)
            if stat["sessions"]["active"] > self.most:
                self.most = stat["sessions"]["active"]
                self.tables = {each["table"]: each for each in stat["memory"]}

    def stop(self):
        self.over.set()
        self.join()
        return self.most, self.tables


# Tables that do not grow with the calls that are up, or are the control side's.
BESIDE_CALLS = ("packet buffers", "mailboxes", "control records", "ended calls", "events")


def scale(options):
    count = options.calls // options.scale
    config = memif_config()
    add_scale_addresses()
    config.write_text(scale_config(config.read_text(), count + count // 16))
    server = Server(config)
    seconds = 60 // min(options.scale, 6)
    watch = Watch()
    run = blast(options.out, f"scale-{count}", server, "hold", "--calls", count, "--for", f"{seconds}s", "--up", "10kpps",
                "--down", "10kpps", "--size", "128", *memif_ports()[:4], "--concurrency", "1024",
                ports=["--server", f"{SERVERS[0]}-{SERVERS[-1]}", *CORE, *memif_ports()[4:]])
    most, tables = watch.stop()
    before, after = run["footprint_before"], run["phases"][0]["footprint"]
    traffic = run["phases"][1]["traffic"]
    data_plane = sum(each["bytes"] for name, each in tables.items() if name not in BESIDE_CALLS)
    control = (after["rss_bytes"] - before["rss_bytes"]) / count
    table(f"{count} calls: {'success' if run['success'] else run['complaints']}", [
        ("calls up at once, by aditd's count", most),
        ("calls a second while they were dialled", f"{run['phases'][0]['set_up']['calls_per_second']:.0f}"),
        *((f"calls that carried packets {way}; silent; lossy",
           f"{traffic[way]['calls']}; {traffic[way]['calls_silent']}; {traffic[way]['calls_lossy']}") for way in ("up", "down")),
        *((f"packets {way}: sent, received, lost",
           f"{traffic[way]['sent']}, {traffic[way]['received']}, {traffic[way]['lost']}") for way in ("up", "down")),
        ("data plane, bytes a call (calls, acknowledgements, indexes; made for "
         f"{tables['calls']['entries']})", f"{data_plane / tables['calls']['entries']:.0f}"),
        ("control side, bytes a call (growth of aditd's resident memory)", f"{control:.0f}"),
        ("kernel sockets, bytes a call (both ends)", f"{(after['socket_bytes'] - before['socket_bytes']) / count:.0f}"),
    ])


def storm(options):
    count, seconds = 5000 // options.scale, 40 // min(options.scale, 4)
    config = memif_config()
    add_scale_addresses()
    config.write_text(scale_config(config.read_text(), 20000).replace("accept-rate = 0", "accept-rate = 3500"))
    server = Server(config)
    watch = Watch()
    run = blast(options.out, "storm", server, "storm", "--calls", count, "--for", f"{seconds}s", "--callers",
                20000 // options.scale, "--dial-rate", 5000 // options.scale, "--concurrency", 7000, "--up", "5kpps",
                "--down", "5kpps", "--size", "imix", "--abrupt",
                ports=[*CORE, *memif_ports(), "--server", f"{SERVERS[0]}-{SERVERS[-1]}"])
    watch.stop()
    phase = run["phases"][1]
    set_up, traffic = phase["set_up"], phase["traffic"]
    begun = [b["pptp"]["calls_total"] - a["pptp"]["calls_total"] for a, b in zip(watch.samples, watch.samples[1:])]
    steady = sorted(begun[-seconds:-3] or [0])
    rss = [sample["rss_kb"] for sample in watch.samples]
    table(f"Storm: {'success' if run['success'] else run['complaints']}", [
        ("dial attempts a second", f"{set_up['dialled'] / set_up['seconds']:.0f}"),
        ("came up a second", f"{set_up['calls_per_second']:.0f}"),
        ("calls begun a second by aditd's count: least, median, most",
         f"{steady[0]}, {steady[len(steady) // 2]}, {steady[-1]}"),
        *((f"established {way}: packets sent, lost", f"{traffic[way]['sent']}, {traffic[way]['lost']}") for way in ("up", "down")),
        ("established calls lost", sum(phase["lost_calls"].values()) if phase["lost_calls"] else 0),
        ("aditd's resident memory, KiB: before, most", f"{rss[0]}, {max(rss)}"),
    ])


DUAL_STACK = """
[ipv6]
mode = "allow"

[[ipv6-pool]]
name = "default"
use = "link"
prefix = "2001:db8:64::/48"

[[ipv6-pool]]
name = "default"
use = "delegate"
prefix = "2001:db8:d000::/36"
length = 56
"""


class Advertisements(threading.Thread):
    """Asks aditd every second how many Router Advertisements it has sent."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.samples = threading.Event(), [self.now()]
        self.start()

    @staticmethod
    def now():
        families = {family["name"]: family for family in adit("show", "metrics")["families"]}
        return (time.monotonic(), *(families[name]["samples"][0]["value"] for name in ("adit_ra_sent", "adit_ra_put_off")))

    def run(self):
        while not self.over.wait(1):
            self.samples.append(self.now())

    def stop(self):
        """(sent, put off, the most sent a second)"""
        self.over.set()
        self.join()
        self.samples.append(self.now())
        rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(self.samples, self.samples[1:])]
        return self.samples[-1][1] - self.samples[0][1], self.samples[-1][2] - self.samples[0][2], max(rates)


def dual_stack(options):
    count = 10000 // options.scale
    config = memif_config()
    config.write_text(config.read_text() + DUAL_STACK)
    server = Server(config)
    traffic = {"kind": "traffic", "for": f"{20 // min(options.scale, 4)}s", "family": "mixed", "up": "4kpps", "down": "4kpps",
               "size": "imix"}
    wave = [{"kind": "set-up", "calls": count, "concurrency": 1024}, {"kind": "hold", "for": "20s"}, traffic,
            {"kind": "tear-down", "abrupt": True}]
    scenario = RUN_DIR / "dual-stack.toml"
    scenario.write_text("\n".join(["[[phase]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in phase.items())
                                  for phase in wave + wave[:-1]]))
    watch = Advertisements()
    run = blast(options.out, "dual-stack", server, "run", scenario, "--ipv6", "require", "--delegate", "--core-address6",
                "2001:db8:c2::2", ports=[*CORE, *memif_ports()])
    sent, put_off, most = watch.stop()
    phases = [phase for phase in run["phases"] if phase["kind"] == "traffic"]
    rows = [("", *(f"wave {i + 1}" for i in range(len(phases))))]
    rows.append(("calls a second while they were dialled",
                 *(f"{phase['set_up']['calls_per_second']:.0f}" for phase in run["phases"] if phase["kind"] == "set-up")))
    for name, key in (("calls up", "calls"), ("with a /64", "calls_with_link_prefix"), ("delegated", "calls_with_delegated_prefix")):
        rows.append((name, *(phase["ipv6"][key] for phase in phases)))
    rows.append(("Router Advertisements of a call: least, mean, most",
                 *("{least}, {mean:.2f}, {most}".format(**phase["ipv6"]["router_advertisements_per_call"]) for phase in phases)))
    for family in ("ipv4", "ipv6"):
        for way in ("up", "down"):
            found = [phase["traffic"]["families"][family][way] for phase in phases]
            rows.append((f"{family} {way}: sent, lost, corrupted; calls, silent",
                         *(f"{one['sent']}, {one['lost']}, {one['corrupted']}; {one['calls']}, {one['calls_silent']}"
                           for one in found)))
    table(f"{count} dual-stack calls, twice: {'success' if run['success'] else run['complaints']}", rows)
    table("Router Advertisements by aditd's count", [("sent", sent), ("put off", put_off), ("most a second", f"{most:.0f}")])


EXPORTER = "127.0.0.1:9618"


def page():
    with urllib.request.urlopen(f"http://{EXPORTER}/metrics", timeout=10) as reply:
        return reply.read().decode()


def turns(metrics):
    """Turns of control's loop: {longest, in seconds: how many so far}."""
    found = re.findall(r'^adit_control_turn_seconds_bucket\{le="([^"]+)"\} (\d+)', metrics, re.MULTILINE)
    return {bound: int(count) for bound, count in found}


def scrape(options):
    count, scrapes = 10000 // options.scale, 20
    server = Server()
    path = TOP / os.environ["ADIT_BUILD"] / "app" / "adit-exporter" / "adit-exporter"
    exporter = subprocess.Popen([path, "--socket", RUN_DIR / "adit-read.sock", "--listen", EXPORTER])
    try:
        held = threading.Thread(target=blast, args=(options.out, "scrape", server, "hold", "--calls", count, "--for", "60s", "--up",
                                                    "1kpps", "--down", "1kpps"), kwargs={"ports": CORE})
        held.start()
        wait_for_calls(count, held)
        time.sleep(2)
        before = turns(page())
        for _ in range(scrapes):
            time.sleep(1.1)  # a reply is a second old at most, so each of these asks aditd
            metrics = page()
        after = turns(metrics)
        memory = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{exporter.pid}/status").read_text()).group(1)
        held.join()
    finally:
        exporter.terminate()
        exporter.wait()
    new = {bound: after[bound] - before[bound] for bound in after}
    longest = next(bound for bound in new if new[bound] == new["+Inf"])
    table(f"{scrapes} scrapes while {count} calls with traffic are up", [
        ("octets of /metrics", len(metrics)), ("families", metrics.count("# TYPE")),
        ("adit-exporter's memory at its most, MB", f"{int(memory) / 1024:.1f}"),
        ("turns of control meanwhile; of at most 1 ms; none longer than, s", f"{new['+Inf']}; {new['0.001']}; {longest}"),
    ])


# A second adit-blast's side: a cable of its own to the real clients' bridge, and clients that the server finds behind it.
SECOND_SIDE = ["--server", "192.0.2.1", "--access", "second", "--clients", "10.98.0.0/16"]
OWN_MEMORY = ["--", "--no-huge", "--no-shconf", "-m", "384"]  # hugepages are for the pair


def add_second_side():
    def ip(namespace, *words):
        subprocess.run(["ip", "-n", namespace, *words], check=True)
    ip("adit-blast", "link", "add", "second", "type", "veth", "peer", "name", "second0", "netns", "adit-clients")
    for namespace, name in (("adit-blast", "second"), ("adit-clients", "second0")):
        # As scripts/lab does: AF_XDP sees frames before offloads.
        subprocess.run(["ip", "netns", "exec", namespace, "ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off",
                        "gro", "off"], check=True, stdout=subprocess.DEVNULL)
        ip(namespace, "link", "set", name, "up")
    ip("adit-clients", "link", "set", "second0", "master", "br0")
    ip("adit-blast", "addr", "add", "192.0.2.4/24", "dev", "second")
    ip("adit-server", "route", "add", "10.98.0.0/16", "via", "192.0.2.4")


EAP_TLS = """
[eap]
methods = ["tls"]
certificate = "{0}/server.pem"
private-key = "{0}/server.key"
ca = "{0}/ca.pem"
tls-max-version = "{1}"
"""


def metrics():
    return {family["name"]: family["samples"] for family in adit("show", "metrics")["families"]}


def turns_between(before, after):
    """(how many turns of control's loop, the least bound of the histogram that none was beyond, those beyond a millisecond)"""
    before, after = (each["adit_control_turn_seconds"][0] for each in (before, after))
    count = after["count"] - before["count"]
    within = {bound: now - had for (bound, now), (_, had) in zip(after["buckets"], before["buckets"])}
    longest = next((bound for bound in sorted(within) if within[bound] == count), "more than all")
    return count, longest, count - within[0.001]


def by_label(samples, label):
    return {sample["labels"][label]: sample["value"] for sample in samples}


def eap_logins(options):
    count, seconds, rate = 5000 // options.scale, 30 // min(options.scale, 3), 200
    rows = [("TLS", "wanted/s", "up/s", "failed", "eap_busy", "p50 ms", "p99 ms", "lost up", "lost down", "of packets",
             "calls lost", "turns", "longest, s", "> 1 ms", "background busy")]
    lab("up", "--bare")
    add_second_side()
    made = Certificates(RUN_DIR / "certificates")
    shutil.chown(made.file("key", "server"), "root", "adit")
    made.file("key", "server").chmod(0o640)
    for version in ("1.2", "1.3"):
        config = memif_config()
        config.write_text(config.read_text().replace('methods = ["mschap-v2"]', 'methods = ["mschap-v2", "eap"]') +
                          EAP_TLS.format(made.directory, version))
        server = Server(config)
        held = {}

        def hold_calls():
            held.update(blast(options.out, f"eap-logins-{version}-held", server, "hold", "--calls", count, "--for",
                              f"{seconds + 25}s", "--up", "2kpps", "--down", "2kpps", "--size", "imix",
                              ports=[*CORE, *memif_ports()]))
        holder = threading.Thread(target=hold_calls)
        holder.start()
        wait_for_calls(count, holder)
        time.sleep(3)
        before, began = metrics(), time.monotonic()
        run = blast(options.out, f"eap-logins-{version}", server, "storm", "--calls", 1, "--callers", 8 * rate, "--dial-rate",
                    rate, "--concurrency", 2 * rate, "--for", f"{seconds}s", "--auth", "eap-tls", "--certificate",
                    made.file("cert", "client"), "--private-key", made.file("key", "client"), "--ca",
                    made.file("ca", "client"), "--mppe", "require", ports=SECOND_SIDE, eal=OWN_MEMORY)
        after, took = metrics(), time.monotonic() - began
        holder.join()
        dials, traffic = run["phases"][1]["set_up"], held["phases"][1]["traffic"]
        logins = {name: value - by_label(before["adit_certificate_logins"], "outcome").get(name, 0)
                  for name, value in by_label(after["adit_certificate_logins"], "outcome").items()}
        turned, longest, beyond = turns_between(before, after)
        busy = (after["adit_background_busy_seconds"][0]["value"] - before["adit_background_busy_seconds"][0]["value"])
        rows.append((version, rate, f"{dials['calls_per_second']:.0f}", sum(dials["failures"].values()), logins.get("busy", 0),
                     f"{dials['time']['p50_ms']:.1f}", f"{dials['time']['p99_ms']:.1f}", traffic["up"]["lost"],
                     traffic["down"]["lost"], traffic["up"]["sent"] + traffic["down"]["sent"],
                     sum(held["phases"][1]["lost_calls"].values()), turned, longest, beyond, f"{busy / took:.0%}"))
    table(f"Logins by certificate (EAP-TLS, RSA 2048, MPPE-128) for {seconds} s beside {count} calls with 4,000 packets a second",
          rows)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.replace("%", "%%"))
    parser.add_argument("what", choices=["calls", "hold", "churn", "scale", "storm", "scrape", "dual-stack", "eap-logins",
                                         "end-to-end"])
    parser.add_argument("--quick", dest="scale", action="store_const", const=10, default=1)
    parser.add_argument("--calls", type=int, default=131072, help="of scale")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "bench" / "results")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    # A terminated run cleans up like one that finished.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        {"calls": calls, "hold": hold, "churn": churn, "scale": scale, "storm": storm, "scrape": scrape,
         "dual-stack": dual_stack, "eap-logins": eap_logins, "end-to-end": end_to_end}[options.what](options)
    finally:
        lab("down")


if __name__ == "__main__":
    main()
