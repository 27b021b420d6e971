# SPDX-License-Identifier: Apache-2.0
"""Devices that DPDK owns, and VLANs. There is no NIC here: net_af_packet on a veth stands in for one, and the veth's kernel
end is cut off, so that the kernel reaches the network only through our TAP interfaces."""
import contextlib
import json
import shutil
import tomllib

from cases import blast
from harness import toml
from harness.blast import Outcome
from harness.build import GUEST_BUILD
from harness.case import Unmet, case, expect, until
from harness.dial import Dial
from harness.guest import Guest, GuestError
from harness.lab import BASE_CONFIG, SERVER, merged
from harness.session import no_sessions

# Many more per second than are passed to the kernel.
FLOOD = """
import socket, time
end, udp = time.monotonic() + 4, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while time.monotonic() < end:
    for _ in range(40):
        udp.sendto(bytes(16), ("198.51.100.1", 9))
    time.sleep(0.001)
"""
MEMIF = "net_memif{number},role={role},id={number},rsize=11,socket-abstract=no,socket=/run/adit-lab/memif-{number}.sock"


def nic(number, interface, role, **more):
    device = f"net_af_packet{number},iface={interface},qdisc_bypass=1"
    return {"driver": "dpdk", "device": device, "role": role, **more}


@contextlib.contextmanager
def blind(world, *interfaces):
    """The kernel neither answers on these interfaces nor has an address there."""
    server = world.lab.in_server
    for name, address in interfaces:
        server("ip", "addr", "del", address, "dev", name)
        # A bridge that is down drops what its ports receive, after the packet sockets have seen it.
        server("ip", "link", "add", f"{name}-off", "type", "bridge")
        server("ip", "link", "set", name, "master", f"{name}-off")
    try:
        yield
    finally:
        world.lab.stop()
        for name, address in interfaces:
            server("ip", "link", "del", f"{name}-off")
            server("ip", "addr", "add", address, "dev", name)


def ports(world):
    return {port["port"]: port for port in world.lab.adit("show", "ports")["ports"]}


@case({})
def a_real_client_through_devices_of_dpdks(world):
    config = {"port": [nic(0, "access0", "access", name="wan"), nic(1, "core0", "core", name="lan")],
              "ppp": {"mppe": "require"}}
    with blind(world, ("access0", f"{SERVER}/24"), ("core0", "198.51.100.1/24")):
        world.lab.serve(config)
        world.lab.in_server("ip", "addr", "add", f"{SERVER}/24", "dev", "wan")
        world.lab.in_server("ip", "addr", "add", "198.51.100.1/24", "dev", "lan")
        world.lab.in_core("ip", "neigh", "flush", "all")
        world.lab.in_core("busybox", "ping", "-q", "-c", "3", "-W", "2", "198.51.100.1")  # the kernel's ARP and ICMP
        dial = Dial(world.alice, mppe="128")
        dial.up()
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        mbits = dial.link.iperf(seconds=2)
        world.lab.in_core("python3", "-c", f"import os\nif os.fork() == 0:\n os.setsid()\n exec({FLOOD!r})")
        expect("pings during a flood of what is the kernel's", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        until("the flood is cut to the rate", lambda: ports(world)["lan"]["punts_refused"] > 1000)
        found = ports(world)
        expect("the client's side felt nothing of it", found["wan"]["punts_refused"], 0)
        dial.hang_up()
        no_sessions(world.lab)
    return (f"{mbits:.0f} Mbit/s of TCP; to the kernel {found['wan']['punted']} frames by wan, {found['lan']['punted']} by lan, "
            f"{found['lan']['punts_refused']} of a flood refused")


# A separate machine whose kernel has VLANs and VRFs: aditd in one namespace, adit-blast in another, a wire
# between them.
WIRE = """
mkdir -p /dev/net; [ -c /dev/net/tun ] || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun  # as udev does
for ns in srv cli; do ip netns add $ns; ip -n $ns link set lo up; done
ip -n srv link add nic0 type veth peer name wire0 netns cli
for end in "srv nic0" "cli wire0"; do
  set -- $end
  ip -n $1 link set $2 addrgenmode none
  ip netns exec $1 ethtool -K $2 tx off tso off gso off gro off rxvlan off txvlan off tx-vlan-stag-hw-insert off >/dev/null
  ip -n $1 link set $2 up
done
echo 'blast * blast *' >/run/chap-secrets; chmod 600 /run/chap-secrets
"""
DIAL = """
ip -n cli route add 10.64.0.0/16 via 198.21.0.1
ip netns exec srv busybox ping -q -c 1 -W 5 -I 198.21.0.1 198.21.0.2
(while sleep 1; do ip -n srv route show table 20 proto 77 >/tmp/now; [ -s /tmp/now ] && cp /tmp/now /mnt/job/announced; done) &
export ADIT_SOCKET=/run/adit.sock
ip netns exec cli /mnt/job/adit-blast run /mnt/job/blast.toml -- --no-huge --no-shconf -m 256 --no-telemetry
status=$?
/mnt/job/adit show ports --json >/mnt/job/ports.json
/mnt/job/adit show drops --json >/mnt/job/drops.json
ip -n srv -d link show >/mnt/job/links
kill -TERM $aditd; wait $aditd || status=9
ip -n srv link show v100 && ip -n srv link show adit0 && status=8  # ours, and gone with us
exit $status
"""


class Machine:
    def __init__(self, world, name):
        self.guest = Guest(world.lab.bridge, name, "192.0.2.13", world.lab.work_dir, memory="1200M",
                           modules=("veth", "8021q", "tun", "vrf"))
        self.job = self.guest.job_dir
        for program in ("aditd", "adit", "adit-blast"):  # not visible in the guest if they are in /tmp
            shutil.copy(GUEST_BUILD / "app" / program / program, self.job)

    def __enter__(self):
        self.guest.wait_ready()
        return self

    def __exit__(self, *_):
        self.guest.close()

    def carry_calls(self, config, wire, addresses, access, core):
        """Blast's calls from `access` to `core`, interfaces that `wire` made in cli; `addresses` configures aditd's, once it runs."""
        config = merged(tomllib.loads(BASE_CONFIG.read_text()), {
            "dpdk": {"hugepages": "never"}, "pptp": {"bind": ["198.20.0.1"]}, "ppp": {"mppe": "require"},
            "cli": {"socket": "/run/adit.sock"}, "chap-secrets": {"chap-secrets": "/run/chap-secrets"},
            "log": {"level": "info"}, "common": {"max-sessions": 500}, **config})
        (self.job / "adit.toml").write_text(toml.dumps(config))
        settings = {**blast.TO_ADITD, "server": "198.20.0.1", "access": access, "core": core, "core-address": "198.21.0.2",
                    "access-driver": "af_packet", "core-driver": "af_packet", "quiet": True, "json": "/mnt/job/blast.json",
                    "phase": [blast.set_up(20), {"kind": "traffic", "for": "3s", "up": "100pps", "down": "100pps", "size": "imix"}]}
        (self.job / "blast.toml").write_text(toml.dumps(settings))
        serve = "ip netns exec srv /mnt/job/aditd --config /mnt/job/adit.toml >/mnt/job/aditd.log 2>&1 & aditd=$!\n" \
                "for n in $(seq 400); do [ -S /run/adit.sock ] && break; sleep 0.2; done\n"
        (self.job / "job.sh").write_text("set -u\n" + WIRE + wire + serve + addresses + DIAL)
        try:
            self.guest.run("/bin/bash /mnt/job/job.sh", "calls", seconds=240)
        except GuestError as error:
            raise Unmet(f"{error}\n{(self.job / 'aditd.log').read_text()[-2000:]}") from None
        outcome = Outcome(0, "", json.loads((self.job / "blast.json").read_text()))
        arrived = blast.everything_arrived(outcome, "traffic", 20)
        rows = {port["port"]: port for port in json.loads((self.job / "ports.json").read_text())["ports"]}
        return arrived, rows, (self.job / "links").read_text()


CLIENT_VLANS = """
ip -n cli link add link wire0 name v100 type vlan id 100
ip -n cli link add link wire0 name v300 type vlan protocol 802.1ad id 300
ip -n cli link add link v300 name v300.7 type vlan id 7
ip -n cli addr add 198.20.0.2/24 dev v100; ip -n cli addr add 198.21.0.2/24 dev v300.7
for link in v100 v300 v300.7; do ip -n cli link set $link up; done
"""
SERVER_ADDRESSES = """
ip -n srv addr add 198.20.0.1/24 dev v100; ip -n srv addr add 198.21.0.1/24 dev {core}
ip -n srv route add 10.99.0.0/16 via 198.20.0.2
"""


@case({})
def vlan_and_qinq_of_one_device_of_dpdks(world):
    config = {"port": [nic(0, "nic0", "access", name="v100", vlan="100"), nic(0, "nic0", "core", name="inner", vlan="300.7")]}
    with Machine(world, "vlan-dpdk") as machine:
        arrived, rows, links = machine.carry_calls(config, CLIENT_VLANS, SERVER_ADDRESSES.format(core="inner"), "v100", "v300.7")
    expect("VLANs", {name: port["vlan"] for name, port in rows.items()}, {"v100": "100", "inner": "300.7"})
    expect("the kernel's VLANs", ["802.1ad id 300" in links, "802.1Q id 7" in links, "802.1Q id 100" in links], [[True] * 3])
    expect("ARP and TCP went by the TAP", rows["v100"]["punted"] > 50, True)
    return f"on a stick, 100 and 300.7: {arrived}"


# Both have their own default route, and the same network behind it.
VRFS = """
ip -n srv link add red type vrf table 10; ip -n srv link add blue type vrf table 20
ip -n srv link set red up; ip -n srv link set blue up
ip -n srv link set v100 master red; ip -n srv link set v300.7 master blue
ip -n srv route add default via 198.20.0.2 table 10
ip -n srv route add default via 198.21.0.2 table 20
"""


@case({})
def vlan_interfaces_of_the_kernels_in_vrfs(world):
    config = {"port": [{"interface": "v100", "role": "access", "driver": "af_packet"},
                       {"interface": "v300.7", "role": "core", "driver": "af_packet"}], "routes": {"announce": "subscribers"}}
    ours = CLIENT_VLANS.replace("cli", "srv").replace("wire0", "nic0").replace(".0.2/24", ".0.1/24")
    with Machine(world, "vlan-kernel") as machine:
        arrived, rows, _ = machine.carry_calls(config, CLIENT_VLANS + ours + VRFS, "", "v100", "v300.7")
        announced = (machine.job / "announced").read_text()
    expect("VLANs", {name: port["vlan"] for name, port in rows.items()}, {"v100": "100", "v300.7": "300.7"})
    expect("subscribers announced in the core's VRF", announced.count("blackhole 10.64."), 20)
    return f"on a stick, 100 and 300.7: {arrived}"


def memif(number, interface, role):
    """Its peer's driver does not reconnect by itself, so the path tests cover what a restart does to traffic."""
    return {"driver": "dpdk", "device": MEMIF.format(number=number, role="server"), "interface": interface, "role": role}


@case({**blast.CONFIG, "port": [memif(0, "access1", "access"), memif(1, "core1", "core")], "pptp": {"bind": ["198.18.0.1"]}})
def a_port_restarts_and_calls_stay(world):
    state = {"turn": 0}

    def while_it_runs():
        state["turn"] += 1
        if state["turn"] in (15, 24):  # a third of a second each, after the calls are up
            world.lab.adit("port", "restart", "access1" if state["turn"] == 15 else "core1")

    clients = {f"{side}-{key}": value for number, side in enumerate(("access", "core"))
               for key, value in (("driver", "dpdk"), ("device", MEMIF.format(number=number, role="client")))}
    outcome = blast.run(world, "restart", [blast.set_up(50), {"kind": "traffic", "for": "12s", **blast.TRAFFIC}],
                        while_it_runs=while_it_runs, **clients)
    found, counted = outcome.phase("traffic")["traffic"], ports(world)
    expect("no call ended", outcome.phase("traffic")["lost_calls"], [{}])
    expect("restarts", {name: port["restarts"] for name, port in counted.items()}, {"access1": 1, "core1": 1})
    lost = {name: port["flaps"] for name, port in counted.items()}
    no_sessions(world.lab)
    return f"both ports restarted, no call ended; {found['up']['received']} packets before; links seen to go: {lost}"
