# SPDX-License-Identifier: Apache-2.0
"""The honest ones of a siege: calls of adit-blast under verified traffic, and dials one after another."""
import dataclasses
import json
import subprocess
import time

from harness import toml
from harness.blast import BLAST, EAL, BlastError
from harness.lab import SERVER

CALLS = {"access": "street", "clients": "10.98.0.0/16", "core": "core", "core-address": "198.19.0.2", "mppe": "require"}
DIALS = {"access": "street", "clients": "10.96.0.0/16", "mppe": "require"}
BEFORE = 8  # seconds within which its calls are up
WAYS = ("up", "down")


class Instance:
    """An adit-blast that runs by itself; `begun()` waits for a phase, `result()` for its end."""

    def __init__(self, lab, name, namespace, settings, phases):
        self.report = lab.work_dir / f"{name}.json"
        self.report.unlink(missing_ok=True)
        scenario, self.output = lab.work_dir / f"{name}.toml", lab.work_dir / f"{name}.out"
        scenario.write_text(toml.dumps({**settings, "server": SERVER, "json": str(self.report), "phase": phases}))
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(lab.command(namespace, BLAST, "run", scenario, *EAL), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)

    def begun(self, phase, seconds=BEFORE):
        """It prints a line as soon as a phase of another kind begins."""
        deadline = time.monotonic() + seconds
        while f"\n{phase} " not in "\n" + self.output.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise BlastError(f"adit-blast came to no phase {phase}\n{self.output.read_text(errors='replace')}")
            time.sleep(0.02)
        return self

    def result(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
        if not self.report.exists():
            raise BlastError(f"adit-blast exited with {self.process.returncode}\n{self.output.read_text(errors='replace')}")
        return json.loads(self.report.read_text())

    def end(self):
        """Calls are hung up in order."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def phase(report, kind):
    return next((each for each in report["phases"] if each["kind"] == kind), None)


@dataclasses.dataclass
class Held:
    """What the calls under traffic sent, and what became of it."""
    sent: int
    lost: int
    wrong: int  # corrupted or duplicated
    calls: int  # up at first
    calls_lost: dict


class Calls:
    def __init__(self, lab, calls, seconds, settings, packets_per_call=2):
        """`settings` are laid over CALLS."""
        self.calls, self.seconds = calls, seconds
        rate = f"{calls * packets_per_call}pps"
        self._blast = Instance(lab, "calls", "adit-blast", {**CALLS, **settings}, [
            {"kind": "set-up", "calls": calls, "concurrency": 32},
            {"kind": "traffic", "for": f"{round(seconds * 1000)}ms", "up": rate, "down": rate, "size": "imix"}])

    def under_traffic(self):
        self._blast.begun("traffic")
        return self

    def held(self):
        report = self._blast.result(self.seconds + 60)
        set_up, traffic = phase(report, "set-up"), phase(report, "traffic")
        ways = [traffic["traffic"][way] for way in WAYS]
        return Held(sum(way["sent"] for way in ways), sum(way["lost"] for way in ways),
                    sum(way["corrupted"] + way["duplicated"] for way in ways), set_up["calls_at_end"],
                    {**set_up["set_up"]["failures"], **traffic["lost_calls"]})

    def end(self):
        self._blast.end()


class Churn:
    """Calls under traffic that come and go for a long time."""

    def __init__(self, lab, calls, seconds):
        self.seconds = seconds
        rate = f"{calls * 2}pps"
        self._blast = Instance(lab, "churn", "adit-blast", {**CALLS, "quiet": True}, [
            {"kind": "set-up", "calls": calls, "concurrency": 32},
            {"kind": "churn", "for": f"{round(seconds * 1000)}ms", "churn": "2%", "concurrency": 32, "up": rate, "down": rate, "size": "imix"}])

    def under_way(self):
        time.sleep(2)
        return self

    def ended(self):
        """What it says of itself, in a line; and why calls ended that nobody hung up."""
        report = self._blast.result(self.seconds + 90)
        set_up, found = phase(report, "set-up"), phase(report, "churn")
        ways = [found["traffic"][way] for way in WAYS]
        return (f"calls: {set_up['calls_at_end']} at first, {found['set_up']['up']} of {found['set_up']['dialled']} redials up; "
                f"packets: {sum(way['sent'] for way in ways)} sent, {sum(way['lost'] for way in ways)} lost"), found["lost_calls"]


@dataclasses.dataclass
class Dialled:
    dials: int
    up: int
    failures: dict
    p50_ms: float
    p99_ms: float

    def refused(self):
        """Every dial that did not come up, for whatever reason."""
        return self.dials - self.up


class Dials:
    """Some dials a second from adit-honest: of twenty calls, one after the other is hung up and dialled anew."""

    LINES, PER_SECOND = 20, 5

    def __init__(self, lab, seconds, settings):
        """`settings` are laid over DIALS."""
        self.seconds = seconds
        self._blast = Instance(lab, "dials", "adit-honest", {**DIALS, **settings}, [
            {"kind": "set-up", "calls": self.LINES},
            {"kind": "churn", "for": f"{round(seconds * 1000)}ms", "churn": f"{100 * self.PER_SECOND // self.LINES}%",
             "concurrency": 64, "up": "0pps"}])

    def under_way(self):
        self._blast.begun("churn")
        return self

    def dialled(self):
        report = self._blast.result(self.seconds + 15)
        found = phase(report, "churn")["set_up"]
        return Dialled(found["dialled"], found["up"], found["failures"], found["time"]["p50_ms"], found["time"]["p99_ms"])

    def end(self):
        self._blast.end()
