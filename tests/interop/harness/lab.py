# SPDX-License-Identifier: Apache-2.0
"""The lab as the cases use it: scripts/lab, aditd with a case's config, `adit`, and aditd's log."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import tomllib

from harness import toml
from harness.bridge import Bridge
from harness.build import LAB, TOP

RUN_DIR = pathlib.Path("/run/adit-lab")
BASE_CONFIG = TOP / "tests" / "interop" / "lab.toml"
SERVER = "192.0.2.1"
CORE = "198.51.100.2"


class LabError(Exception):
    """A step in the lab failed; says which, with its output."""


def run(*arguments, seconds=60):
    """Runs a host command to its end and returns its output."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=seconds, errors="replace")
    if done.returncode != 0:
        raise LabError(f"{' '.join(map(str, arguments))} exited with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def merged(base, changes):
    """`base` overridden by `changes`, table by table; a value of None removes the key."""
    result = dict(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


class Lab:
    def __init__(self, work_dir):
        self.work_dir = pathlib.Path(work_dir)
        self.bridge = Bridge("adit-clients")  # for the guests
        self._changes = None  # differences between the running aditd's config and lab.toml

    @staticmethod
    def command(namespace, *arguments):
        """The command line that runs `arguments` in a namespace of the lab."""
        return [LAB, "exec", namespace, "--", *map(str, arguments)]

    def make_namespaces(self):
        run(LAB, "up", "--bare")

    def serve(self, changes, restart=False):
        """Makes aditd run with lab.toml and `changes`; restarts it only if its config differs."""
        if changes == self._changes and not restart:
            return
        config = self.write_config(changes)
        run(LAB, "up", "--config", str(config))
        self._changes = changes

    def write_config(self, changes):
        """What the running aditd reads at `adit reload`; the next case gets a config of its own."""
        config = self.work_dir / "aditd.toml"
        config.write_text(toml.dumps(merged(tomllib.loads(BASE_CONFIG.read_text()), changes)))
        self._changes = None
        return config

    def stop(self):
        """SIGTERM; returns aditd's exit code."""
        self._changes = None
        return subprocess.run([LAB, "stop"], capture_output=True, timeout=60).returncode

    @staticmethod
    def pid():
        """aditd's pid, while it runs."""
        try:
            pid = int((RUN_DIR / "aditd.pid").read_text())
            return pid if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "aditd" else None
        except (OSError, ValueError):
            return None

    def kill(self):
        """Like a crash."""
        self._changes = None
        if (pid := self.pid()) is not None:
            os.kill(pid, signal.SIGKILL)
            while self.pid() is not None:
                time.sleep(0.05)

    def down(self):
        self._changes = None
        run(LAB, "down")

    def inside(self, namespace, *arguments, seconds=60):
        return run(*self.command(namespace, *arguments), seconds=seconds)

    def in_core(self, *arguments, seconds=60):
        return self.inside("adit-core", *arguments, seconds=seconds)

    def in_server(self, *arguments):
        return self.inside("adit-server", *arguments)

    def adit(self, *arguments):
        """`adit ARGUMENTS --json`, parsed."""
        return json.loads(run(*self.command("adit-server", "adit", *arguments, "--json")))

    def log(self):
        path = RUN_DIR / "aditd.log"
        return path.read_text(errors="replace") if path.exists() else ""
