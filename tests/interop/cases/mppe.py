# SPDX-License-Identifier: Apache-2.0
"""MPPE as the server wants it against MPPE as the client wants it."""
from harness.case import case, expect
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.session import Mark, check_link, no_sessions

ALL = {"auth": {"methods": ["mschap-v2", "mschap-v1", "chap-md5", "pap"]}}
REQUIRE = {**ALL, "ppp": {"mppe": "require"}}
DENY = {**ALL, "ppp": {"mppe": "deny"}}
PREFER = {**ALL, "ppp": {"mppe": "prefer"}}
ALLOW = {**ALL, "ppp": {"mppe": "allow"}}


def up(world, client, auth="mschap-v2", mppe=True):
    dial = Dial(world.alice, auth=[auth], mppe=client)
    link = dial.up()
    check_link(world.lab, dial, "alice", auth, mppe)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return f"up in {link.seconds_to_up:.1f} s, {'MPPE 128' if mppe else 'no MPPE'}"


def refused(world, reasons, **dial_options):
    """No network phase was ever reached; pppd's status is its own view, and differs with who gave up first."""
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
