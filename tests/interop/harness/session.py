# SPDX-License-Identifier: Apache-2.0
"""aditd's view of its calls (`adit`, its log), compared with the client's."""
import ipaddress

from harness.case import Unmet, expect, until

POOL = (ipaddress.ip_address("10.64.0.2"), ipaddress.ip_address("10.64.255.254"))
GATEWAY, DNS = "10.64.0.1", ("198.51.100.53", "198.51.100.54")
MPPE_ON = "MPPE 128-bit stateless compression enabled"  # pppd's log text
MPPE_MODES = {
    f"{bits}{'-stateful' if mode == 'stateful' else ''}": f"MPPE {bits}-bit {mode} compression enabled"
    for bits in (40, 128) for mode in ("stateless", "stateful")}


def sessions(lab):
    return lab.adit("show", "sessions")["sessions"]


def session_of(lab, user):
    found = [session for session in sessions(lab) if session["username"] == user]
    if len(found) != 1:
        raise Unmet(f"adit shows {len(found)} sessions of {user}, and not one: {found}")
    return found[0]


def no_sessions(lab, seconds=10):
    until("no session is left", lambda: not sessions(lab), seconds)


def check_link(lab, dial, user, auth, mppe, mode="128"):
    """The link that came up has the agreed properties, for the client and in `adit show sessions`; and it passes traffic."""
    link = dial.link
    if not POOL[0] <= ipaddress.ip_address(link.local) <= POOL[1]:
        raise Unmet(f"the client's address {link.local} is not of the pool")
    expect("gateway", link.remote, GATEWAY)
    expect("DNS", (link.dns1, link.dns2), [DNS])
    words = MPPE_MODES[mode]
    expect(f"pppd's log has '{words}'", words in dial.log(), mppe)
    session = session_of(lab, user)
    expect("adit's address", session["ip"], link.local)
    expect("adit's method", session["auth"], auth)
    expect("adit's MPPE", (session["mppe"], session["mppe_mode"]), [(mppe, mode if mppe else "none")])
    expect("pings", link.ping(), {84: "3/3", 1028: "3/3"})
    expect("pings of the gateway", link.ping(GATEWAY), {84: "3/3", 1028: "3/3"})


def check_privileges(lab):
    """aditd was never root's with calls up, and its system-call filter knows everything that it did."""
    log = lab.log()
    for event in ("runs_as_root", "no_system_call_filter", "system_call_refused"):
        if found := [line for line in log.splitlines() if f"event={event} " in line]:
            raise Unmet("\n".join(found[:20]))
    expect("aditd says that it left root", "event=left_root" in log, True)
    return "a user of its own, no system call refused"


class Mark:
    """A position in aditd's log; what follows it was caused by the case."""

    def __init__(self, lab):
        self.lab, self.at = lab, len(lab.log())

    def lines(self):
        return self.lab.log()[self.at:].splitlines()

    def reason(self, *wanted, seconds=10):
        """Waits for a line with one of these reasons, and returns it: every end has a reason."""
        def probe():
            return next((r for line in self.lines() for r in wanted if f"reason={r}" in line.split()), None)
        try:
            return until(f"aditd logs reason={'|'.join(wanted)}", probe, seconds)
        except Unmet as unmet:
            raise Unmet(f"{unmet}\n" + "\n".join(self.lines()[-15:])) from None
