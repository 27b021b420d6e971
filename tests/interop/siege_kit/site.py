# SPDX-License-Identifier: Apache-2.0
"""Where a siege takes place: the lab's namespaces, and four more.

  adit-foe     street 192.0.2.66   the attacker, and 10.97.0.0/16: on the clients' bridge, that is, on port access0
  adit-sink    street 192.0.2.99   beside it: takes the control's packets, at an address that is not aditd's
  adit-blast   street 198.17.0.4   the calls under verified traffic, from 10.98.0.0/16; its core side is core1's
  adit-honest  street 198.17.0.5   honest dials, from 10.96.0.0/16
  adit-witness street 198.17.0.6   one more honest client, where an attack needs another kind

The last three have a bridge and a port of their own, access2, or share the attacker's. All dial the same address.
"""
import dataclasses
import subprocess
import sys

from harness.build import TOP
from harness.lab import SERVER, run
from harness.namespace import mac_of

FOE, FOES, SINK = "192.0.2.66", "10.97.0.0/16", "192.0.2.99"
PREFIXES = {"adit-blast": "10.98.0.0/16", "adit-honest": "10.96.0.0/16", "adit-foe": FOES}
HOSTS = {"adit-blast": 4, "adit-honest": 5, "adit-witness": 6, "adit-foe": 66, "adit-sink": 99}
MADE = ("adit-honest", "adit-witness", "adit-foe", "adit-sink")
SINK_PROGRAM = TOP / "tests" / "interop" / "assaults" / "programs" / "sink.py"


@dataclasses.dataclass(frozen=True)
class Target:
    """What an attack is aimed at."""
    address: str
    mac: bytes
    is_aditd: bool


class Site:
    def __init__(self, lab, one_port):
        """Requires the lab's namespaces."""
        self.lab, self._sink = lab, None
        self.remove()
        roles = [("access0", "access"), ("core0", "core"), ("core1", "core")]
        if not one_port:
            roles.append(("access2", "access"))
            self._lay_port()
        self.witness = "192.0.2.6" if one_port else "198.17.0.6"
        self.ports = [{"interface": name, "role": role} for name, role in roles]
        for namespace in HOSTS:
            apart = not one_port and namespace not in ("adit-foe", "adit-sink")
            self._lay(namespace, *(("br1", "198.17.0") if apart else ("br0", "192.0.2")))
        self.aditd = Target(SERVER, mac_of("adit-server", "access0"), True)
        self.sink = Target(SINK, mac_of("adit-sink", "street"), False)
        self._sink = subprocess.Popen(self.lab.command("adit-sink", sys.executable, SINK_PROGRAM), stdout=subprocess.PIPE,
                                      start_new_session=True)
        self._sink.stdout.readline()  # it listens

    @staticmethod
    def _veth(namespace, name, other, other_name):
        run("ip", "-n", namespace, "link", "add", name, "type", "veth", "peer", "name", other_name, "netns", other)
        for where, link in ((namespace, name), (other, other_name)):
            run("ip", "-n", where, "link", "set", link, "addrgenmode", "none")
            # As in scripts/lab: AF_XDP sees frames before offloads.
            run("ip", "netns", "exec", where, "ethtool", "-K", link, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
            run("ip", "-n", where, "link", "set", link, "up")

    def _lay_port(self):
        run("ip", "-n", "adit-clients", "link", "add", "br1", "type", "bridge")
        run("ip", "-n", "adit-clients", "link", "set", "br1", "up")
        self._veth("adit-server", "access2", "adit-clients", "lane")
        run("ip", "-n", "adit-clients", "link", "set", "lane", "master", "br1")
        run("ip", "-n", "adit-server", "addr", "add", "198.17.0.1/24", "dev", "access2")

    def _lay(self, namespace, bridge, network):
        """A namespace with its street to a bridge, and its addresses."""
        if namespace in MADE:
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        address, bridge_end = f"{network}.{HOSTS[namespace]}", f"to-{namespace[5:]}"
        self._veth(namespace, "street", "adit-clients", bridge_end)
        run("ip", "-n", "adit-clients", "link", "set", bridge_end, "master", bridge)
        run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", "street")
        if bridge == "br1":
            run("ip", "-n", namespace, "route", "add", SERVER, "via", f"{network}.1")
        if namespace in PREFIXES:
            run("ip", "-n", "adit-server", "route", "replace", PREFIXES[namespace], "via", address)
        if namespace == "adit-foe":  # adit-blast does this itself
            run("ip", "-n", namespace, "route", "add", "local", FOES, "dev", "lo")

    def remove(self):
        """What a killed run left, too; the lab goes by itself."""
        if self._sink is not None:
            self._sink.kill()
            self._sink.wait()
            self._sink = None
        for namespace, link in (("adit-blast", "street"), ("adit-server", "access2"), ("adit-clients", "br1")):
            subprocess.run(["ip", "-n", namespace, "link", "del", link], capture_output=True)
        for namespace in MADE:
            pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True).stdout.split()
            subprocess.run(["kill", "-KILL", *pids], capture_output=True) if pids else None
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
