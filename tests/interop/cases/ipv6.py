# SPDX-License-Identifier: Apache-2.0
"""IPv6 of a real Linux client: link-local address, a /64 and a default route by Router Advertisements, packets through
MPPE up to the MTU and one above it, an end of IPv6CP that leaves IPv4 alone."""
import re
import time

from harness.case import case, expect
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.guest import GUEST_DIR, modules_with_dependencies
from harness.session import no_sessions

CORE6 = "2001:db8:c0::2"
LIFETIME = 12  # seconds; what stands in the router lifetime
CONFIG = {
    "ppp": {"mppe": "require"},
    "ipv6": {"ra-interval": 4, "ra-lifetime": LIFETIME, "dns": ["2001:db8:c0::53"], "domain": ["example.net"]},
    "ipv6-pool": [
        {"name": "default", "use": "link", "prefix": "2001:db8:64::/48"},
        {"name": "default", "use": "delegate", "prefix": "2001:db8:d000::/36", "length": 56},
    ]}
LEAST_MBITS = 1.0  # as in traffic.py


def with_ipv6(guest):
    """The guest's kernel has IPv6 as a module, so that other cases do without; once loaded, it stays."""
    modules = " ".join(modules_with_dependencies(["crc-ccitt", "ipv6"]))
    guest.run(f"""[ -d /proc/sys/net/ipv6 ] || for module in {modules}; do /bin/busybox insmod $module; done
              for of in default all; do echo 2 >/proc/sys/net/ipv6/conf/$of/accept_ra; done
              echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra""", "ipv6")
    return guest


class Link6:
    """The client's end of a dial in IPv6."""

    def __init__(self, guest, interface):
        self.guest, self.interface = guest, interface
        self.local = self.remote = None

    def ip(self, *words):
        return self.guest.run(f"/sbin/ip -6 {' '.join(words)}", "ip6")

    def address(self, scope, seconds=20):
        """Waits for one of this scope."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := re.search(r"inet6 ([0-9a-f:]+)", self.ip(f"addr show dev {self.interface} scope {scope}")):
                return found[1]
            time.sleep(0.2)
        raise AssertionError(f"no IPv6 address of scope {scope} on {self.interface} within {seconds} s")

    def default_route(self):
        """(gateway, seconds that it lasts); none: ()."""
        found = re.search(r"default via (\S+) .*expires (\d+)sec", self.ip(f"route show dev {self.interface}"))
        return (found[1], int(found[2])) if found else ()

    def ping(self, address, lengths, count=3):
        words = " ".join(map(str, lengths))
        lines = self.guest.run(f"python3 /mnt/guest/ping.py {address} {count}@2 {words}", "ping6", 60).splitlines()
        return {int(length): result for length, result in (line.split(" ", 1) for line in lines)}


def dial_both(world, mppe="128"):
    dial = Dial(with_ipv6(world.alice), mppe=mppe, options=("+ipv6",))
    dial.up()
    return dial, Link6(dial.guest, dial.link.interface)


@case(CONFIG)
def a_default_route_that_stays(world):
    """IP6-03: its default route is there after the lifetime that the first advertisement gave it."""
    dial, link = dial_both(world)
    local = link.address("link")
    address = link.address("global")
    expect("the link's address", local.startswith("fe80:"), True)
    expect("its /64", address.startswith("2001:db8:64:"), True)
    gateway, lasts = link.default_route()
    expect("the gateway", gateway, "fe80::1")
    expect("lasts no longer than told", lasts <= LIFETIME, True)
    session, = world.lab.adit("show", "sessions", "username,prefix")["sessions"]
    expect("what aditd tells", session["prefix"], "2001:db8:64::/64")
    time.sleep(LIFETIME + 2)
    expect("the default route after its lifetime", link.default_route()[0], "fe80::1")
    expect("a ping to the gateway", link.ping(f"fe80::1%{link.interface}", [104]), {104: "3/3"})
    expect("and by the route", link.ping(CORE6, [104]), {104: "3/3"})
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"{local}, {address} of {session['prefix']}, by {gateway} for longer than {LIFETIME} s"


@case(CONFIG)
def sizes_and_tcp_with_mppe(world):
    """IP6-12, both ways."""
    dial, link = dial_both(world)
    address, mtu = link.address("global"), dial.link.mtu
    answers = {length: "3/3" for length in (48, 576, 1280, mtu - 1, mtu)} | {mtu + 1: f"too-big {mtu}"}
    expect("pings from the client", link.ping(CORE6, answers), answers)
    lines = world.lab.in_core("python3", GUEST_DIR / "ping.py", address, 3, *answers).splitlines()
    down = {int(length): result for length, result in (line.split(" ", 1) for line in lines)}
    # The first that is too large is lost, and told so; after that the kernel knows.
    expect("pings from the core", down, answers)
    mbits = []
    for way in ("", "-R"):
        end = link.guest.run(f"iperf3 -6 -c {CORE6} -J -t 2 {way}", "iperf6", 25)
        mbits.append(float(re.search(r'"sum_received":.*?"bits_per_second":\s*([0-9.e+]+)', end, re.S)[1]) / 1e6)
    expect("TCP passes both ways", min(mbits) > LEAST_MBITS, True)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"48 to {mtu} octets pass, {mtu + 1} is told too big, both ways; TCP {mbits[0]:.1f} up, {mbits[1]:.1f} down"


@case(CONFIG)
def by_ipv6_alone(world):
    """NCP-04: pppd's `noip`, which Protocol-Rejects IPCP, and then a client that has both."""
    dial = Dial(with_ipv6(world.alice), options=("noip", "+ipv6"))
    wait_for("IPv6CP", lambda: "remote LL address" in dial.log())
    link = Link6(dial.guest, re.search(r"Using interface (\S+)", dial.log())[1])
    address = link.address("global")
    expect("its /64", address.startswith("2001:db8:64:"), True)
    session, = world.lab.adit("show", "sessions", "username,state,ip,prefix")["sessions"]
    told = session["state"], session.get("ip") or None, session["prefix"]
    expect("what aditd tells", told, [("active", None, "2001:db8:64::/64")])
    expect("the log", 'why="peer does not speak IPCP"' in world.lab.log(), True)
    expect("pings by the route", link.ping(CORE6, [104, 1280]), {104: "3/3", 1280: "3/3"})
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    dial, link = dial_both(world)
    expect("its /64 again", link.address("global").startswith("2001:db8:64:"), True)
    expect("pings by IPv4", dial.link.ping(lengths=(84,)), {84: "3/3"})
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"{address} without IPv4; then both"


def network_behind(guest, name):
    """An interface that the client's network behind it is on."""
    modules = " ".join(modules_with_dependencies(["dummy"]))
    guest.run(f"""[ -d /sys/module/dummy ] || for module in {modules}; do /bin/busybox insmod $module numdummies=0; done
                  /sbin/ip link del {name} 2>/dev/null; /sbin/ip link add {name} type dummy && /sbin/ip link set {name} up""", "dummy")


def wait_for(what, found, seconds=45):
    """Polls until found() is true; returns it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds} s")


def heeded(guest, command, what, done):
    """dhcpcd 9.4 loses a signal now and then, and is told again, three times in all."""
    for last in (False, False, True):
        guest.run(command, what)
        try:
            wait_for(f"a {what}", done, 15)
            return
        except AssertionError:
            if last:
                raise


def delegated_to(world):
    """What aditd says that its one session has been delegated."""
    session, = world.lab.adit("show", "sessions", "username,delegated")["sessions"]
    return session.get("delegated") or None


def reach_behind(world, address):
    answer = world.lab.in_core("python3", GUEST_DIR / "ping.py", address, "3@2", 104).strip()
    expect("pings from the core to the network behind the client", answer, "104 3/3")


@case(CONFIG)
def wide_dhcpv6_has_a_prefix_delegated(world):
    """IP6-08 with KAME's client, which many routers have."""
    dial, link = dial_both(world)
    link.address("global")
    network_behind(world.alice, "lan0")
    (world.alice.job_dir / "dhcp6c.conf").write_text(f"""
        interface {link.interface} {{ send ia-pd 1; request domain-name-servers; }};
        id-assoc pd 1 {{ prefix-interface lan0 {{ sla-id 7; sla-len 8; }}; }};
    """)
    client = world.alice.start(f"mkdir -p /var/lib/dhcpv6; exec dhcp6c -f -D -c /mnt/job/dhcp6c.conf {link.interface}", "dhcp6c")
    address = wait_for("an address behind the client", lambda: behind(link, "lan0"))
    expect("in the delegated prefix", address.startswith("2001:db8:d000:7:"), True)
    expect("what aditd tells", delegated_to(world), "2001:db8:d000::/56")
    reach_behind(world, address)
    world.alice.run("/bin/busybox killall dhcp6c", "release")
    client.wait(20)
    wait_for("released", lambda: delegated_to(world) is None)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"{address} of a /56, reached, and released"


def behind(link, interface):
    found = re.search(r"inet6 (2[0-9a-f:]+)", link.ip(f"addr show dev {interface} scope global"))
    return found and found[1]


@case(CONFIG)
def dhcpcd_renews_rebinds_and_comes_back(world):
    """IP6-07 with a real client."""
    dial, link = dial_both(world)
    link.address("global")
    network_behind(world.alice, "lan0")
    (world.alice.job_dir / "dhcpcd.conf").write_text(f"""
duid
noipv6rs
noipv4
nohook resolv.conf, hostname
interface {link.interface}
  iaid 1
  ia_pd 1 lan0/3/64
""")
    dhcpcd = "dhcpcd -f /mnt/job/dhcpcd.conf"
    client = world.alice.start(f"mkdir -p /var/lib/dhcpcd /run/dhcpcd; exec {dhcpcd} -B -d {link.interface}", "dhcpcd")
    address = wait_for("an address behind the client", lambda: behind(link, "lan0"))
    reach_behind(world, address)
    for what, option in (("renew", "-N"), ("rebind", "-n")):
        before = dhcpv6_messages(world, what)
        heeded(world.alice, f"{dhcpcd} {option} {link.interface}", what, lambda: dhcpv6_messages(world, what) > before)
        reach_behind(world, address)
    # A user who comes back has the prefix that it had.
    # The signal of dhcpcd -k, which itself gives a busy guest ten seconds.
    heeded(world.alice, f"kill -ALRM $(cat $({dhcpcd} -P {link.interface}))", "release", lambda: delegated_to(world) is None)
    client.wait(20)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"{address}: renewed, rebound, released"


def dhcpv6_messages(world, kind):
    """Of that type that aditd has received."""
    families = {family["name"]: family for family in world.lab.adit("show", "metrics")["families"]}
    return next(sample["value"] for sample in families["adit_dhcpv6_messages"]["samples"] if sample["labels"]["type"] == kind)
