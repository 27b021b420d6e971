#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guests themselves, in this test's own network namespace: they boot with the preload, and the death of one is reported
at once, with its cause. Needs root and user-mode-linux; exit 77 (skipped) otherwise.
    guest_test.py [unittest arguments]
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import guest as harness  # noqa: E402
from harness import uml  # noqa: E402
from harness.bridge import Bridge  # noqa: E402

NAMESPACE = f"adit-sys-{os.getpid()}-g"
ADDRESS = "192.0.2.11"
AT_ONCE = 2  # seconds from a guest's death to the report
PATIENCE = 60  # a loaded machine is slow


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class GuestTest(unittest.TestCase):
    def setUp(self):
        ip("netns", "add", NAMESPACE)
        self.addCleanup(ip, "netns", "del", NAMESPACE)
        ip("-n", NAMESPACE, "link", "add", "br0", "type", "bridge")
        ip("-n", NAMESPACE, "link", "set", "br0", "up")
        directory = tempfile.TemporaryDirectory(prefix="adit-guest-")
        self.addCleanup(directory.cleanup)
        self.work_dir = directory.name

    def boot(self):
        guest = harness.Guest(Bridge(NAMESPACE), "test", ADDRESS, self.work_dir)
        self.addCleanup(guest.close)
        return guest

    def killed(self, guest):
        """kill -9; returns the time."""
        os.kill(guest.process.pid, signal.SIGKILL)
        return time.monotonic()

    def report(self, action, died):
        """The error that `action` raises, which must come soon after `died` (or after the time it returns)."""
        with self.assertRaises(harness.GuestError) as raised:
            action()
        took = time.monotonic() - (died if isinstance(died, float) else died())
        text = str(raised.exception)
        print(f"--- told after {took:.3f} s:\n{text}", file=sys.stderr)
        self.assertLess(took, AT_ONCE)
        self.assertIn("the end of its console", text)
        return text

    def nothing_is_left(self):
        for _ in range(PATIENCE):
            left = subprocess.run(["ip", "netns", "pids", NAMESPACE], capture_output=True, text=True).stdout.split()
            if not left:
                return
            time.sleep(0.1)
        self.fail(f"processes are left: {left}")

    def test_comes_up_with_the_preload(self):
        guest = self.boot().wait_ready()
        self.assertEqual(guest.run("echo well"), "well\n")
        self.assertRegex(guest.preload_in_use(), r"^guests: xstate_preload\.so is in use; .* [\d,]+ octets")
        guest.close()
        self.nothing_is_left()

    def test_killed_right_after_its_start(self):
        guest = self.boot()
        text = self.report(guest.wait_ready, self.killed(guest))
        self.assertIn("killed by SIGKILL", text)
        self.nothing_is_left()

    def test_killed_once_it_has_processes(self):
        guest = self.boot()
        children = pathlib.Path(f"/proc/{guest.process.pid}/task/{guest.process.pid}/children")
        deadline = time.monotonic() + PATIENCE
        while len(children.read_text().split()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        text = self.report(guest.wait_ready, self.killed(guest))
        self.assertIn("killed by SIGKILL", text)
        self.nothing_is_left()

    def test_killed_while_it_does_what_it_was_told(self):
        guest = self.boot().wait_ready()
        died = []
        threading.Timer(1, lambda: died.append(self.killed(guest))).start()
        text = self.report(lambda: guest.run("sleep 50", "sleep", 60), lambda: died[0])
        self.assertIn("during 'sleep': linux.uml killed by SIGKILL", text)
        self.assertIn("@ready", text)

    def test_its_init_does_not_exist(self):
        died = []

        def wait_for_its_end(pid):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            died.append(time.monotonic())
        with mock.patch.object(harness, "GUEST_DIR", pathlib.Path("/nonexistent")):
            guest = self.boot()
        watch = threading.Thread(target=wait_for_its_end, args=(guest.process.pid,))
        watch.start()
        text = self.report(guest.wait_ready, lambda: (watch.join(), died[0])[1])
        self.assertIn("Kernel panic - not syncing: Requested init /nonexistent/init failed", text)
        self.assertIn("its init cannot be run", text)
        self.nothing_is_left()

    def test_what_is_missing_is_named_with_the_remedy(self):
        with mock.patch.object(shutil, "which", return_value=None), self.assertRaises(harness.GuestError) as raised:
            self.boot()
        self.assertIn("scripts/deps test", str(raised.exception))
        nowhere = uml.BUILD / "tests" / "nowhere.so"
        with mock.patch.object(uml, "PRELOAD", nowhere), self.assertRaises(harness.GuestError) as raised:
            self.boot()
        self.assertIn(f"ninja -C {uml.BUILD} tests/nowhere.so", str(raised.exception))


class CauseTest(unittest.TestCase):
    """The last console lines of linux.uml for known causes of death."""

    def cause(self, status, *console):
        return uml.ending(status, list(console)).splitlines()[0]

    def test_causes(self):
        self.assertIn("needs ptrace", self.cause(1, "ptrace: Operation not permitted",
                                                 "check_ptrace : expected SIGSTOP, got status = 9"))
        self.assertIn("mounted noexec", self.cause(1, "Operation not permitted", "/dev/shm must be not mounted noexec"))
        self.assertIn("/dev/shm is full", self.cause(
            -signal.SIGABRT, "<3>Bus error - the host /dev/shm or /tmp mount likely just ran out of space",
            "<0>Kernel panic - not syncing: Kernel mode signal 7"))
        self.assertIn("does not get its memory", self.cause(
            1, "setup_physmem - mapping 150482944 bytes of memory at 0x(____ptrval____) failed - errno = -12"))
        self.assertIn("does not take its vector registers", self.cause(
            -signal.SIGABRT, "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
            "[<6004b1ca>] ? put_fp_registers+0x10/0x12", "[<60048839>] userspace+0xab/0x570"))
        self.assertIn("for lack of memory", self.cause(-signal.SIGKILL))

    def test_without_a_known_one(self):
        self.assertEqual(self.cause(3, "something else"), "linux.uml exited with 3")

    def test_a_trace_does_not_hide_what_was_said(self):
        trace = ["Stack:", "606944ba 607e7fcd 9dc43e40 6067bb96", "Call Trace:"] + ["[<606944ba>] ? _printk+0x0/0x94"] * 20
        self.assertEqual(uml.tail(["Kernel panic - not syncing: such", *trace]), "Kernel panic - not syncing: such")


if __name__ == "__main__":
    if os.geteuid() != 0 or shutil.which("linux.uml") is None or not os.path.exists("/dev/net/tun"):
        print("skipped: needs root, /dev/net/tun and user-mode-linux (scripts/deps test)", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
