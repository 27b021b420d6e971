# SPDX-License-Identifier: Apache-2.0
"""Every authentication method without MPPE, and what an unknown user is told."""
import re

from harness.case import case, expect
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, EXIT_USER_REQUEST, METHODS, Dial
from harness.session import Mark, check_link, no_sessions

# The client takes the first offered method that it supports, so one aditd serves all of these.
OPEN = {"auth": {"methods": ["mschap-v2", "mschap-v1", "chap-md5", "pap"]}, "ppp": {"mppe": "prefer"}}


def accepted(method):
    def run(world):
        dial = Dial(world.alice, auth=[method], mppe="none")
        link = dial.up()
        check_link(world.lab, dial, "alice", method, mppe=False)
        expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
        no_sessions(world.lab)
        return f"up in {link.seconds_to_up:.1f} s as {link.local}"
    return run


def refused(method):
    """A wrong password and an unknown user get the same answer, so that nobody can probe which users exist."""
    def answer(world, user, password):
        mark = Mark(world.lab)
        dial = Dial(world.alice, user=user, password=password, auth=[method], mppe="none")
        expect("pppd's exit status", dial.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
        mark.reason("auth_failed")
        no_sessions(world.lab)
        # Identifiers and challenges differ between dials; nothing else may.
        lines = re.findall(r"rcvd \[(?:CHAP Failure|PAP AuthNak).*", dial.log())
        return [re.sub(r"id=0x[0-9a-f]+|C=[0-9A-Fa-f]+", "", line) for line in lines]

    def run(world):
        wrong = answer(world, "alice", "not-her-password")
        unknown = answer(world, "nobody", "secret")
        expect("a refusal was received", bool(wrong), True)
        expect("the answer to an unknown user", unknown, [wrong])
        return f"exit 19, {wrong[-1]}"
    return run


for each in METHODS:
    case(OPEN, each)(accepted(each))
for each in METHODS:
    case(OPEN, f"{each}-refused")(refused(each))
