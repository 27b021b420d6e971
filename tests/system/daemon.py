# SPDX-License-Identifier: Apache-2.0
"""What the tests of a real aditd share: a network namespace of the test's own, a configuration that is right there, an aditd
that is started, asked and stopped. Not a test itself."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PREFIX = "adit-cfg-"
SPACE = f"{PREFIX}{os.getpid()}"
EAL = ("--", "--no-huge", "--no-shconf", "-m", "448")
TIMEOUT = 40  # seconds to wait for what must come; a loaded machine is slow

CONFIG = """
[[port]]
interface = "access1"
role = "access"
driver = "af_packet"
[[port]]
interface = "core1"
role = "core"
driver = "af_packet"
[core]
workers = 1
user = "root"
[common]
max-sessions = 100
[pptp]
bind = ["198.18.0.1"]
[[ip-pool]]
ranges = ["10.64.0.2-10.64.0.254"]
[ip]
gw-ip-address = "10.64.0.1"
[chap-secrets]
chap-secrets = "{work}/chap-secrets"
[radius]
spool = "{work}/spool"
[cli]
socket = "{work}/adit.sock"
[log]
log-file = "{work}/log/adit.log"
"""


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


def inside(*words):
    return ["ip", "netns", "exec", SPACE, *map(str, words)]


def remove_namespaces():
    """Ours, and those of runs that were killed: the process in the name is gone."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        if name.startswith(PREFIX):
            pid = int(name[len(PREFIX):])
            if pid == os.getpid() or not os.path.exists(f"/proc/{pid}"):
                ip("netns", "del", name, check=False)


def make_namespace():
    ip("netns", "add", SPACE)
    ip("-n", SPACE, "link", "set", "lo", "up")
    for side, network in (("access", "198.18.0"), ("core", "198.19.0")):
        ip("-n", SPACE, "link", "add", f"{side}1", "type", "veth", "peer", "name", side)
        for link in (f"{side}1", side):
            ip("-n", SPACE, "link", "set", link, "up")
        ip("-n", SPACE, "addr", "add", f"{network}.1/24", "dev", f"{side}1")
    ip("-n", SPACE, "link", "add", "spare1", "type", "veth", "peer", "name", "spare")  # which stay down


class Daemon(unittest.TestCase):
    """An aditd of `self.text` in `self.work`; ADITD and ADIT are the programs."""
    ADITD = ADIT = ""

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX))
        self.addCleanup(shutil.rmtree, self.work)
        (self.work / "chap-secrets").write_text("alice * one *\nbob * two *\n")
        (self.work / "chap-secrets").chmod(0o600)
        (self.work / "log").mkdir()
        self.config, self.log = self.work / "adit.toml", self.work / "log" / "adit.log"
        self.text = CONFIG.format(work=self.work)
        self.aditd = None
        self.addCleanup(self.end)

    def write(self, text):
        self.config.write_text(text)
        self.config.chmod(0o600)

    def end(self):
        if self.aditd is not None and self.aditd.poll() is None:
            self.aditd.kill()
            self.aditd.wait()

    def check(self):
        return subprocess.run(inside(self.ADITD, "--config", self.config, "--check"), capture_output=True, text=True, timeout=TIMEOUT)

    def launch(self):
        with open(self.work / "stderr", "w") as stderr:
            self.aditd = subprocess.Popen(inside(self.ADITD, "--config", self.config, *EAL), stdin=subprocess.DEVNULL, stdout=stderr,
                                          stderr=stderr)

    def start(self):
        self.launch()
        self.until("aditd is ready", lambda: "event=started" in self.logged() and (self.work / "adit.sock").exists())

    def logged(self):
        return self.log.read_text() if self.log.exists() else ""

    def until(self, what, probe):
        deadline = time.monotonic() + TIMEOUT
        while not (result := probe()):
            if time.monotonic() > deadline or self.aditd.poll() is not None:
                self.fail(f"{what}: never\n{self.logged()[-3000:]}{(self.work / 'stderr').read_text()[-3000:]}")
            time.sleep(0.1)
        return result

    def adit(self, *words):
        return subprocess.run([self.ADIT, "--socket", self.work / "adit.sock", *words], capture_output=True, text=True, timeout=TIMEOUT)

    def json(self, *words):
        done = self.adit(*words, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def stop(self):
        self.aditd.send_signal(signal.SIGTERM)
        self.assertEqual(self.aditd.wait(TIMEOUT), 0, self.logged()[-3000:])
        self.assertNotIn("system_call_refused", self.logged())


def run_tests(programs):
    """unittest.main() in a namespace. `programs`: what takes the words of the command line, before unittest's own."""
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    for take in programs:
        take(os.path.abspath(sys.argv.pop(1)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # meson's timeout: the clean-up still runs
    remove_namespaces()
    make_namespace()
    try:
        unittest.main(verbosity=2)
    finally:
        remove_namespaces()
