# SPDX-License-Identifier: Apache-2.0
"""Packets through the tunnel: sizes up to the inner MTU and one above it, TCP both ways, two clients at once."""
from harness.case import case, expect
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.guest import GUEST_DIR
from harness.session import check_link, no_sessions

REQUIRE = {"ppp": {"mppe": "require"}}
PREFER = {"ppp": {"mppe": "prefer"}}
LEAST_MBITS = 1.0  # a working tunnel reaches twenty; one with wrong keys or without MSS clamping, none


def sizes(world, mppe):
    dial = Dial(world.alice, mppe=mppe)
    mtu = dial.up().mtu
    good = (28, 84, 576, 1000, 1280, mtu - 1, mtu)
    answers = {length: "3/3" for length in good} | {mtu + 1: f"too-big {mtu}"}
    expect("pings from the client", dial.link.ping(lengths=answers), [answers])
    lines = world.lab.in_core("python3", GUEST_DIR / "ping.py", dial.link.local, 3, *answers).splitlines()
    down = {int(length): result for length, result in (line.split(" ", 1) for line in lines)}
    # A router must report it here, and the first oversized ping may be lost before the report arrives.
    expect("pings from the core", down, [answers])
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"28 to {mtu} octets pass, {mtu + 1} is told too big, both ways"


@case(REQUIRE)
def sizes_with_mppe(world):
    return sizes(world, "128")


@case(PREFER)
def sizes_without_mppe(world):
    return sizes(world, "none")


@case(REQUIRE)
def tcp_both_ways(world):
    dial = Dial(world.alice, mppe="128")
    dial.up()
    up, down = dial.link.iperf(), dial.link.iperf(down=True)
    expect("TCP passes both ways", min(up, down) > LEAST_MBITS, True)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"{up:.1f} Mbit/s up, {down:.1f} down"


@case(REQUIRE)
def two_clients_at_once(world):
    guests = world.boot("alice", "bob")
    passwords = {"alice": "secret", "bob": "hunter2"}
    dials = {guest.name: Dial(guest, guest.name, passwords[guest.name], mppe="128") for guest in guests}
    for dial in dials.values():
        dial.up()
    for user, dial in dials.items():
        check_link(world.lab, dial, user, "mschap-v2", mppe=True)
    addresses = {dial.link.local for dial in dials.values()}
    expect("different addresses", len(addresses), 2)
    # Both at the same time, so that confused keys or sequence numbers would show.
    jobs = [guest.start("python3 /mnt/guest/ping.py 198.51.100.2 100 1000", "pings") for guest in guests]
    for job in jobs:
        expect("pings", (job.wait(60), job.output().strip()), [(0, "1000 100/100")])
    for dial in dials.values():
        expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"100 of 100 pings each, {' and '.join(sorted(addresses))}"
