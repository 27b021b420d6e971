#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""adit.service and adit-exporter.service as systemd judges them: their exposure, 0 to 10, and what they grant.
    service_test.py UNIT ADITD PACKAGING SOURCE_OF_privileges EXPORTER_UNIT EXPORTER     ADITD, EXPORTER: where it is installed
Skipped (exit 77) without systemd-analyze.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

UNIT = ADITD = PACKAGING = PRIVILEGES = EXPORTER_UNIT = EXPORTER = None
EXPOSURE = 2.0
EXPORTER_EXPOSURE = 1.1


class ServiceTest(unittest.TestCase):
    def test_exposure(self):
        """Fails above 2.0, and names what counts."""
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE * 10:.0f}", UNIT],
                              capture_output=True, text=True)
        self.assertRegex(done.stdout, r"Overall exposure level for adit.service: \d")
        self.assertEqual(done.returncode, 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("✓")))

    def values(self, key):
        return [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(key + "=")]

    def test_it_starts_what_is_installed(self):
        """Whatever the prefix: a unit that names another place starts nothing, or an older aditd."""
        started = self.values("ExecStartPre") + self.values("ExecStart")
        self.assertEqual([command.lstrip("+").split()[0] for command in started], [ADITD] * 2)
        self.assertNotIn("--check", " ".join(started), "it would end the start before a line of it is in the log file")

    def test_root_keeps_what_systemd_grants(self):
        """Both ways to start aditd lead to the same capabilities."""
        kept = re.findall(r'Capability\{CAP_\w+, "(CAP_\w+)"\}', PRIVILEGES.read_text())
        self.assertGreater(len(kept), 0)
        self.assertEqual(self.values("CapabilityBoundingSet"), [" ".join(kept)])
        self.assertEqual(self.values("AmbientCapabilities"), [" ".join(kept)])

    def test_no_crash_is_the_last(self):
        self.assertEqual(self.values("Restart"), ["always"])
        self.assertEqual(self.values("RestartPreventExitStatus"), ["0"], "adit shutdown is no crash")
        self.assertEqual(self.values("StartLimitIntervalSec"), ["0"])

    def test_a_log_file_has_a_place(self):
        """Under ProtectSystem=strict there is no other."""
        self.assertEqual(self.values("LogsDirectory"), ["adit"])
        self.assertIn("/var/log/adit/adit.log", (PACKAGING / "adit.toml").read_text())

    def test_every_key_is_one_of_systemds(self):
        for drop_in in (None, "adit-dpdk.conf", "adit-af-packet.conf"):
            with self.subTest(drop_in), tempfile.TemporaryDirectory() as place:
                unit = pathlib.Path(place) / "adit.service"
                unit.write_text(UNIT.read_text().replace(ADITD, "/bin/true"))  # aditd is not installed here
                if drop_in:
                    (unit.parent / "adit.service.d").mkdir()
                    shutil.copy(PACKAGING / drop_in, unit.parent / "adit.service.d" / drop_in)
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
                self.assertEqual([line for line in done.stderr.splitlines() if "adit" in line], [])
                self.assertEqual(done.returncode, 0, done.stderr)


class ExporterServiceTest(unittest.TestCase):
    """It serves strangers' browsers, so it may do next to nothing."""

    def test_exposure(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={EXPORTER_EXPOSURE * 10:.0f}",
                               EXPORTER_UNIT], capture_output=True, text=True)
        self.assertRegex(done.stdout, r"Overall exposure level for adit-exporter.service: \d")
        self.assertEqual(done.returncode, 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("✓")))

    def test_it_starts_what_is_installed(self):
        text = EXPORTER_UNIT.read_text()
        self.assertIn(f"\nExecStart={EXPORTER}\n", text)
        self.assertIn("\nDynamicUser=yes\n", text)
        for place in ("/etc/adit", "/run/adit/adit.sock"):
            self.assertRegex(text, rf"\nInaccessiblePaths=.*-{place}( |\n)")

    def test_every_key_is_one_of_systemds(self):
        with tempfile.TemporaryDirectory() as place:
            unit = pathlib.Path(place) / "adit-exporter.service"
            unit.write_text(EXPORTER_UNIT.read_text().replace(EXPORTER, "/bin/true"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
            self.assertEqual((done.returncode, [line for line in done.stderr.splitlines() if "adit" in line]), (0, []))


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: no systemd-analyze; it is in Debian's package systemd")
        sys.exit(77)
    UNIT, ADITD, PACKAGING, PRIVILEGES, EXPORTER_UNIT, EXPORTER = (pathlib.Path(sys.argv.pop(1)) for _ in range(6))
    ADITD, EXPORTER = str(ADITD), str(EXPORTER)
    unittest.main(verbosity=2)
