# SPDX-License-Identifier: Apache-2.0
"""A user-mode-linux guest on a bridge: a real Linux kernel with real PPP, up in two to three seconds.

It is one process with the host's root file system, read-only (see guest/init), so it runs whatever is installed
here. Commands go over its console; scripts and their output through a directory that both sides share.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import uml
from harness.namespace import inside
from harness.uml import GuestError

GUEST_DIR = pathlib.Path(__file__).resolve().parent.parent / "guest"
MODULES_DIR = pathlib.Path("/usr/lib/uml/modules")
MODULES = ("arc4", "ppp_generic", "ppp_async", "ppp_synctty", "ppp_mppe", "ppp_deflate", "bsd_comp",
           "sch_netem", "sch_ingress", "cls_matchall", "act_mirred", "ifb")  # the second line: harness/loss.py
BOOT_SECONDS = 90  # 2.5 when the CPUs are free; one that dies is noticed at once
GONE = -1  # status of a job whose guest ended first
MEMORY = "160M"  # enough for a client
NUDGE_SECONDS, DISCARD_PORT = 0.03, 9


def modules_with_dependencies(names):
    """Host paths of modules and their dependencies, in loading order."""
    release = sorted(MODULES_DIR.iterdir())[-1]
    needs = {}
    for line in (release / "modules.dep").read_text().splitlines():
        module, _, dependencies = line.partition(":")
        needs[pathlib.PurePath(module).stem] = [*reversed(dependencies.split()), module]
    paths = [path for name in names for path in needs[name]]
    return [str(release / path) for path in dict.fromkeys(paths)]


class Job:
    """A script that runs in the guest."""

    def __init__(self, guest, name):
        self.guest, self.name = guest, name
        self._done = threading.Event()
        self.status = None  # exit status, when available

    def finish(self, status):
        self.status = status
        self._done.set()

    @property
    def running(self):
        return not self._done.is_set()

    def wait(self, seconds):
        if not self._done.wait(seconds):
            raise GuestError(f"{self.guest.name}: '{self.name}' still ran after {seconds} s\n{self.tail()}")
        return self.status

    def output(self):
        path = self.guest.job_dir / f"{self.name}.out"
        return path.read_text(errors="replace") if path.exists() else ""

    def tail(self, lines=15):
        return "\n".join(self.output().splitlines()[-lines:])


class Guest:
    """Boots at once; `with Guest(...) as guest` powers it off again."""

    def __init__(self, bridge, name, address, work_dir, memory=MEMORY, modules=MODULES):
        self.bridge, self.name, self.address, self.memory, self.modules = bridge, name, address, memory, modules
        self.job_dir = pathlib.Path(work_dir) / name
        shutil.rmtree(self.job_dir, ignore_errors=True)
        self.job_dir.mkdir(parents=True)
        self._jobs, self._count, self._console = {}, 0, []
        self._booted, self._ended = threading.Event(), threading.Event()
        self.ready = False
        self.tap = f"tap-{name}"
        command = uml.command(self.job_dir, GUEST_DIR / "init", memory, f"guest={GUEST_DIR}", f"address={address}/24",
                              "modules=" + ",".join(modules_with_dependencies(modules)), f"eth0=tuntap,{self.tap}")
        bridge.add_tap(self.tap)
        self.process = subprocess.Popen(bridge.command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        for work in (self._bury, self._read_console, self._nudge):
            threading.Thread(target=work, daemon=True).start()

    def _bury(self):
        """The guest's processes are host processes too. They outlive linux.uml, hold its console open and are no longer under
        its control, so they are killed as well."""
        with contextlib.suppress(ChildProcessError):  # already waited for elsewhere
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        self._end_group()

    def _end_group(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _read_console(self):
        with open(self.job_dir / "console", "w", buffering=1) as file, self.process.stdout:
            for raw in self.process.stdout:
                line = raw.decode(errors="replace").strip()
                file.write(f"{line}\n")
                self._console.append(line)
                word = line.split()
                if word[:1] == ["@ready"]:
                    self.ready = True
                    self._booted.set()
                elif word[:1] == ["@done"] and len(word) == 3 and word[1] in self._jobs:
                    self._jobs[word[1]].finish(int(word[2]))
        self.process.wait()
        self._ended.set()
        self._booted.set()
        for job in list(self._jobs.values()):
            if job.running:
                job.finish(GONE)

    def _nudge(self):
        """On some hosts user-mode-linux misses a packet that arrives at its tap, and notices it with the next one: a reply that
        the capture shows in time then waits for the next request. So we make sure that there is always a next one soon."""
        with inside(self.bridge.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nudge:
            while not self._ended.is_set():
                try:
                    nudge.sendto(b"", (self.address, DISCARD_PORT))
                except OSError:  # not up yet, or an earlier port unreachable
                    pass
                time.sleep(NUDGE_SECONDS)

    @property
    def gone(self):
        return self._ended.is_set()

    def preload_in_use(self):
        """One line for a run's log."""
        return uml.preload_in_use(self._console)

    def wait_ready(self):
        if not self._booted.wait(BOOT_SECONDS):
            raise GuestError(f"{self.name}: it runs, and is not ready after {BOOT_SECONDS} s\n{uml.tail(self._console)}")
        if self.gone:
            raise self.is_gone("while it booted" if not self.ready else "right after its boot")
        return self

    def is_gone(self, when):
        """The error for a guest that ended, with its cause if known."""
        self._ended.wait(5)  # read its console to the end
        return GuestError(f"{self.name}: the guest is gone, {when}: {uml.ending(self.process.wait(), self._console)}")

    def start(self, script, label="job"):
        """Starts a shell script in the guest; returns its Job at once."""
        self._count += 1
        name = f"{self._count:03d}-{label}"
        (self.job_dir / f"{name}.sh").write_text(script)
        job = self._jobs[name] = Job(self, name)
        self._send(f"run {name}")
        return job

    def run(self, script, label="job", seconds=30):
        """Runs a shell script in the guest to its end, and returns its output; raises if it fails."""
        job = self.start(script, label)
        status = job.wait(seconds)
        if status == GONE:
            raise self.is_gone(f"during '{label}'")
        if status != 0:
            raise GuestError(f"{self.name}: '{script}' exited with {status}\n{job.tail()}")
        return job.output()

    def _send(self, line):
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.is_gone(f"before '{line}'") from None

    def kill(self):
        """Like a power cut: nobody is notified."""
        if not self.gone:
            self._end_group()
        self._ended.wait(10)
        with contextlib.suppress(BrokenPipeError):  # data that it no longer read
            self.process.stdin.close()
        self.bridge.remove_tap(self.tap)

    def close(self):
        if not self.gone:
            with contextlib.suppress(GuestError):
                self._send("poweroff")
                self._ended.wait(5)
        self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
