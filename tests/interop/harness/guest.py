# SPDX-License-Identifier: Apache-2.0
"""A user-mode-linux guest on a bridge: a real Linux kernel with real PPP, up in two to three seconds.

It is one process with the host's root file system, read-only (guest/init says how), so it runs whatever is installed
here. Commands go over its console; scripts and their output through a directory that both sides see.
"""
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness.namespace import inside

GUEST_DIR = pathlib.Path(__file__).resolve().parent.parent / "guest"
MODULES_DIR = pathlib.Path("/usr/lib/uml/modules")
MODULES = ("arc4", "ppp_generic", "ppp_async", "ppp_synctty", "ppp_mppe", "ppp_deflate", "bsd_comp",
           "sch_netem", "sch_ingress", "cls_matchall", "act_mirred", "ifb")  # the second line: harness/loss.py
BOOT_SECONDS = 90  # 2.5 where nobody else wants the CPUs
MEMORY = "160M"  # enough for a client
NUDGE_SECONDS, DISCARD_PORT = 0.03, 9


class GuestError(Exception):
    """The guest did not do as it was told; says what, with the end of its console."""


def modules_with_dependencies(names):
    """Host paths of modules and what they need, in the order in which they can be loaded."""
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
        self.status = None  # exit status, once it has one

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
        self._booted = queue.Queue()
        self.ready = False
        self.tap = f"tap-{name}"
        bridge.add_tap(self.tap)
        self.process = self._boot()
        threading.Thread(target=self._read_console, daemon=True).start()
        threading.Thread(target=self._nudge, daemon=True).start()

    def _boot(self):
        arguments = [
            "linux.uml", f"mem={self.memory}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
            f"init={GUEST_DIR}/init", f"job={self.job_dir}", f"guest={GUEST_DIR}", f"address={self.address}/24",
            "modules=" + ",".join(modules_with_dependencies(self.modules)), f"eth0=tuntap,{self.tap}",
            "con=null", "con0=fd:0,fd:1", "ssl=null", "quiet", "loglevel=3", "panic=-1",
            f"uml_dir={self.job_dir}", "umid=uml"]
        return subprocess.Popen(
            self.bridge.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": "/dev/shm"}, start_new_session=True)

    def _read_console(self):
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").strip()
            self._console.append(line)
            word = line.split()
            if word[:1] == ["@ready"]:
                self._booted.put(True)
            elif word[:1] == ["@done"] and len(word) == 3 and word[1] in self._jobs:
                self._jobs[word[1]].finish(int(word[2]))
        self._booted.put(False)
        for job in self._jobs.values():
            if job.running:
                job.finish(-1)  # the guest is gone

    def _nudge(self):
        """On some hosts user-mode-linux misses that a packet came to its tap, and notices with the next one: a reply that
        the wire's capture has in time then waits for the next request. So there always is a next one soon."""
        with inside(self.bridge.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nudge:
            while self.process.poll() is None:
                try:
                    nudge.sendto(b"", (self.address, DISCARD_PORT))
                except OSError:  # not up yet, or its port unreachable told us so
                    pass
                time.sleep(NUDGE_SECONDS)

    def console_tail(self):
        return "\n".join(self._console[-15:])

    def wait_ready(self):
        try:
            self.ready = self._booted.get(timeout=BOOT_SECONDS)
        except queue.Empty:
            pass
        if not self.ready:
            raise GuestError(f"{self.name}: no boot within {BOOT_SECONDS} s (linux.uml needs ptrace and root)\n{self.console_tail()}")
        return self

    def start(self, script, label="job"):
        """Runs a shell script in the guest; returns its Job at once."""
        self._count += 1
        name = f"{self._count:03d}-{label}"
        (self.job_dir / f"{name}.sh").write_text(script)
        job = self._jobs[name] = Job(self, name)
        self._send(f"run {name}")
        return job

    def run(self, script, label="job", seconds=30):
        """Runs a shell script in the guest to its end, and returns what it printed; its failure is ours."""
        job = self.start(script, label)
        status = job.wait(seconds)
        if status != 0:
            raise GuestError(f"{self.name}: '{script}' exited with {status}\n{job.tail()}")
        return job.output()

    def _send(self, line):
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise GuestError(f"{self.name}: the guest is gone\n{self.console_tail()}") from None

    def kill(self):
        """As a power cut: no goodbye to anyone."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.bridge.remove_tap(self.tap)

    def close(self):
        if self.process.poll() is None:
            try:
                self._send("poweroff")
                self.process.wait(5)
            except (GuestError, subprocess.TimeoutExpired):
                pass
        self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
