# SPDX-License-Identifier: Apache-2.0
"""Two boxes: an aditd each, sharing a FreeRADIUS with PostgreSQL, and a BIRD each, which tell a third BIRD in the core
which box has a subscriber."""
import contextlib
import json
import os
import signal
import subprocess
import time
import tomllib

from harness import toml
from harness.build import BUILD
from harness.lab import BASE_CONFIG, RUN_DIR, LabError, merged, run
from harness.postgres import postgres
from harness.radius import config, freeradius

ADITD = BUILD / "app" / "aditd" / "aditd"
CORE_AS = 64510
POOL = "10.90.0.0/20"
USERS = """
DEFAULT Cleartext-Password := "blast", Pool-Name := "main", Simultaneous-Use := 1
"""
BIRD = """
log "{work}/{name}.log" all;
router id {router};
protocol device {{ scan time 1; }}
protocol kernel {{ learn; scan time 1; ipv4 {{ import {imports}; export {exports}; }}; }}
"""
NEIGHBOUR = """
protocol bgp box{number} {{ local {address} as {own}; neighbor {peer} as {other}; connect retry time 1; connect delay time 1;
  ipv4 {{ import all; next hop self; export where net ~ [ {pool}+ ]; }}; }}
"""


class Box:
    """`network`: the first three octets of the network between it and the core."""

    def __init__(self, lab, number, namespace, address, network):
        self.lab, self.number, self.namespace, self.address = lab, number, namespace, address
        self.core, self.peer, self.own_as = f"{network}.1", f"{network}.2", CORE_AS + number
        self.socket, self.log = RUN_DIR / f"box{number}.sock", lab.work_dir / f"box{number}.log"
        self.aditd = self.bird = None
        self._kept_routes = []
        self.log.unlink(missing_ok=True)
        changes = config(**{"nas-identifier": f"box{number}", "spool": str(RUN_DIR / f"accounting{number}")})
        changes["auth"]["methods"] = ["mschap-v2"]
        # This pool makes room for the addresses that RADIUS gives; none is taken from it here.
        changes |= {"pptp": {"bind": [address]}, "cli": {"socket": str(self.socket)}, "routes": {"announce": "subscribers"},
                    "ip-pool": [{"name": "radius", "ranges": [POOL]}], "log": {"level": "info"}, "dpdk": {"hugepages": "never"}}
        self.config = lab.work_dir / f"box{number}.toml"
        self.config.write_text(toml.dumps(merged(tomllib.loads(BASE_CONFIG.read_text()), changes)))

    def _spawn(self, *command):
        with open(self.log, "a") as log:
            return subprocess.Popen(self.lab.command(self.namespace, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    start_new_session=True)

    def start(self):
        self.aditd = self._spawn(ADITD, "--config", self.config)
        work, name = self.lab.work_dir, f"bird{self.number}"
        text = BIRD.format(work=work, name=name, router=self.core, imports="where krt_source = 77", exports="none")
        text += NEIGHBOUR.format(number=self.number, address=self.core, own=self.own_as, peer=self.peer, other=CORE_AS, pool=POOL)
        (work / f"{name}.conf").write_text(text)
        self.bird = self._spawn("bird", "-f", "-c", work / f"{name}.conf", "-s", work / f"{name}.ctl")
        deadline = time.monotonic() + 20
        while not run(*self.lab.command(self.namespace, "ss", "-Hltn", "sport = :1723")):
            if self.aditd.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"box {self.number} does not come up:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def adit(self, *arguments):
        return json.loads(run(*self.lab.command(self.namespace, "adit", "--socket", self.socket, *arguments, "--json")))

    def addresses(self):
        """The address of each user whose session is up."""
        return {session["username"]: session["ip"] for session in self.adit("show", "sessions")["sessions"]}

    def _links(self, state):
        for link in ("access0", "core0"):
            run(*self.lab.command(self.namespace, "ip", "link", "set", link, state))

    def power_cut(self):
        """A power cut: its processes send nothing more, and no packet leaves."""
        self._kept_routes = [words for words in map(str.split, run(*self.lab.command(self.namespace, "ip", "route", "show")).splitlines())
                             if "via" in words]
        self._links("down")
        for pid in run("ip", "netns", "pids", self.namespace).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for process in (self.aditd, self.bird):
            process.wait(10)
        run(*self.lab.command(self.namespace, "ip", "route", "flush", "proto", "77"))  # a booting kernel has none

    def power_on(self):
        self._links("up")
        for words in self._kept_routes:  # the kernel dropped them with the links
            run(*self.lab.command(self.namespace, "ip", "route", "replace", *words))
        self.start()

    def stop(self):
        """In order: aditd drains while BIRD can still withdraw routes."""
        for process in (self.aditd, self.bird):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Boxes:
    def __init__(self, lab, database, server):
        self.lab, self.database, self.server = lab, database, server
        self.first = Box(lab, 1, "adit-server", "192.0.2.5", "198.51.100")
        self.second = Box(lab, 2, "adit-server2", "192.0.2.6", "203.0.113")
        self.all = (self.first, self.second)

    def start_core_bird(self):
        work = self.lab.work_dir
        text = BIRD.format(work=work, name="bird-core", router="198.51.100.2", imports="none", exports="all")
        for box in self.all:
            text += NEIGHBOUR.format(number=box.number, address=box.peer, own=CORE_AS, peer=box.core, other=box.own_as, pool=POOL)
        (work / "bird-core.conf").write_text(text)
        return subprocess.Popen(self.lab.command("adit-core", "bird", "-f", "-c", work / "bird-core.conf", "-s", work / "bird-core.ctl"),
                                stdin=subprocess.DEVNULL, start_new_session=True)

    def bury(self, box):
        """What somebody who sees a box die tells the database: its sessions no longer count, and its addresses are free. Their
        records stay open, for the Stops in its spool."""
        self.database.rows(f"insert into nasreload values ('{box.address}', now()) on conflict (nasipaddress) do update set reloadtime = now()")
        self.database.rows(f"update radippool set expiry_time = now() - interval '1 second' where nasipaddress = '{box.address}'")

    def routes(self):
        """The core kernel's subscriber routes: address to next hop."""
        lines = run(*self.lab.command("adit-core", "ip", "route", "show", "proto", "bird")).splitlines()
        return {words[0]: words[2] for words in map(str.split, lines) if len(words) > 2}


@contextlib.contextmanager
def two_boxes(lab):
    """Requires `scripts/lab up --boxes 2 --bare`."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgres(lab))
        server = stack.enter_context(freeradius(lab, USERS, database))
        boxes = Boxes(lab, database, server)
        core = boxes.start_core_bird()
        stack.callback(lambda: (core.terminate(), core.wait(10)))
        for box in boxes.all:
            stack.callback(box.stop)
            box.start()
        yield boxes
