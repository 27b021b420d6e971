# SPDX-License-Identifier: Apache-2.0
"""The toolkit for case files: @case, the World that a case gets, and expectations that report what they saw."""
import dataclasses
import inspect
import pathlib
import time
from typing import Callable

from harness.guest import Guest

ADDRESSES = {"alice": "192.0.2.11", "bob": "192.0.2.12"}


class Unmet(Exception):
    """An expectation of a case that was not met."""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str  # file.function
    config: dict  # overrides lab.toml
    run: Callable  # (World) -> one line for the table, or None

    def __str__(self):
        return self.name


CASES = []


def case(config, name=None):
    """Registers a function as a case: aditd runs with lab.toml overridden by `config`."""
    def register(function):
        file = pathlib.Path(inspect.getfile(inspect.unwrap(function))).stem
        CASES.append(Case(f"{file}.{name or function.__name__.replace('_', '-')}", config, function))
        return function
    return register


class World:
    """The lab and its guests. Guests boot when first used, and stay up for later cases."""

    def __init__(self, lab, pcap=False):
        self.lab, self.pcap = lab, pcap
        self._guests = {}

    def boot(self, *names):
        """These guests, ready; they boot in parallel."""
        for name in names:
            if name not in self._guests:
                self._guests[name] = Guest(self.lab.bridge, name, ADDRESSES[name], self.lab.work_dir)
        return [self._ready(name) for name in names]

    def _ready(self, name):
        guest = self._guests[name]
        if not guest.ready:
            guest.wait_ready()
            if self.pcap:
                guest.start("exec tcpdump -i eth0 -U -w /mnt/job/guest.pcap 'tcp port 1723 or proto 47'", "pcap")
        return guest

    @property
    def alice(self):
        return self.boot("alice")[0]

    @property
    def bob(self):
        return self.boot("bob")[0]

    def kill(self, guest):
        """Like a power cut; the next case that uses the guest boots a new one."""
        guest.kill()
        del self._guests[guest.name]

    def tidy(self):
        """After a case: ends all dials, and removes dead guests."""
        for guest in list(self._guests.values()):
            if guest.gone:
                self.kill(guest)
            else:
                guest.run("/bin/busybox killall -q -9 pppd pptp; /bin/busybox rm -rf /run/pptp/*", "tidy")

    def close(self):
        for guest in self._guests.values():
            guest.close()


def expect(what, saw, wanted):
    """`wanted` is a value, or a set or list of acceptable ones."""
    if saw not in wanted if isinstance(wanted, (set, list, tuple)) else saw != wanted:
        raise Unmet(f"{what}: {saw!r}, and not {wanted!r}")


def until(what, probe, seconds=10):
    """Waits until probe() is true and returns it."""
    deadline = time.monotonic() + seconds
    while not (result := probe()):
        if time.monotonic() > deadline:
            raise Unmet(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return result
