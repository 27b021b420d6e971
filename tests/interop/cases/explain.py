# SPDX-License-Identifier: Apache-2.0
"""What `adit explain` says of dials that fail, each for a cause of its own: pppd's, and dials by hand. explain.txt in the run's
folder has it word for word."""
import pathlib
import subprocess
import sys

from harness.case import case, expect, until
from harness.dial import Dial
from harness.lab import SERVER, run
from harness.radius import config, freeradius

HALF_DIAL = pathlib.Path(__file__).resolve().parents[1] / "attacks" / "half_dial.py"
BY_HAND = "192.0.2.2"  # the namespace's own address
ELSEWHERE = "192.0.2.77"
ONE_ADDRESS = [{"name": "default", "ranges": ["10.64.0.2-10.64.0.2"]}]
FIXED = "10.64.200.9"
USERS = f"""
alice Cleartext-Password := "secret"
  Framed-IP-Address = {FIXED}
fred Cleartext-Password := "secret"
  Framed-IP-Address = {FIXED}
"""


class Stories:
    """Tells each story to explain.txt, and checks that it has what an operator needs."""

    def __init__(self, world, name):
        self.world, self.told = world, []
        self.path = world.lab.work_dir / "explain.txt"
        if name == "first":
            self.path.unlink(missing_ok=True)

    def tell(self, cause, what, address, reason, *words, user=""):
        lab = self.world.lab
        until(f"{cause}: it has ended", lambda: (found := lab.adit("explain", what)["stories"]) and found[0]["ended"], 75)
        story = lab.adit("explain", what)["stories"][0]
        expect(f"{cause}: the reason", story["reason"], reason)
        expect(f"{cause}: the address", story["peer"], address)
        expect(f"{cause}: the user", story["username"], user)
        expect(f"{cause}: a remedy", story["remedy"] != "", True)
        for word in words:
            expect(f"{cause}: '{word}' is in {story['cause']!r}", word in story["cause"], True)
        text = run(*lab.command("adit-server", "adit", "explain", what))
        expect(f"{cause}: the longest line", max(map(len, text.splitlines())) <= 80, True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(f"$ adit explain {what}    # {cause}\n{text}\n")
        self.told.append(cause)

    def __str__(self):
        return f"told: {', '.join(self.told)}"


def fails(guest, **options):
    dial = Dial(guest, **options)
    expect(f"{dial.user}: pppd's exit status is a failure", dial.exit_status(90) != 0, True)


def by_hand(world, gre):
    done = subprocess.run(world.lab.command("adit-clients", sys.executable, HALF_DIAL, SERVER, "70", gre), capture_output=True,
                          text=True, check=False, timeout=100)
    expect(f"half_dial.py: {done.stderr}", done.returncode, 0)


@case({"ppp": {"mppe": "prefer", "timeout": "1s"}, "ip-pool": ONE_ADDRESS})
def logins_and_gre(world):
    stories = Stories(world, "first")
    alice, bob = world.boot("alice", "bob")
    fails(alice, password="not hers", mppe="none")
    stories.tell("wrong password", "alice", "192.0.2.11", "auth_failed", "alice", "password", user="alice")
    fails(alice, user="mallory", mppe="none")
    stories.tell("unknown user", "mallory", "192.0.2.11", "auth_failed", "no user mallory", user="mallory")
    fails(alice, auth=["pap"], mppe="none")
    stories.tell("method refused", "192.0.2.11", "192.0.2.11", "auth_refused", "mschap-v2", "pap")
    first = Dial(alice)
    first.up()
    fails(bob, user="bob", password="hunter2", mppe="none")
    stories.tell("pool empty", "bob", "192.0.2.12", "pool_empty", "default", user="bob")
    first.hang_up()
    by_hand(world, "none")
    stories.tell("no GRE", BY_HAND, BY_HAND, "no_gre", f"no GRE from {BY_HAND}: a firewall on the way?")
    by_hand(world, ELSEWHERE)
    stories.tell("GRE from elsewhere", BY_HAND, BY_HAND, "no_gre", f"from {ELSEWHERE}")
    by_hand(world, BY_HAND)
    stories.tell("LCP never opens", BY_HAND, BY_HAND, "lcp_timeout", "LCP did not open")
    return str(stories)


@case({"ppp": {"mppe": "require"}})
def encryption(world):
    stories = Stories(world, "next")
    fails(world.alice, mppe="none")
    stories.tell("MPPE refused", "alice", "192.0.2.11", "mppe_refused", "encryption is required", user="alice")
    fails(world.bob, user="bob", password="hunter2", mppe="none", options=["noccp"])
    stories.tell("CCP never opens", "bob", "192.0.2.12", "mppe_refused", "CCP", user="bob")
    return str(stories)


@case(config())
def radius(world):
    stories = Stories(world, "next")
    alice, bob = world.boot("alice", "bob")
    with freeradius(world.lab, USERS):
        fails(alice, user="carol", mppe="none")
        stories.tell("RADIUS rejects", "carol", "192.0.2.11", "auth_failed", "RADIUS server lab", "carol", user="carol")
        first = Dial(alice, mppe="none")
        first.up()
        fails(bob, user="fred", mppe="none")
        stories.tell("fixed address taken", "fred", "192.0.2.12", "address_in_use", FIXED, user="fred")
        first.hang_up()
    fails(bob, user="fred", mppe="none")
    stories.tell("RADIUS silent", "fred", "192.0.2.12", "auth_unavailable", "RADIUS server", user="fred")
    return str(stories)
