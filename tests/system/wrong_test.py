#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What operators get wrong, and what they are told: the rows of wrong_cases.py and foreign_cases.py. A configuration: `aditd --check` names file, line,
key, value and remedy in one line, the start says the same, and what the check calls good starts. A command: its exit code, and
what it says on which stream. Needs root; exit 77 (skipped) otherwise.
    wrong_test.py PATH_OF_aditd PATH_OF_adit PATH_OF_adit-blast [unittest arguments]
"""
import json
import os
import re
import subprocess

from daemon import TIMEOUT, Daemon, inside, run_tests
from foreign_cases import FOREIGN
from wrong_cases import COMMANDS, CONFIGS

# file:line:column: section.key: value "x": what is wrong; what to do
LINE = re.compile(r'(?P<file>[^:]+):((?P<line>\d+):\d+:)?(?P<warning> warning:)? (?P<key>[\w.-]+|config file): (value .+?: )?.+; .+')
LOGGED = re.compile(r'level=warning event=config problem="(.*)"$', re.MULTILINE)


class WrongTest(Daemon):
    BLAST = ""

    def lay_out(self, case):
        """The case's files, in this test's directory."""
        for name in ("log", "chap-secrets", "adit.toml", "stderr"):
            file = self.work / name
            subprocess.run(["rm", "-rf", str(file)], check=True)
        (self.work / "log").mkdir()
        for name, content in {"chap-secrets": "alice * one *\nbob * two *\n", **case.files}.items():
            file = self.work / name
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            file.chmod(0o600)
        text = case.text(self.text)
        octets = text if isinstance(text, bytes) else text.encode()
        self.config.write_bytes(octets.replace(b"{work}", str(self.work).encode()))
        self.config.chmod(0o600)
        for name, mode in case.modes.items():
            (self.work / name).chmod(mode)
        for name in case.gone:
            (self.work / name).unlink()

    def hold_lines(self, lines, case):
        for line in lines:
            match = LINE.fullmatch(line)
            self.assertTrue(match, f"not as all problems are told: {line}")
            self.assertEqual(match["file"], str(self.config))
        for text in case.says:
            self.assertTrue(any(text.replace("{work}", str(self.work)) in line for line in lines),
                            f"{text!r} is in none of\n" + "\n".join(lines))
        self.assertEqual(bool(lines), bool(case.says), "nothing is told without a cause")

    def hold_start(self, code, checked):
        """The start says what the check said: in its log if it comes up, else on standard error too."""
        if code == 0:
            self.start()
            self.aditd.terminate()
            self.assertEqual(self.aditd.wait(TIMEOUT), 0, self.logged()[-2000:])
            logged = [re.sub(r"\\(.)", r"\1", problem) for problem in LOGGED.findall(self.logged())]
            self.assertEqual(logged, checked)
            return
        self.launch()
        self.assertEqual(self.aditd.wait(TIMEOUT), {1: 1, 3: 2}[code])
        said = (self.work / "stderr").read_text().splitlines()
        if code == 1:
            self.assertEqual(said, checked)
        for line in checked:
            self.assertTrue(any(line.replace(" warning:", "") in one.replace(" warning:", "") for one in said + [self.plain_log()]), line)

    def plain_log(self):
        return re.sub(r"\\(.)", r"\1", self.logged())

    def hold_config(self, case):
        self.lay_out(case)
        checked = self.check()
        lines = checked.stderr.splitlines()
        self.assertEqual(checked.returncode, case.code, checked.stdout + checked.stderr)
        self.hold_lines(lines, case)
        self.assertEqual(": good; " in checked.stdout, case.code == 0)
        if case.users is not None:
            self.assertIn(f"users in chap-secrets: {case.users};", checked.stdout)
        if case.starts:
            self.hold_start(case.code, lines)

    def test_configurations(self):
        for case in CONFIGS:
            with self.subTest(case.what):
                self.hold_config(case)

    def test_files_of_others(self):
        for case in FOREIGN:
            with self.subTest(case.what):
                self.hold_config(case)

    def hold_command(self, case):
        programs = {"adit": [self.ADIT, "--socket", case.socket], "adit-blast": [self.BLAST], "aditd": [self.ADITD]}
        program, *words = case.words
        command = [word.replace("{work}", str(self.work)) for word in programs[program] + words]
        command = inside(*command) if case.user is None else command
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ADIT")}
        done = subprocess.run(command, input=case.input, capture_output=True, text=True, timeout=TIMEOUT, env=environment,
                              user=case.user, group=case.user)
        self.assertEqual(done.returncode, case.code, done.stdout + done.stderr)
        for stream, texts in (("stdout", case.out), ("stderr", case.err)):
            said = getattr(done, stream)
            for text in texts:
                self.assertIn(text.replace("{work}", str(self.work)), said)
            self.assertEqual(bool(said), bool(texts), f"on {stream}: {said}")
        if "--json" in words and program == "adit":
            self.assertEqual(json.loads(done.stdout)["exit_code"], case.code)

    def test_commands(self):
        self.write(self.text)
        self.start()
        self.work.chmod(0o755)  # so that nobody comes as far as the socket
        for name, content in (("half.json", '{"plan": '), ("other.json", '{"colour": 1}')):
            (self.work / name).write_text(content)
        for case in COMMANDS:
            with self.subTest(case.what):
                self.write(case.config(self.text))
                if case.gone:
                    (self.work / case.gone).unlink()
                self.hold_command(case)
                (self.work / "chap-secrets").write_text("alice * one *\n")
        self.assertIsNone(self.aditd.poll(), "no wrong command ends aditd")
        self.stop()


if __name__ == "__main__":
    run_tests([lambda path: setattr(Daemon, "ADITD", path), lambda path: setattr(Daemon, "ADIT", path),
               lambda path: setattr(WrongTest, "BLAST", path)])
