# SPDX-License-Identifier: Apache-2.0
"""From inside: what a subscriber may send, too much of it, and what none may."""
import contextlib
import ipaddress
import random as numbers
import subprocess
import threading

from assaults.assault import SEQUENCE, assault, each_pass, ipv4
from assaults.clear_call import ClearCall
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


def from_inside(field, make):
    """`make` gets the attacker's address and returns PPP frames."""
    insider = ClearCall(field.target)
    payloads = make(insider.address)
    running = field.flood(insider.frames(payloads), each_pass(SEQUENCE, 4, len(payloads)))
    running.at_end = insider.close
    return running


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
