# SPDX-License-Identifier: Apache-2.0
"""Routing: a real BIRD announces subscribers as they come and go, and the kernel's routes are mirrored, however many."""
import contextlib
import time

from cases import blast
from harness.case import case, expect, until
from harness.dial import Dial
from harness.lab import run
from harness.session import no_sessions

ANNOUNCE = {"routes": {"announce": "subscribers"}, "ppp": {"mppe": "require"}}
MANY = 100_000
NETWORK, NETWORK_HOST = "10.200.7.0/24", "10.200.7.9"

BIRD = """
log "{work}/{name}.log" all;
router id {address};
protocol device {{ scan time 1; }}
protocol kernel {{ learn; scan time 1; ipv4 {{ import {imports}; export {exports}; }}; }}
protocol bgp {{ local {address} as {own}; neighbor {peer} as {other}; connect retry time 1; connect delay time 1;
  ipv4 {{ import all; next hop self; export where net ~ [ 10.64.0.0/16+, 10.200.0.0/16+ ]; }}; }}
"""


@contextlib.contextmanager
def bird(world, namespace, name, **words):
    """A BIRD in a namespace of the lab, ended by its pid."""
    work = world.lab.work_dir
    config, control, pid = work / f"{name}.conf", work / f"{name}.ctl", work / f"{name}.pid"
    config.write_text(BIRD.format(work=work, name=name, **words))
    run(*world.lab.command(namespace, "bird", "-c", config, "-s", control, "-P", pid))
    try:
        yield lambda *query: run(*world.lab.command(namespace, "birdc", "-s", control, *query))
    finally:
        run(*world.lab.command(namespace, "birdc", "-s", control, "down"))


def learned(world, address):
    return f"{address} via 198.51.100.1" in world.lab.in_core("ip", "route", "show", "proto", "bird")


@case(ANNOUNCE)
def bird_announces_and_withdraws(world):
    with (bird(world, "adit-server", "bird-server", address="198.51.100.1", peer="198.51.100.2", own=64501, other=64502,
               imports="where krt_source = 77", exports="none"),
          bird(world, "adit-core", "bird-core", address="198.51.100.2", peer="198.51.100.1", own=64502, other=64501,
               imports="none", exports="all")):
        dial = Dial(world.alice, mppe="128")
        address = dial.up().local
        began = time.monotonic()
        until("the core's kernel has the subscriber's route", lambda: learned(world, address), 20)
        there = time.monotonic() - began
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        # The network behind her (chap-secrets) is announced too; its hosts can be reached and can send.
        until("the core's kernel has the network", lambda: learned(world, NETWORK), 20)
        world.alice.run(f"/usr/sbin/ip addr add {NETWORK_HOST}/32 dev lo", "host")
        world.lab.in_core("busybox", "ping", "-q", "-c", "3", "-i", "0.2", "-W", "2", NETWORK_HOST)
        world.alice.run(f"busybox ping -q -c 3 -i 0.2 -W 2 -I {NETWORK_HOST} 198.51.100.2", "speak")
        dial.hang_up()
        began = time.monotonic()
        until("and loses it", lambda: not learned(world, address), 20)
        gone = time.monotonic() - began
        expect("no route of ours is left", world.lab.in_server("ip", "route", "show", "proto", "77"), "")
        no_sessions(world.lab)
    return f"{address}/32 in the core's kernel {there:.1f} s after IP came up, gone {gone:.1f} s after the hang-up"


def mirrored(world):
    tables = {each["table"]: each for each in world.lab.adit("show", "stat")["memory"]}
    return tables["routes"]


@case({**blast.CONFIG, "log": {"level": "info"}})
def a_hundred_thousand_routes_while_traffic_flows(world):
    before = mirrored(world)["used"]
    batch = world.lab.work_dir / "routes.batch"
    batch.write_text("".join(f"route add {20 + n // 65536}.{n // 256 % 256}.{n % 256}.0/24 via 198.51.100.2\n" for n in range(MANY)))
    took = {}

    def while_it_runs():
        if "begun" not in took:
            took["begun"] = time.monotonic()
            world.lab.in_server("ip", "-batch", batch)
            took["added"] = time.monotonic()
        elif "seen" not in took and mirrored(world)["used"] >= before + MANY:
            took["seen"] = time.monotonic()

    world.lab.in_server("busybox", "ping", "-q", "-c", "1", "-W", "2", "198.19.0.2")  # resolves its neighbour
    traffic = {"kind": "traffic", "for": "12s", **blast.TRAFFIC}
    outcome = blast.run(world, "many-routes", [blast.set_up(50), traffic], while_it_runs=while_it_runs)
    # A busy machine or sanitizers may take longer than the traffic lasts: building is limited to a tenth of
    # the time.
    until("all routes are mirrored", lambda: mirrored(world)["used"] >= before + MANY, 60)
    took.setdefault("seen", time.monotonic())
    found = mirrored(world)
    batch.write_text(batch.read_text().replace("route add", "route del"))
    world.lab.in_server("ip", "-batch", batch)
    expect("routes mirrored", found["used"] >= before + MANY, True)
    blast.everything_arrived(outcome, "traffic", 50)
    until(f"and gone again, {before} are left", lambda: mirrored(world)["used"] <= before, 20)
    no_sessions(world.lab)
    return (f"{found['used']} routes in {found['bytes'] / 1e6:.1f} MB, mirrored {took['seen'] - took['added']:.1f} s after "
            f"`ip -batch` was done with them ({took['added'] - took['begun']:.1f} s); not a packet of {50} calls was lost")


@case(blast.CONFIG)
def a_link_that_flaps_and_a_next_hop_that_moves(world):
    state = {"turn": 0}

    def while_it_runs():
        state["turn"] += 1
        if state["turn"] == 12:  # a third of a second each, after the calls are up
            world.lab.in_server("ip", "link", "set", "core1", "down")
            time.sleep(0.3)
            world.lab.in_server("ip", "link", "set", "core1", "up")
        if state["turn"] == 24:
            world.lab.in_server("ip", "route", "replace", "198.19.0.2/32", "via", "198.18.0.2")
            time.sleep(0.3)
            world.lab.in_server("ip", "route", "del", "198.19.0.2/32")

    drops = world.lab.adit("show", "drops")["drops"]
    traffic = {"kind": "traffic", "for": "15s", **blast.TRAFFIC}
    outcome = blast.run(world, "flap", [blast.set_up(50), traffic], while_it_runs=while_it_runs)
    found = outcome.phase("traffic")["traffic"]
    after = world.lab.adit("show", "drops")["drops"]
    counted = {name: after[name] - drops[name] for name in after if after[name] != drops[name]}
    expect("no call ended", outcome.phase("traffic")["lost_calls"], [{}])
    seconds = max(found[way]["lost"] for way in ("up", "down")) / 300
    expect("packets lost, in seconds of traffic", seconds < 5, True)
    expect("packets went on", found["up"]["received"] > 5 * 300, True)
    no_sessions(world.lab)
    return f"{found['up']['lost']} packets up and {found['down']['lost']} down lost ({seconds:.1f} s of them); aditd counted {counted}"
