# SPDX-License-Identifier: Apache-2.0
"""Runs adit-blast, and reads its results."""
import json
import subprocess

from harness import toml
from harness.build import BUILD

BLAST = BUILD / "app" / "adit-blast" / "adit-blast"
EAL = ("--", "--no-huge", "--no-shconf", "-m", "384")  # hugepages are for the lab


class Outcome:
    def __init__(self, status, output, report):
        self.status, self.output, self.report = status, output, report

    def phase(self, kind):
        return next(phase for phase in self.report["phases"] if phase["kind"] == kind)

    def __str__(self):
        return f"adit-blast exited with {self.status}\n{self.output}"


class BlastError(Exception):
    """adit-blast could not run at all, or did not end."""


def run(command, work_dir, name, settings, phases, while_it_runs=None, seconds=60):
    """`command` makes a command line run where adit-blast is to be. `settings` and `phases` are those of a scenario file,
    which stays in work_dir as NAME.toml beside NAME.json. `while_it_runs` is called again and again until it has ended."""
    scenario, report = work_dir / f"{name}.toml", work_dir / f"{name}.json"
    scenario.write_text(toml.dumps({**settings, "quiet": True, "json": str(report), "phase": phases}))
    with open(work_dir / f"{name}.out", "w+") as output:
        process = subprocess.Popen(command(BLAST, "run", scenario, *EAL), stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            _wait(process, while_it_runs, seconds)
        except subprocess.TimeoutExpired:
            raise BlastError(f"adit-blast still ran after {seconds} s; see {output.name}") from None
        finally:
            _end(process)
        output.seek(0)
        text = output.read()
    if not report.exists():
        raise BlastError(f"adit-blast exited with {process.returncode}\n{text}")
    return Outcome(process.returncode, text, json.loads(report.read_text()))


def _end(process):
    """It hangs up in order when asked to; its DPDK runtime directory is removed as well."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process, while_it_runs, seconds):
    if while_it_runs is None:
        process.wait(seconds)
        return
    for _ in range(seconds * 3):
        while_it_runs()
        try:
            process.wait(0.3)
            return
        except subprocess.TimeoutExpired:
            pass
    raise subprocess.TimeoutExpired(process.args, seconds)
