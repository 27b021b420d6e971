# SPDX-License-Identifier: Apache-2.0
"""From inside: what a subscriber may send, too much of it, and what none may."""
import contextlib
import ipaddress
import random as numbers
import subprocess
import threading

from assaults import ipv6
from assaults.assault import PAYLOAD, SEQUENCE, assault, each_pass, ipv4
from assaults.clear_call import ClearCall
from assaults.ipv6_call import DELEGATED, IP6, LINKS, POOLS, Ipv6Call
from assaults.ipv6_witness import CORE6, MARK, amid
from assaults.sweeps import IPCP, KINDS, LCP, PPP, control
from attacks.gre import checksum
from harness.lab import CORE

IP = PPP + b"\x00\x21"
ICMP, UDP = 1, 17
GATEWAY = "10.64.0.1"


def echo(length=56, number=1):
    head, body = b"\0\1" + number.to_bytes(2, "big"), bytes(length)
    return b"\x08\x00" + checksum(b"\x08\x00\0\0" + head + body).to_bytes(2, "big") + head + body


def addresses(prefix, most=1000):
    hosts = list(ipaddress.ip_network(prefix).hosts())
    return list(map(str, numbers.Random(7).sample(hosts, most) if len(hosts) > most else hosts))


def flood_by(insider, field, payloads, *rules):
    """On a call that ends with the flood."""
    running = field.flood(insider.frames(payloads), each_pass(SEQUENCE, 4, len(payloads)), *rules)
    running.at_end = insider.close
    return running


def from_inside(field, make):
    """`make` gets the attacker's address and returns PPP frames."""
    insider = ClearCall(field.target)
    return flood_by(insider, field, make(insider.address))


def from_inside_6(field, make, *rules):
    """`make` gets the attacker's call and returns IPv6 packets."""
    insider = Ipv6Call(field.target)
    return flood_by(insider, field, [IP6 + packet for packet in make(insider)], *rules)


@contextlib.contextmanager
def forgetful(siege, settings):
    """The core's host, to which the calls send, must be resolved anew every other second: the scan must not be in the way. (A
    probe that is lost costs a second; that is the control's as well.)"""
    siege.serve(settings)
    end = threading.Event()

    def forget():
        while not end.wait(2):
            subprocess.run(["ip", "-n", "adit-server", "neigh", "flush", "dev", "core1"], capture_output=True)
    thread = threading.Thread(target=forget, daemon=True)
    thread.start()
    try:
        yield list
    finally:
        end.set()
        thread.join()


@assault("a scan of the neighbours on every network of aditd's, while the core's host is forgotten again and again", brief=True, place=forgetful)
def neighbours(field):
    nets = ("198.51.100.0/24", "198.19.0.0/24", "198.17.0.0/24", "192.0.2.0/24")
    return from_inside(field, lambda own: [IP + ipv4(own, to, echo(), ICMP) for net in nets for to in addresses(net) if to != CORE])


@assault("a scan of the other subscribers' pool")
def pool(field):
    return from_inside(field, lambda own: [IP + ipv4(own, to, bytes(16), UDP) for to in addresses("10.64.0.0/21")])


@assault("addresses to which there is no route")
def nowhere(field):
    return from_inside(field, lambda own: [IP + ipv4(own, to, bytes(16), UDP) for to in addresses("100.64.0.0/16")])


@assault("pings of the gateway")
def pings(field):
    return from_inside(field, lambda own: [IP + ipv4(own, GATEWAY, echo(), ICMP)] * 64)


@assault("packets whose TTL ends here, and packets too big for other subscribers, with DF")
def errors(field):
    def make(own):
        return [IP + ipv4(own, CORE, echo(), ICMP, ttl=1)] * 32 + [
            IP + ipv4(own, to, bytes(1430), UDP, offset=0x4000) for to in addresses("10.64.0.0/23", 64)]
    return from_inside(field, make)


@assault("other subscribers' and anybody's source addresses")
def spoofed(field):
    return from_inside(field, lambda own: [IP + ipv4(source, CORE, bytes(16), UDP)
                                           for source in addresses("10.64.0.0/22") + addresses("203.0.113.0/24")])


@assault("LCP Echo-Requests, as fast as they can be sent")
def lcp_echoes(field):
    return from_inside(field, lambda own: [control(LCP, 9, bytes(32))] * 64)


@assault("PPP control of every kind on the attacker's own call", brief=True)
def ppp_control(field):
    kinds = [payload for name, payload in KINDS.items() if payload and "Terminate" not in name]
    return from_inside(field, lambda own: (kinds + [control(IPCP, 1, bytes.fromhex("0306c0000201")), PPP + b"\x12\x34" + bytes(8)]) * 4)


@assault("packets as large as they get, to the core")
def bulk(field):
    return from_inside(field, lambda own: [IP + ipv4(own, CORE, bytes(1400), UDP)] * 64)


# ---- IPv6: IP6-17 -----------------------------------------------------------------------------------------------

IPV6_AT = PAYLOAD + len(IP6)
# Two words side by side of which one counts up and the other down: their one's complement sum, and with it the checksum, stays.
PAIR = b"\x00\x00\xff\xff"


def count_in_pair(offset):
    return each_pass(offset, 2), each_pass(offset + 2, 2, 0xFFFF)


def within(network, most=1000):
    """Addresses anywhere in it."""
    random = numbers.Random(7)
    return [network[random.randrange(1, network.num_addresses)] for _ in range(most)]


def one_of_each(pool, length, most=500):
    """An address of each of the pool's first prefixes."""
    return [pool[(number << 128 - length) + 0x42] for number in range(most)]


@assault("Router Solicitations, and DHCPv6 Solicits, each by another client, every other with rapid commit", brief=True,
         place=amid("ppp_flood"), **POOLS)
def ipv6_solicitations(field):
    def make(own):
        random = numbers.Random(7)
        return [packet for client in range(64) for packet in (
            ipv6.router_solicitation(own.link_local),
            ipv6.solicit(own.link_local, PAIR + random.randbytes(12), client.to_bytes(3, "big"), rapid_commit=client % 2 == 1))]
    # A Router Solicitation ends before the place of a client's name.
    return from_inside_6(field, make, *count_in_pair(IPV6_AT + ipv6.CLIENT_UUID))


@assault("Neighbour Solicitations for addresses of the attacker's own /64, and for our end of its link", place=amid("link_multicast"), **POOLS)
def ipv6_own_link(field):
    def make(own):
        return [ipv6.neighbour_solicitation(own.link_local, target) for address in within(own.link)
                for target in (address, ipv6.GATEWAY)]
    return from_inside_6(field, make)


@assault("a scan of the core's /64, every packet to another address", place=amid("unresolved"), **POOLS)
def ipv6_core(field):
    network = ipv6.packed(CORE6)[:8]

    def make(own):
        random = numbers.Random(7)
        return [ipv6.echo(own.own, network + PAIR + random.randbytes(4)) for _ in range(64)]
    return from_inside_6(field, make, *count_in_pair(IPV6_AT + 32))


@assault("Router Advertisements to all nodes, in the attacker's name and in ours", place=amid("to_gateway"), **POOLS)
def ipv6_router(field):
    prefix = MARK + bytes(10)
    return from_inside_6(field, lambda own: [ipv6.router_advertisement(source, ipv6.ALL_NODES, prefix)
                                             for source in (own.link_local, ipv6.GATEWAY)] * 32)


@assault("pings of the core from other subscribers' /64s and delegated prefixes", place=amid("spoofed_source"), **POOLS)
def ipv6_spoofed(field):
    def make(own):
        sources = one_of_each(LINKS, 64) + one_of_each(DELEGATED, 56)
        return [ipv6.echo(source, CORE6, data=MARK * 4) for source in sources if source not in own.link]
    return from_inside_6(field, make)
