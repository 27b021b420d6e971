# SPDX-License-Identifier: Apache-2.0
"""The toolkit for files of assaults. An assault starts what attacks, and the siege waits for it to end.

Frames are sent by programs/flood.cpp, which has a core's rate; what needs answers, by Python programs in the same folder. Both get
the time that they have and the rate that they must keep to: none in the attack, and in the control the attack's.
"""
import contextlib
import dataclasses
import json
import pathlib
import struct
import subprocess
import sys

from attacks.gre import gre, ipv4  # noqa: F401: the forms of packets, for the files of assaults
from harness.build import BUILD
from harness.namespace import mac_of

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
FLOOD = BUILD / "tests" / "interop" / "assaults" / "programs" / "flood"
# Offsets in a frame of Ethernet, IPv4 without options and GRE with a sequence number.
SOURCE, DESTINATION, IDENTIFICATION = 26, 30, 18
CALL_ID, SEQUENCE, PAYLOAD = 40, 42, 46


@dataclasses.dataclass(frozen=True)
class Assault:
    name: str
    what: str
    start: object  # (Field) -> Running, or a list of them
    settings: dict  # over the siege's config
    place: object  # (Siege, settings) -> context in which aditd serves, yielding () -> what else went wrong, in words
    brief: bool
    honest: dict  # over the settings of adit-blast, which the honest are


ASSAULTS = []


@contextlib.contextmanager
def plain(siege, settings):
    siege.serve(settings)
    yield list


def assault(what, place=plain, brief=False, honest=None, **settings):
    """Registers a function as file.function. `settings` are laid over the config, `honest` over what the honest ask for; `brief`: one
    for its kind, in the short form."""
    def register(function):
        file = function.__module__.rpartition(".")[2]
        ASSAULTS.append(Assault(f"{file}.{function.__name__.replace('_', '-')}", what, function, settings, place, brief,
                                honest or {}))
        return function
    return register


class Running:
    """A process that prints what it did as one line of JSON: `rate`, perhaps `unit` and `note`."""

    def __init__(self, command, seconds):
        self.seconds, self.at_end = seconds, None  # at_end: called once it has stopped
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)

    def done(self):
        try:
            output, errors = self.process.communicate(timeout=self.seconds + 20)
        except subprocess.TimeoutExpired:
            self.stop()
            output, errors = self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args[4:]} exited with {self.process.returncode}\n{errors}")
        return {"unit": "packets", "note": "", **json.loads(output.splitlines()[-1])}

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        if self.at_end is not None:
            self.at_end()


class Field:
    """One window of a siege: what is attacked, by whom, for how long, and whose calls are there."""

    def __init__(self, site, target, seconds, pace, calls):
        """`pace`: what the attack did, in its control; None in the attack."""
        self.site, self.lab, self.target = site, site.lab, target
        self.seconds, self.pace, self.calls = seconds, pace, calls
        self.rate = pace["rate"] if pace else 0
        self._files = 0

    def frame(self, packet):
        return self.target.mac + mac_of("adit-foe", "street") + b"\x08\x00" + packet

    def flood(self, packets, *rules):
        """`packets` are of IPv4, to the target."""
        head = self.frame(b"")
        frames = [head + packet for packet in packets]
        self._files += 1
        path = self.lab.work_dir / f"flood-{self._files}.frames"
        path.write_bytes(b"".join(struct.pack("!H", len(frame)) + frame for frame in frames))
        return Running(self.lab.command("adit-foe", FLOOD, "street", path, self.seconds, self.rate, *rules), self.seconds)

    def program(self, name, *words, rate=0):
        """`rate`: the attack's own, 0: as fast as it can."""
        return Running(self.lab.command("adit-foe", sys.executable, PROGRAMS / f"{name}.py", self.target.address,
                                        self.seconds, rate, *words), self.seconds)

    def callers(self, *words, rate=0):
        """programs/caller.py. The control's other end answers nothing, so that connections end their way as connections."""
        if self.pace:
            words = [*words, "--until", "tcp", "--messages", self.pace["rate"] if self.pace["unit"] == "messages" else 0]
            rate = self.pace["dials"]
        return self.program("caller", *words, rate=rate)


def each_pass(offset, width, step=1, count=0):
    return f"each-pass:{offset}:{width}:{step}:{count}"


def random(offset, width):
    return f"random:{offset}:{width}"
