# SPDX-License-Identifier: Apache-2.0
"""Every MPPE policy of the server against every one of the client."""
from harness.case import case, expect
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.guest import GuestError
from harness.loss import loss
from harness.session import Mark, check_link, no_sessions

ALL = {"auth": {"methods": ["mschap-v2", "mschap-v1", "chap-md5", "pap"]}}
REQUIRE = {**ALL, "ppp": {"mppe": "require"}}
DENY = {**ALL, "ppp": {"mppe": "deny"}}
PREFER = {**ALL, "ppp": {"mppe": "prefer"}}
ALLOW = {**ALL, "ppp": {"mppe": "allow"}}
LENGTHS = [40, 56, 128]
SHORT = {**ALL, "ppp": {"mppe": "require", "mppe-key-lengths": LENGTHS}}
STATEFUL = {**ALL, "ppp": {"mppe": "require", "mppe-key-lengths": LENGTHS, "mppe-stateful": "prefer"}}
STATEFUL_ALLOWED = {**ALL, "ppp": {"mppe": "require", "mppe-stateful": "allow"}}


def up(world, client, auth="mschap-v2", mppe=True, mode="128", traffic=None):
    dial = Dial(world.alice, auth=[auth], mppe=client)
    link = dial.up()
    check_link(world.lab, dial, "alice", auth, mppe, mode)
    said = f", {traffic(world, link)}" if traffic else ""
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"up in {link.seconds_to_up:.1f} s, {'MPPE ' + mode if mppe else 'no MPPE'}{said}"


def refused(world, reasons, **dial_options):
    """The network phase was never reached; pppd's exit status is its own view, and depends on who gave up first."""
    mark = Mark(world.lab)
    dial = Dial(world.alice, **dial_options)
    status = dial.exit_status()
    expect("the client got an address", "local  IP address" in dial.log(), False)
    reason = mark.reason(*reasons)
    no_sessions(world.lab)
    return f"{reason}, pppd exit {status}"


@case(PREFER)
def prefer_with_v1(world):
    return up(world, "128", auth="mschap-v1")


@case(PREFER)
def prefer_with_v2(world):
    return up(world, "128")


@case(PREFER)
def refuses_40_bits(world):
    return refused(world, ["mppe_refused", "user_request", "peer_closed"], mppe="40")


@case(ALLOW)
def allow_with_v2(world):
    return up(world, "128")


@case(ALLOW)
def allow_with_client_without(world):
    return up(world, "none", mppe=False)


@case(REQUIRE)
def require_with_v1(world):
    return up(world, "128", auth="mschap-v1")


@case(REQUIRE)
def require_with_v2(world):
    return up(world, "128")


@case(REQUIRE)
def require_refuses_client_without(world):
    return refused(world, ["mppe_refused"], mppe="none")


@case(REQUIRE)
def require_refuses_method_without_keys(world):
    return refused(world, ["auth_refused", "mppe_refused"], auth=["pap"], mppe="none")


@case(DENY)
def deny_refuses_client_that_requires(world):
    return refused(world, ["user_request", "peer_closed", "mppe_refused"], mppe="128")


@case(DENY)
def deny_with_client_without(world):
    return up(world, "none", mppe=False)


# ---- short keys and stateful mode ----------------------------------------------------------------------------------

def both_ways(_, link):
    """Enough packets for some flag packets, one in every 256, up and down."""
    return f"{link.iperf(2):.0f} Mbit/s up, {link.iperf(2, down=True):.0f} down"


def outages(world, link):
    """The wire loses all packets of one direction: a few, and more than 256 (a flag packet). Then the next ones pass."""
    for direction in ("up", "down"):
        for lost in (3, 300):
            with loss(world.alice, **{direction: 100}):
                expect("pings through a dead wire", link.ping(lengths=(84,), count=lost, wait=0.01), {84: f"0/{lost}"})
            link.ping(lengths=(84,), count=2, wait=1)  # they detect the loss, and a reset is requested
            expect(f"pings after {lost} lost {direction}", link.ping(count=10), {84: "10/10", 1028: "10/10"})
    return "up and down, 3 and 300 lost packets recovered"


def lossy_uplink(world, link):
    """Resets are lost too, and the key changes that went with them; whatever gets through recovers all the same."""
    with loss(world.alice, up=5):
        passed = int(link.ping(lengths=(84,), count=600, wait=0.05)[84].split("/")[0])
    link.ping(lengths=(84,), count=2, wait=1)  # as in outages(): detects that the last one was lost
    expect("pings after it", link.ping(count=10), {84: "10/10", 1028: "10/10"})
    expect(f"more than a third of the pings passed ({passed} of 600)", passed > 200, True)
    return f"{passed} of 600 pings at 5 % loss"


@case(SHORT)
def short_keys(world):
    return up(world, "40", mode="40", traffic=both_ways)


@case(SHORT)
def strongest_common_key(world):
    return up(world, "40 or 128", mode="128")


@case(SHORT)
def short_keys_not_with_v1(world):
    return up(world, "128", auth="mschap-v1")


@case(STATEFUL)
def stateful(world):
    return up(world, "128-stateful", mode="128-stateful", traffic=both_ways)


@case(STATEFUL)
def stateful_with_short_keys(world):
    return up(world, "40-stateful", mode="40-stateful", traffic=both_ways)


@case(STATEFUL)
def stateful_after_outages(world):
    return up(world, "128-stateful", mode="128-stateful", traffic=outages)


@case(STATEFUL)
def stateful_with_a_lossy_uplink(world):
    return up(world, "128-stateful", mode="128-stateful", traffic=lossy_uplink)


@case(STATEFUL)
def stateful_with_a_lossy_downlink(world):
    """Linux cannot recover from the loss of a flushed packet that it requested. Then the call ends, and none stays dead."""
    mark = Mark(world.lab)
    dial = Dial(world.alice, mppe="128-stateful")
    link = dial.up()
    check_link(world.lab, dial, "alice", "mschap-v2", True, "128-stateful")
    with loss(world.alice, down=10):
        for _ in range(20):
            if not dial.job.running:
                break
            try:
                link.ping(lengths=(84,), count=60, wait=0.05)
            except GuestError:  # the interface is gone
                break
    try:
        answered = int(link.ping(lengths=(84,), count=20, wait=0.5)[84].split("/")[0])
    except GuestError:  # the interface is gone before pppd is
        answered = 0
    if answered >= 15:
        dial.hang_up()
        return "recovered"
    dial.exit_status()
    no_sessions(world.lab)
    return f"ended: {mark.reason('mppe_desynchronised')}"


@case(STATEFUL_ALLOWED)
def stateful_allowed_prefers_stateless(world):
    return up(world, "128-stateful", mode="128")


@case(STATEFUL)
def stateful_preferred_loses_plain_pppd(world):
    """As the sample config says: pppd without mppe-stateful does not accept stateful mode."""
    return refused(world, ["user_request", "peer_closed", "mppe_refused"], mppe="128")
