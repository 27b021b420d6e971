# SPDX-License-Identifier: Apache-2.0
"""What aditd holds, as the kernel and `adit` tell it: memory, descriptors, packet buffers, calls; before, at the peak and after."""
import dataclasses
import os
import pathlib
import threading

from harness.lab import RUN_DIR, LabError

INTERVAL = 0.25


@dataclasses.dataclass
class Footprint:
    rss_kb: int = 0
    descriptors: int = 0
    buffers: int = 0  # in use

    def peak(self, other):
        return Footprint(*(max(ours, theirs) for ours, theirs in zip(dataclasses.astuple(self), dataclasses.astuple(other))))


def of_process(pid):
    """Of the kernel alone: cheap, and true when aditd does not answer."""
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        return Footprint(pages * os.sysconf("SC_PAGE_SIZE") // 1024, len(os.listdir(f"/proc/{pid}/fd")))
    except (OSError, IndexError):
        return Footprint()


def of(lab):
    found = of_process(lab.pid())
    try:
        found.buffers = sum(pool["total"] - pool["free"] for pool in lab.adit("show", "stat")["packet_buffers"])
    except LabError:  # it is gone, or it is what the attack stops
        found.buffers = -1
    return found


def losses(lab):
    """Every reason for which aditd dropped a packet, and what ports missed because nobody took it in time."""
    try:
        found = {name: count for name, count in lab.adit("show", "drops")["drops"].items() if count}
        for port in lab.adit("show", "ports")["ports"]:
            found[f"missed at {port['port']}"] = port["rx_missed"]
        return found
    except LabError:
        return {}


def log_lines():
    path = RUN_DIR / "aditd.log"
    if not path.exists():
        return 0
    with open(path, "rb") as log:
        return sum(block.count(b"\n") for block in iter(lambda: log.read(1 << 20), b""))


class Watch:
    """Samples while the block lasts; `peak` afterwards."""

    def __init__(self, lab):
        self.lab, self.peak = lab, Footprint()
        self._end, self._thread = threading.Event(), None

    def _run(self):
        pid = self.lab.pid()
        while not self._end.wait(INTERVAL):
            self.peak = self.peak.peak(of_process(pid))

    def __enter__(self):
        self.before, self.lines_before, self._lost = of(self.lab), log_lines(), losses(self.lab)
        self.peak = self.before
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self.during = of(self.lab)
        self.peak = self.peak.peak(self.during)
        self.lines = log_lines() - self.lines_before
        self.drops = {name: count - self._lost.get(name, 0) for name, count in losses(self.lab).items()
                      if count > self._lost.get(name, 0)}
