#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Golden packets from an independent encoder: scapy for headers and checksums, and MPPE written here from RFC 3078 and 3079.

    make.py > packets.txt      writes them
    make.py --check FILE       exit 1 when FILE is not what this program writes

golden_test.cpp feeds packets.txt to a worker. A scenario is its lines in order:

    scenario NAME               a fresh worker with one call, IP up
    receive|send BITS KEY KEY   MPPE: start key and session key of a direction
    access> FRAME               arrives from the peer         core> FRAME     arrives from the core
    access< FRAME               must be sent to the peer      core< FRAME     must be sent to the core
    control> FRAME              a PPP frame from control      control< FRAME  a PPP frame that control must get
    wait MS                     time passes

Nothing else may be sent between two lines. Addresses, call IDs and link addresses are those of tests/path/world.hpp.
"""
import hashlib
import logging
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import GRE_PPTP, Ether
from scapy.layers.ppp import PPP_LCP_Configure, PPP_LCP_Echo, PPP_LCP_MRU_Option, PPP_LCP_Magic_Number_Option

SERVER, CLIENT = "192.0.2.1", "192.0.2.10"
SUBSCRIBER, HOST = "10.64.0.2", "203.0.113.5"
LOCAL_ID, PEER_ID = 0x1234, 0x00FF
ACCESS_MAC, CORE_MAC = "02:00:00:00:00:a0", "02:00:00:00:00:c0"
CLIENT_MAC, ROUTER_MAC = "02:00:00:00:01:01", "02:00:00:00:01:02"
LCP, IPV4, MPPE = b"\xc0\x21", b"\x00\x21", b"\x00\xfd"
FRAMING = b"\xff\x03"  # RFC 1662's address and control

# RFC 3079 §3.5.3: the sample's start key and the resulting session key.
START_128 = bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb")
SESSION_128 = bytes.fromhex("405cb2247a7956e6e211007ae27b22d4")


def rc4(key, data):
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for octet in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(octet ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


class Mppe:
    """One direction of stateless MPPE: RFC 3078 §7.3 changes the key before each packet."""

    SALTS = {128: b"", 56: b"\xd1", 40: b"\xd1\x26\x9e"}  # RFC 3079 §2.1, §2.2

    def __init__(self, bits, start):
        self.bits, self.start = bits, start
        self.count = 0
        self.initial = self.session = self.salted(self.hash_with(start))

    def hash_with(self, session):
        """GetNewKeyFromSHA, RFC 3079 §3.4."""
        pads = b"\x00" * 40, b"\xf2" * 40
        return hashlib.sha1(self.start + pads[0] + session + pads[1]).digest()[: len(self.start)]

    def salted(self, key):
        salt = self.SALTS[self.bits]
        return salt + key[len(salt):]

    def change_key(self):
        interim = self.hash_with(self.session)
        self.session = self.salted(rc4(interim, interim))

    def lose(self, packets):
        for _ in range(packets):
            self.change_key()
        self.count += packets

    def packet(self, plaintext):
        """RFC 3078 §3.1: the A and D bits, the coherency count, the ciphertext."""
        self.change_key()
        header = (0x9000 | self.count).to_bytes(2, "big")
        self.count = (self.count + 1) % 4096
        return header + rc4(self.session, plaintext)

    def keys(self):
        return f"{self.bits} {self.start.ljust(16, bytes(1)).hex()} {self.initial.ljust(16, bytes(1)).hex()}"


def up(ppp, **gre):
    """A packet from the peer, with an arbitrary identification in the outer header."""
    return raw(Ether(dst=ACCESS_MAC, src=CLIENT_MAC) / IP(src=CLIENT, dst=SERVER, id=7, ttl=57, proto=47) / tunnel(ppp, LOCAL_ID, **gre))


def down(ppp, number, **gre):
    """A packet that we send: TTL 64, DF clear, IDs counted from 0."""
    return raw(Ether(dst=CLIENT_MAC, src=ACCESS_MAC) / IP(src=SERVER, dst=CLIENT, id=number, ttl=64, proto=47) / tunnel(ppp, PEER_ID, **gre))


def tunnel(ppp, call_id, seq=None, ack=None):
    """RFC 2637 §4.1."""
    header = GRE_PPTP(call_id=call_id, payload_len=len(ppp))
    if seq is not None:
        header.seqnum_present, header.seqence_number = 1, seq
    if ack is not None:
        header.acknum_present, header.ack_number = 1, ack
    return raw(header) + ppp


def from_subscriber(payload, ttl=64):
    return raw(IP(src=SUBSCRIBER, dst=HOST, id=21, ttl=ttl) / payload)


def from_host(payload, ttl=64):
    return raw(IP(src=HOST, dst=SUBSCRIBER, id=22, ttl=ttl) / payload)


def to_core(packet):
    return raw(Ether(dst=ROUTER_MAC, src=CORE_MAC, type=0x0800)) + packet


def at_core(packet):
    return raw(Ether(dst=CORE_MAC, src=ROUTER_MAC, type=0x0800)) + packet


def udp(size):
    return UDP(sport=4000, dport=5000) / bytes(i % 251 for i in range(size))


def clear_up():
    yield "scenario clear_up"
    sizes = (4, 100, 1400)
    frames = [from_subscriber(udp(size)) for size in sizes]
    out = [to_core(from_subscriber(udp(size), ttl=63)) for size in sizes]
    headers = (FRAMING + IPV4, IPV4, b"\x21")  # default, with ACFC, with PFC too: RFC 1661 §6.5, §6.6
    for number, (header, frame, forwarded) in enumerate(zip(headers, frames, out)):
        yield f"access> {up(header + frame, seq=number).hex()}"
        yield f"core< {forwarded.hex()}"


def clear_down():
    yield "scenario clear_down"
    yield f"core> {at_core(from_host(udp(10))).hex()}"
    yield f"access< {down(FRAMING + IPV4 + from_host(udp(10), ttl=63), 0, seq=0).hex()}"
    yield f"access> {up(FRAMING + IPV4 + from_subscriber(ICMP()), seq=41, ack=0).hex()}"
    yield f"core< {to_core(from_subscriber(ICMP(), ttl=63)).hex()}"
    yield f"core> {at_core(from_host(ICMP(type=0))).hex()}"  # carries the acknowledgement
    yield f"access< {down(FRAMING + IPV4 + from_host(ICMP(type=0), ttl=63), 1, seq=1, ack=41).hex()}"
    yield f"access> {up(FRAMING + IPV4 + from_subscriber(ICMP()), seq=42).hex()}"
    yield f"core< {to_core(from_subscriber(ICMP(), ttl=63)).hex()}"
    yield "wait 100"  # sent alone when no data follows
    yield f"access< {down(b'', 2, ack=42).hex()}"


def control_frames():
    yield "scenario control_frames"
    options = [PPP_LCP_MRU_Option(max_recv_unit=1400), PPP_LCP_Magic_Number_Option(magic_number=0x12345678)]
    request = raw(PPP_LCP_Configure(code=1, id=1, options=options))
    yield f"access> {up(FRAMING + LCP + request, seq=0).hex()}"
    yield f"control< {(LCP + request).hex()}"
    echo = raw(PPP_LCP_Echo(code=9, id=3, magic_number=0x0BADCAFE, data=b"adit"))
    yield f"control> {(FRAMING + LCP + echo).hex()}"
    yield f"access< {down(FRAMING + LCP + echo, 0, seq=0, ack=0).hex()}"


def mppe_up(bits, start):
    mppe = Mppe(bits, start)
    yield f"scenario mppe_{bits}_up"
    yield f"receive {mppe.keys()}"
    for number, size in enumerate((4, 57, 1372)):
        packet = mppe.packet(IPV4 + from_subscriber(udp(size)))
        yield f"access> {up(FRAMING + MPPE + packet, seq=number).hex()}"
        yield f"core< {to_core(from_subscriber(udp(size), ttl=63)).hex()}"
    mppe.lose(5)
    yield f"access> {up(FRAMING + MPPE + mppe.packet(IPV4 + from_subscriber(udp(300))), seq=8).hex()}"
    yield f"core< {to_core(from_subscriber(udp(300), ttl=63)).hex()}"


def mppe_down(bits, start):
    mppe = Mppe(bits, start)
    yield f"scenario mppe_{bits}_down"
    yield f"send {mppe.keys()}"
    for number, size in enumerate((4, 57, 1372)):
        yield f"core> {at_core(from_host(udp(size))).hex()}"
        packet = mppe.packet(IPV4 + from_host(udp(size), ttl=63))
        yield f"access< {down(FRAMING + MPPE + packet, number, seq=number).hex()}"


def clamped():
    """A SYN's MSS is lowered to fit a peer's MRU of 1,500 on a link of 1,500: less RFC 2637's 16 octets of GRE (with an
    acknowledgement), 20 of IPv4, 4 of PPP, and the inner 40."""
    syn = TCP(sport=5000, dport=80, flags="S", options=[("MSS", 1460)])
    lowered = TCP(sport=5000, dport=80, flags="S", options=[("MSS", 1500 - 20 - 16 - 4 - 40)])
    yield "scenario clamped"
    yield f"core> {at_core(from_host(syn)).hex()}"
    yield f"access< {down(FRAMING + IPV4 + from_host(lowered, ttl=63), 0, seq=0).hex()}"
    yield f"access> {up(FRAMING + IPV4 + from_subscriber(syn), seq=0).hex()}"
    yield f"core< {to_core(from_subscriber(lowered, ttl=63)).hex()}"


def everything():
    assert Mppe(128, START_128).initial == SESSION_128
    yield "# By make.py, which says what the lines mean."
    for scenario in (clear_up(), clear_down(), control_frames(), clamped()):
        yield ""
        yield from scenario
    for bits, start in ((128, START_128), (56, START_128[:8]), (40, START_128[:8])):
        for scenario in (mppe_up(bits, start), mppe_down(bits, start)):
            yield ""
            yield from scenario


def main():
    text = "".join(line + "\n" for line in everything())
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="ascii") as file:
            if file.read() == text:
                print("packets.txt is what scapy and the RFCs make")
                return 0
        print(f"{sys.argv[2]} is not what make.py writes; make.py > packets.txt", file=sys.stderr)
        return 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
