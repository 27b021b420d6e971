# SPDX-License-Identifier: Apache-2.0
"""A siege: aditd under attack beside calls and dials, and for each attack a window with it and one with its control."""
import dataclasses
import importlib
import pathlib
import shutil
import sys
import time

from assaults.assault import ASSAULTS, Field
from harness.lab import Lab, merged
from siege_kit import footprint
from siege_kit.calls_seen import calls_seen
from siege_kit.footprint import Footprint, Watch
from siege_kit.honest import Calls, Dialled, Dials, Held
from siege_kit.site import Site

WORK_DIR = pathlib.Path("/tmp/adit-siege")
FILES = ("sweeps", "forged", "fragments", "exhaustion", "half_open", "connections", "passwords", "inside", "mppc", "radius", "syn")
CONFIG = {"ppp": {"mppe": "prefer"}, "auth": {"methods": ["mschap-v2", "pap"]}, "common": {"max-sessions": 8192},
          "log": {"level": "info"}}
LOOKING = 1.2  # seconds of traffic within which every call is seen
SETTLED = 2  # seconds after which what an attack left has had its time
P99_LIMIT_MS = 2000


def chosen(words, brief=False):
    """The attacks that `words` name, in their own order; without words all, or one for each kind."""
    for file in FILES:
        importlib.import_module(f"assaults.{file}")
    known = {word for each in ASSAULTS for word in (each.name, each.name.split(".")[0])}
    if unknown := [word for word in words if word not in known]:
        sys.exit(f"tests/interop/siege: no attack {unknown[0]!r}; --list names them")
    return [each for each in ASSAULTS if (not words and (each.brief or not brief)) or each.name in words or each.name.split(".")[0] in words]


@dataclasses.dataclass
class Window:
    """What the honest felt while the attack, or its control, ran."""
    attack: dict  # rate, unit, note
    held: Held
    dialled: Dialled


@dataclasses.dataclass
class Result:
    name: str
    what: str
    window: Window = None
    control: Window = None
    before: Footprint = None
    peak: Footprint = None
    after: Footprint = None
    log_lines: int = 0
    drops: dict = dataclasses.field(default_factory=dict)  # aditd's, by reason
    also_wrong: list = dataclasses.field(default_factory=list)  # what the attack's place says
    trouble: str = ""  # the row could not be made, or aditd did not survive it

    def faults(self):
        """Why the row falls short, in words; empty: it does not."""
        if self.trouble:
            return [self.trouble]
        held, dialled = self.window.held, self.window.dialled
        # A row in which nothing happened says nothing.
        faults = [what for what, count in (("the attack sent nothing", self.window.attack["rate"]), ("the calls sent no packet", held.sent),
                                           ("nobody honest dialled", dialled.dials)) if not count]
        if held.calls_lost:
            faults.append("calls lost: " + ", ".join(f"{count} {why}" for why, count in held.calls_lost.items()))
        control = self.control.held.lost if self.control else 0
        if held.lost > control:
            faults.append(f"{held.lost} of {held.sent} packets lost, {control} in the control")
        if held.wrong:
            faults.append(f"{held.wrong} packets corrupted or duplicated")
        if dialled.refused():
            reasons = ", ".join(f"{count} {why}" for why, count in dialled.failures.items())
            faults.append(f"{dialled.refused()} of {dialled.dials} honest dials failed ({reasons or 'no verdict'})")
        if dialled.p99_ms >= P99_LIMIT_MS:
            control = f"{self.control.dialled.p99_ms:.0f}" if self.control else "no"
            faults.append(f"honest dials took {dialled.p99_ms:.0f} ms (p99), {control} in the control")
        return faults + self.also_wrong


class Siege:
    def __init__(self, calls, one_port=False, keep=False):
        self.calls, self.one_port, self.keep = calls, one_port, keep
        shutil.rmtree(WORK_DIR, ignore_errors=True)
        WORK_DIR.mkdir(parents=True)
        self.lab, self.site = Lab(WORK_DIR), None

    def __enter__(self):
        self.lab.down()
        self.lab.make_namespaces()
        self.site = Site(self.lab, self.one_port)
        return self

    def __exit__(self, *_):
        (WORK_DIR / "aditd.log").write_text(self.lab.log())
        if not self.keep:
            self.site.remove()
            self.lab.down()

    def serve(self, settings, restart=False):
        self.lab.serve(merged({**CONFIG, "port": self.site.ports}, settings), restart=restart)

    def withstand(self, attack, seconds, always_control=True):
        """Runs one attack, on an aditd of its own: every failure is this row's."""
        result = Result(attack.name, attack.what)
        try:
            with attack.place(self, attack.settings) as also_wrong:
                self._attack(attack, seconds, result)
                result.also_wrong = also_wrong()
            self.lab.stop()
            if not result.trouble and (always_control or result.faults()):
                with attack.place(self, attack.settings):
                    result.control = self._window(attack, self.site.sink, seconds, result.window.attack)
        except Exception as error:
            result.trouble = f"{type(error).__name__}: {error}"
        self.lab.stop()
        return result

    def _attack(self, attack, seconds, result):
        pid = self.lab.pid()
        with Watch(self.lab) as watch:
            result.window = self._window(attack, self.site.aditd, seconds, None)
        result.before, result.peak, result.log_lines, result.drops = watch.before, watch.peak, watch.lines, watch.drops
        time.sleep(SETTLED)
        result.after = footprint.of(self.lab)
        if self.lab.pid() != pid:
            result.trouble = "aditd did not survive"

    def _window(self, attack, target, seconds, pace):
        calls = Calls(self.lab, self.calls, seconds + LOOKING + 2, attack.honest)
        dials = Dials(self.lab, seconds + LOOKING, attack.honest)
        running = []
        try:
            calls.under_traffic()
            dials.under_way()
            seen = calls_seen(LOOKING)
            field = Field(self.site, target, seconds, pace, seen)
            started = attack.start(field)
            running = started if isinstance(started, list) else [started]
            reports = [each.done() for each in running]
            return Window({"rate": sum(each["rate"] for each in reports), "unit": reports[0]["unit"],
                           "dials": sum(each.get("dials", 0) for each in reports),
                           "note": "; ".join(each["note"] for each in reports if each["note"])}, calls.held(), dials.dialled())
        finally:
            for each in running:
                each.stop()
            calls.end()
            dials.end()
