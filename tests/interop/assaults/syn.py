# SPDX-License-Identifier: Apache-2.0
"""SYNs: to 1723 and to other ports, through the kernel, and through a port of DPDK's over which a real BIRD holds a BGP session."""
import contextlib
import struct

from assaults.assault import SOURCE, assault, each_pass, ipv4, random
from cases.nic import blind, nic
from harness.case import until
from harness.lab import SERVER, run
from siege_kit.site import FOE

TCP = 6
SOURCE_PORT, PORT = 34, 36
ABSENT, FOE_NETWORK, PEER = "10.94.0.0/16", "10.97.0.0/16", "192.0.2.2"
BIRD = """
log "{work}/{name}.log" all;
router id {address};
protocol device {{ scan time 1; }}
protocol bgp peer {{ local {address} as {own}; neighbor {peer} as {other}; connect retry time 1; connect delay time 1;
  hold time 6; keepalive time 2; ipv4 {{ import all; export none; }}; }}
"""


def syn(source, target, port):
    return ipv4(source, target, struct.pack("!HHIIBBHHH", 40_000, port, 1, 0, 0x50, 0x02, 65535, 0, 0), TCP)


def silent_sources(siege):
    """Addresses behind the attacker that answer nothing: what is half open stays so."""
    run("ip", "-n", "adit-server", "route", "replace", ABSENT, "via", FOE)


@contextlib.contextmanager
def kernels(siege, settings):
    siege.serve(settings)
    silent_sources(siege)
    yield list


class Bgp:
    """A BIRD at either end of the attacked port; what was up must be the same session in the end."""

    def __init__(self, lab):
        self.lab, self.work = lab, lab.work_dir
        ends = (("adit-server", "bird-here", SERVER, PEER, 64501, 64502), ("adit-clients", "bird-there", PEER, SERVER, 64502, 64501))
        self.ends = [(namespace, name) for namespace, name, *_ in ends]
        for namespace, name, address, peer, own, other in ends:
            config = self.work / f"{name}.conf"
            (self.work / f"{name}.log").unlink(missing_ok=True)  # of an earlier attack, which ended with a shutdown
            config.write_text(BIRD.format(work=self.work, name=name, address=address, peer=peer, own=own, other=other))
            run(*lab.command(namespace, "bird", "-c", config, "-s", self.work / f"{name}.ctl", "-P", self.work / f"{name}.pid"))
        until("BGP is established", self.up, 20)

    def ask(self, end, *words):
        namespace, name = self.ends[end]
        return run(*self.lab.command(namespace, "birdc", "-s", self.work / f"{name}.ctl", *words))

    def up(self):
        return "Established" in self.ask(0, "show", "protocols", "peer")

    def ended(self):
        """Sessions that ended, by the logs of both."""
        lines = [line for _, name in self.ends for line in (self.work / f"{name}.log").read_text().splitlines()]
        return [line.partition("> ")[2] for line in lines if "peer: " in line and ("Error" in line or "Received: " in line or "closed" in line)]

    def stop(self):
        for end in range(len(self.ends)):
            with contextlib.suppress(Exception):
                self.ask(end, "down")


class World:
    def __init__(self, lab):
        self.lab = lab


@contextlib.contextmanager
def dpdks_with_bgp(siege, settings):
    """access0 is DPDK's: the kernel reaches its network by our TAP interface alone."""
    ports = [nic(0, "access0", "access", name="wan"), *(port for port in siege.site.ports if port["interface"] != "access0")]
    with blind(World(siege.lab), ("access0", f"{SERVER}/24")):
        bgp = None
        try:
            siege.serve({**settings, "port": ports})
            run("ip", "-n", "adit-server", "addr", "add", f"{SERVER}/24", "dev", "wan")
            run("ip", "-n", "adit-server", "route", "replace", FOE_NETWORK, "via", FOE)
            silent_sources(siege)
            bgp = Bgp(siege.lab)

            def wrong():
                ended = bgp.ended()
                return [f"BGP ended: {'; '.join(ended[:3])}"] if ended or not bgp.up() else []
            yield wrong
        finally:
            if bgp:
                bgp.stop()
    run("ip", "-n", "adit-server", "route", "replace", FOE_NETWORK, "via", FOE)


def flood(field, *ports, sources="10.94.0.1"):
    return field.flood([syn(sources, field.target.address, port) for port in ports], each_pass(SOURCE, 4, 1, 60_000), random(SOURCE_PORT, 2))


@assault("SYNs to 1723 from 60,000 addresses that answer nothing", place=kernels)
def kernels_1723(field):
    return flood(field, 1723)


@assault("SYNs to 1723, on a port of DPDK's with BGP", brief=True, place=dpdks_with_bgp)
def dpdks_1723(field):
    return flood(field, 1723)


@assault("SYNs to every other port, on a port of DPDK's with BGP", place=dpdks_with_bgp)
def dpdks_others(field):
    return field.flood([syn("10.94.0.1", field.target.address, port) for port in range(1, 1700) if port != 179],
                       each_pass(SOURCE, 4, 1, 60_000), random(SOURCE_PORT, 2))


@assault("SYNs to 179, on a port of DPDK's with BGP", place=dpdks_with_bgp)
def dpdks_179(field):
    return flood(field, 179)


@assault("UDP and ICMP, on a port of DPDK's with BGP", place=dpdks_with_bgp)
def dpdks_rest(field):
    packets = [ipv4("10.94.0.1", field.target.address, struct.pack("!HHHH", 1, 9, 24, 0) + bytes(16), 17),
               ipv4("10.94.0.1", field.target.address, b"\x08\x00\xf7\xff" + bytes(4), 1)]
    return field.flood(packets, each_pass(SOURCE, 4, 1, 60_000))
