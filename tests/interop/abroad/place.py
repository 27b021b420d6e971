# SPDX-License-Identifier: Apache-2.0
"""Where adit-blast meets an independent server: one network namespace, one bridge, one guest.

    adit-foreign                                              the guest, a kernel of its own
      adit-blast's access 192.0.2.9  ---+
      (and 10.99.0.0/16, its clients)   +- br0 - tap ------- eth0 192.0.2.1, 198.19.0.1
      adit-blast's core   198.19.0.2 ---+
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from harness.bridge import Bridge

NAMESPACE = "adit-foreign"
SERVER, CORE_GATEWAY = "192.0.2.1", "198.19.0.1"
ACCESS, CORE, CLIENTS = "192.0.2.9", "198.19.0.2", "10.99.0.0/16"
TO_SERVER = {"server": SERVER, "access": "access", "clients": CLIENTS}
WITH_CORE = {"core": "core", "core-address": CORE}


class PlaceError(Exception):
    """The namespace could not be made; says what failed."""


def _run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise PlaceError(f"{' '.join(words)} exited with {done.returncode}\n{done.stderr}")


class Place:
    def __init__(self):
        self.bridge = Bridge(NAMESPACE)

    def up(self, pool):
        """`pool`: the prefix from which the server gives addresses to its clients."""
        _run("ip", "netns", "add", NAMESPACE)
        # Both sides are on one machine and one bridge: each must answer ARP for its own address only.
        self._run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv6.conf.all.disable_ipv6=1",
                  "net.ipv6.conf.default.disable_ipv6=1")
        self._ip("link", "set", "lo", "up")
        self._ip("link", "add", self.bridge.name, "type", "bridge")
        self._ip("link", "set", self.bridge.name, "up")
        self._add_port("access", ACCESS)
        self._add_port("core", CORE)
        self._ip("route", "add", pool, "via", CORE_GATEWAY, "dev", "core")

    def _add_port(self, name, address):
        plug = f"{name}-br"
        self._ip("link", "add", name, "type", "veth", "peer", "name", plug)
        for end in (name, plug):  # as in scripts/lab: AF_XDP sees frames before offloads
            self._run("ethtool", "-K", end, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
            self._ip("link", "set", end, "up")
        self._ip("link", "set", plug, "master", self.bridge.name)
        self._ip("addr", "add", f"{address}/24", "dev", name)

    def _ip(self, *words):
        _run("ip", "-n", NAMESPACE, *words)

    def _run(self, *words):
        _run(*self.bridge.command(*words))

    @contextlib.contextmanager
    def capture(self, file):
        """Captures everything that crosses the bridge within this block."""
        tcpdump = subprocess.Popen(
            self.bridge.command("tcpdump", "-i", self.bridge.name, "-s", "0", "-B", "16384", "-U", "-w", file),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            tcpdump.stderr.readline()  # it is capturing
            yield
        finally:
            tcpdump.terminate()
            tcpdump.wait()

    def down(self):
        """Also removes what a killed run left behind: whatever still runs in the namespace is ours."""
        if not pathlib.Path("/run/netns", NAMESPACE).exists():
            return
        for _ in range(50):
            pids = subprocess.run(["ip", "netns", "pids", NAMESPACE], capture_output=True, text=True).stdout.split()
            if not pids:
                break
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)
        _run("ip", "netns", "del", NAMESPACE)
