# SPDX-License-Identifier: Apache-2.0
"""A RADIUS server that is silent, slow, flapping, impersonated, or behind a path that loses a third of all packets: nothing
hangs, calls that are up are not affected, and a server that comes back is used again without a restart."""
import os
import time

from cases import blast
from harness.build import without_sanitizers
from harness.case import case, expect, until
from harness.dial import Dial, DialError
from harness.lab import CORE
from harness.radius import SECRET, config, freeradius
from harness.relay import relay
from harness.session import no_sessions

USERS = """
DEFAULT Cleartext-Password := "blast"
"""
PORTS = ((18120, 1812), (18130, 1813))


def by_the_relay(**more):
    settings = config(**more)
    settings["radius-server"][0] |= {"auth-port": PORTS[0][0], "acct-port": PORTS[1][0]}
    settings["auth"]["methods"] = ["mschap-v2"]
    return {**blast.CONFIG, **settings}


def server_of(world):
    return world.lab.adit("show", "radius")["servers"][0]


def nothing_is_left(world):
    def idle():
        found = world.lab.adit("show", "radius")
        return found["servers"][0]["in_flight"] == 0 and found["accounting"]["in_flight"] == 0 and found["accounting"]["spool_used"] == 0
    until("nothing is in flight, and no Stop waits", idle, 60)


def login(world, user="bob"):
    """For the other guest: seconds to its link, or None if it was refused."""
    dial = Dial(world.bob, user=user, password="blast")
    try:
        took = dial.up(30).seconds_to_up
    except DialError:
        return None
    dial.hang_up()
    return took


@case(by_the_relay())
def silent_slow_flapping_and_forging(world):
    said = []
    with freeradius(world.lab, USERS), relay(world.lab, CORE, *PORTS) as way:
        up = Dial(world.alice, user="alice", password="blast")
        link = up.up()
        pid = world.lab.pid()

        def goes_on(weather, lets_in):
            way.weather(weather)
            before = server_of(world)
            took = login(world)
            after = server_of(world)
            expect(f"{weather.split()[0]}: a login comes up", took is not None, lets_in)
            expect(f"{weather.split()[0]}: the call that is up carries", link.ping(), {84: "3/3", 1028: "3/3"})
            return took, after["refused"] - before["refused"]

        goes_on("loss 100", False)
        said.append("silent: refused in time")
        way.fair()
        until("it is found alive", lambda: server_of(world)["alive"], 15)
        took, _ = goes_on("delay 0.8", True)
        said.append(f"slow by 0.8 s: in after {took:.1f} s")
        for weather in ("random", f"layout {SECRET}"):
            _, refused = goes_on(weather, False)
            expect(f"{weather.split()[0]}: forged acceptances are refused", refused > 0, True)
            said.append(f"{weather.split()[0]} forgeries: {refused} refused")
            goes_on("loss 0", True)  # Status-Server is believed once; then a login's answer counts
            until("it is found alive", lambda: server_of(world)["alive"], 15)
        for turn in range(6):  # a second each
            way.weather("loss 100" if turn % 2 == 0 else "loss 0")
            time.sleep(1)
        until("it is found alive", lambda: server_of(world)["alive"], 15)
        expect("a login afterwards", login(world) is not None, True)
        expect("aditd's pid", world.lab.pid(), pid)
        expect("pings", link.ping(), {84: "3/3", 1028: "3/3"})
        up.hang_up()
        no_sessions(world.lab)
        nothing_is_left(world)
    return "; ".join(said)


def descriptors(world):
    return len(os.listdir(f"/proc/{world.lab.pid()}/fd"))


def unexplained_kib(world):
    """Resident memory without what is kept on purpose until newer ones push it out: 40 MiB of events, 6,144 ended calls."""
    kept = sum(table["bytes"] for table in world.lab.adit("show", "stat")["memory"] if table["table"] in ("events", "ended calls"))
    with open(f"/proc/{world.lab.pid()}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return resident - kept // 1024


# Half of the round trips fail; twenty in a row do once in a million.
PATIENT = by_the_relay(**{"max-try": 20, "max-fail": 1000, "timeout": "200ms", "acct-interim-interval": "1s"})


@case(PATIENT)
def a_third_of_everything_is_lost(world):
    rounds, calls = 5, 150
    with without_sanitizers():  # they hold back freed memory, and add to each allocation
        world.lab.serve(PATIENT, restart=True)
    with freeradius(world.lab, USERS), relay(world.lab, CORE, *PORTS) as way:
        nothing_is_left(world)  # of the Accounting-On, which may have been given up before the server had started
        given_up = server_of(world)["timeouts"]
        way.weather("loss 30")
        before = {}
        for turn in range(rounds):
            outcome = blast.run(world, f"lossy-{turn}", [blast.set_up(calls), {"kind": "hold", "for": "2s"}])
            expect("calls up", outcome.phase("set-up")["set_up"]["up"], calls)
            no_sessions(world.lab)
            nothing_is_left(world)
            if turn == 1:  # everything that is allocated only once has been allocated
                time.sleep(1)  # until aditd has closed the operator's connection that asked last
                before = {"descriptors": descriptors(world), "unexplained": unexplained_kib(world)}
        found = server_of(world)
        until("descriptors as after the second round", lambda: descriptors(world) == before["descriptors"])
        grown = unexplained_kib(world) - before["unexplained"]
        expect(f"unexplained memory grew by {grown} KiB, less than 1 MiB", grown < 1024, True)
        expect("much was repeated, nothing given up", (found["repeated"] > rounds * calls / 4, found["timeouts"]), [(True, given_up)])
    return f"{rounds} times {calls} logins and their accounting: {found['sent']} requests, {found['repeated']} repeats, {grown} KiB more"
