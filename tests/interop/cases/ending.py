# SPDX-License-Identifier: Apache-2.0
"""Every way in which a call ends: by the client, by the operator, by a power cut, and with aditd."""
import time

from harness.case import case, expect, until
from harness.dial import EXIT_HANGUP, EXIT_USER_REQUEST, Dial
from harness.session import Mark, no_sessions, session_of, sessions

QUARANTINE_SECONDS = 5
DEFAULT = {}
# With one address, the next dial has to wait until it is free again.
SHORT = {
    "ppp": {"lcp-echo-interval": "1s", "lcp-echo-failure": 2},
    "pptp": {"echo-interval": "20s", "echo-timeout": "20s"},
    "ip": {"quarantine": f"{QUARANTINE_SECONDS}s"},
    "ip-pool": [{"name": "default", "ranges": ["10.64.0.2-10.64.0.2"]}],
}
TOLD_SECONDS = 15  # to learn of an end from a message; from echoes, at the intervals of DEFAULT, it takes 60


@case(DEFAULT)
def client_hangs_up(world):
    mark = Mark(world.lab)
    dial = Dial(world.alice)
    dial.up()
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    reason = mark.reason("user_request")
    no_sessions(world.lab)
    return reason


@case(DEFAULT)
def client_vanishes(world):
    """pptp is killed: its TCP connection closes without any message."""
    mark = Mark(world.lab)
    dial = Dial(world.alice)
    dial.up()
    # Stopped first: its call manager would take the death of the other half for a hang-up, and send messages.
    world.alice.run("/bin/busybox killall -STOP pptp; /bin/busybox killall -9 pptp", "kill")
    reason = mark.reason("peer_closed")
    no_sessions(world.lab)
    return reason


def terminate(world, *selector_of_session):
    """`adit terminate` with a selector; the client is notified."""
    mark = Mark(world.lab)
    dial = Dial(world.alice)
    dial.up()
    session = session_of(world.lab, "alice")
    words = [word.format(**session) for word in selector_of_session]
    world.lab.adit("terminate", *words)
    status = dial.exit_status(TOLD_SECONDS)
    expect("pppd's exit status", status, EXIT_HANGUP)
    reason = mark.reason("admin_reset")
    no_sessions(world.lab)
    return f"{reason}, pppd exit {status}"


@case(DEFAULT)
def terminate_username_soft(world):
    return terminate(world, "username", "alice", "soft")


@case(DEFAULT)
def terminate_sid_hard(world):
    return terminate(world, "sid", "{sid}", "hard")


@case(DEFAULT)
def terminate_ip(world):
    return terminate(world, "ip", "{ip}")


@case(DEFAULT)
def terminate_all(world):
    return terminate(world, "all")


@case(SHORT)
def guest_is_killed(world):
    """A power cut: LCP's echoes notice it; the address is quarantined, and assigned again afterwards."""
    mark = Mark(world.lab)
    dial = Dial(world.bob, "bob", "hunter2")
    address = dial.up().local
    world.kill(world.bob)
    started = time.monotonic()
    reason = mark.reason("lost_carrier", seconds=20)
    noticed = time.monotonic() - started
    no_sessions(world.lab)
    until("the address rests", lambda: pool(world.lab)["quarantined"] == 1)
    rested = time.monotonic()
    expect("addresses available meanwhile", pool(world.lab)["available"], 0)
    until("the address is available again", lambda: pool(world.lab)["available"] == 1, QUARANTINE_SECONDS + 5)
    rested = time.monotonic() - rested
    again = Dial(world.alice)
    expect("the address after its quarantine", again.up().local, address)
    again.hang_up()
    return f"{reason} after {noticed:.1f} s; {address} rested {rested:.1f} s more, then was given again"


def pool(lab):
    return lab.adit("show", "pools")["pools"][0]


@case(DEFAULT)
def aditd_stops_and_starts(world):
    """SIGTERM: every client is notified at once, aditd exits with 0; after a restart it accepts the same client at once."""
    dial = Dial(world.alice)
    dial.up()
    mark = Mark(world.lab)
    expect("sessions before", len(sessions(world.lab)), 1)
    started = time.monotonic()
    expect("aditd's exit code", world.lab.stop(), 0)
    took = time.monotonic() - started
    mark.reason("shutdown")
    expect("pppd's exit status", dial.exit_status(TOLD_SECONDS), EXIT_HANGUP)
    world.lab.serve(DEFAULT)
    again = Dial(world.alice)
    link = again.up()
    expect("pppd's exit status", again.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"drained in {took:.1f} s, exit 0; dialled again in {link.seconds_to_up:.1f} s"
