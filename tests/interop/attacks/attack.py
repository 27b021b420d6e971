# SPDX-License-Identifier: Apache-2.0
"""The toolkit for attack files. An attack sends one hostile input and returns the outcome, as one line."""
import dataclasses
import re

from harness.case import Unmet, until
from harness.namespace import Wire
from harness.session import Mark


@dataclasses.dataclass(frozen=True)
class Attack:
    area: str
    what: str
    run: object  # (Target) -> the outcome; raises Unmet if that is not the required one


ATTACKS = []


def attack(area, what):
    def register(function):
        ATTACKS.append(Attack(area, what, function))
        return function
    return register


class Target:
    """The running aditd, and the ways to see what an input did to it."""

    def __init__(self, lab, victim):
        self.lab, self.victim = lab, victim  # victim: the Dial that must not notice anything
        self.access = Wire("adit-clients", "access", "adit-server", "access0")
        self.core = Wire("adit-core", "core", "adit-server", "core0")

    def mark(self):
        return Mark(self.lab)

    def drops(self):
        return self.lab.adit("show", "drops")["drops"]

    def expect_drops(self, reason, count, send):
        """Runs send() and waits until `count` more packets have been dropped for `reason`."""
        before = self.drops().get(reason, 0)
        send()
        try:
            until(f"{count} drops more", lambda: self.drops().get(reason, 0) >= before + count, seconds=3)
        except Unmet:
            now = {name: number for name, number in self.drops().items() if number}
            raise Unmet(f"not {count} drops by {reason} ({before} before); now: {now}") from None
        return f"dropped: {reason}" + (f" x {count}" if count > 1 else "")


def matches(wanted, got):
    """`got`, if it matches the whole pattern."""
    if not re.fullmatch(wanted, got):
        raise Unmet(f"{got!r} does not match /{wanted}/")
    return got
