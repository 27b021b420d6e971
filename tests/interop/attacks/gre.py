# SPDX-License-Identifier: Apache-2.0
"""Hostile packets: GRE from the clients' side (RFC 2637 §4), IPv4 from the core and from inside a tunnel."""
import contextlib
import ipaddress
import socket
import struct

from attacks import pptp
from attacks.attack import attack
from harness.case import ADDRESSES, expect, until
from harness.lab import CORE, SERVER
from harness.namespace import inside

AREA = "packets"
ATTACKER = "192.0.2.2"  # the bridge's address, from which attacks/control.py dials
GRE, UDP = 47, 17
ETH_P_ALL = 3
KEY_SEQ, ACK_VERSION_1 = 0x30, 0x81
LCP_ECHO = bytes.fromhex("ff03c021") + bytes.fromhex("0901000800000000")
MPPE_NONSENSE = bytes.fromhex("ff0300fd")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source, destination, payload, protocol=GRE, first=0x45, length=None, offset=0, ttl=64, bad_checksum=False,
         identification=1):
    """One IPv4 packet without options."""
    head = struct.pack("!BBHHHBBH4s4s", first, 0, 20 + len(payload) if length is None else length,
                       identification, offset, ttl, protocol,
                       0, ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed)
    total = checksum(head) ^ (0x5555 if bad_checksum else 0)
    return head[:10] + struct.pack("!H", total) + head[12:] + payload


def gre(call_id, payload=LCP_ECHO, sequence=0, ack=None, flags=KEY_SEQ, version=1, length=None, protocol=0x880B):
    """One enhanced GRE packet."""
    second = version | (0x80 if ack is not None else 0)
    head = struct.pack("!BBHHH", flags, second, protocol, len(payload) if length is None else length, call_id)
    if flags & 0x10:
        head += struct.pack("!I", sequence & 0xFFFFFFFF)
    if ack is not None:
        head += struct.pack("!I", ack & 0xFFFFFFFF)
    return head + payload


@contextlib.contextmanager
def own_call():
    """A call of the attacker's, in LCP; yields our call ID, which GRE to aditd carries."""
    with pptp.dial() as stream:
        stream.sendall(pptp.sccrq() + pptp.ocrq())
        octets = b""
        while len(octets) < 156 + 32:
            octets += stream.recv(4096)
        yield struct.unpack("!H", octets[156 + 12:156 + 14])[0]


def dropped(what, reason, *packets):
    """GRE of the attacker's call, each packet made by a function of the call ID; all must be dropped for `reason`."""
    @attack(AREA, what)
    def run(target):
        with own_call() as call_id:
            frames = [ipv4(ATTACKER, SERVER, packet(call_id)) for packet in packets]
            return target.expect_drops(reason, len(frames), lambda: [target.access.send(frame) for frame in frames])
    return run


dropped("GRE of 4 octets", "gre_truncated", lambda call: gre(call)[:4])
dropped("GRE of 11 octets, S set", "gre_truncated", lambda call: gre(call, b"")[:11])
dropped("payload length beyond the packet", "gre_payload_length", lambda call: gre(call, length=1400))
dropped("payload length 65535", "gre_payload_length", lambda call: gre(call, length=65535))
dropped("checksum, routing and strict bits", "gre_bad_flags",
        lambda call: gre(call, flags=0xB0), lambda call: gre(call, flags=0x70), lambda call: gre(call, flags=0x38))
dropped("recursion bits", "gre_bad_flags", lambda call: gre(call, flags=0x37))
dropped("neither data nor acknowledgement", "gre_no_op", lambda call: gre(call, b"", flags=0x20))
dropped("an empty PPP frame", "ppp_header", lambda call: gre(call, b"\xff\x03", sequence=0))
dropped("data before IPCP", "ip_not_up",
        lambda call: gre(call, b"\xff\x03\x00\x21" + ipv4("10.64.0.2", CORE, b"", UDP), sequence=0))
dropped("encrypted data where nothing was negotiated", "mppe_not_up",
        lambda call: gre(call, MPPE_NONSENSE + b"\x90\x00noise", sequence=0))


def kernels(what, **fields):
    """GRE that is not PPTP: the XDP program leaves it to the kernel, which may have its own tunnels."""
    @attack(AREA, what)
    def run(target):
        before = unknown_protocols(target)
        target.access.send(ipv4(ATTACKER, SERVER, gre(1, **fields)))
        until("the kernel had it", lambda: unknown_protocols(target) > before, seconds=3)
        return "left to the kernel, which knows no such tunnel"
    return run


def unknown_protocols(target):
    """The kernel's count of IPv4 packets with a protocol that nobody handles."""
    lines = target.lab.in_server("cat", "/proc/net/snmp").splitlines()
    names, values = (line.split() for line in lines if line.startswith("Ip:"))
    return int(values[names.index("InUnknownProtos")])


kernels("GRE version 0", version=0)
kernels("GRE version 7", version=7)
kernels("protocol type IPv4", protocol=0x0800)


@attack(AREA, "a sequence number twice")
def twice(target):
    with own_call() as call_id:
        packet = ipv4(ATTACKER, SERVER, gre(call_id, sequence=7))
        return target.expect_drops("gre_duplicate", 1, lambda: target.access.send(packet, repeat=2))


@attack(AREA, "every call ID that is not ours, 500 of them")
def unknown_calls(target):
    with own_call() as call_id:
        wrong = [(call_id + step) & 0xFFFF for step in range(1, 5001, 10)]
        return target.expect_drops("unknown_call", 490, lambda: [
            target.access.send(ipv4(ATTACKER, SERVER, gre(other))) for other in wrong])


@attack(AREA, "an acknowledgement of what was never sent")
def future_ack(target):
    """Identified only by what must not happen: no packet with good data is dropped, and the call stays up."""
    with own_call() as call_id:
        target.access.send(ipv4(ATTACKER, SERVER, gre(call_id, sequence=0, ack=0x7FFFFFFF)))
        target.access.send(ipv4(ATTACKER, SERVER, gre(call_id, b"", flags=0x20, ack=0xFFFFFFFF)))
    return "taken without its acknowledgement"


@attack(AREA, "GRE in IPv4 fragments")
def fragments(target):
    whole = gre(1, bytes(64))
    return target.expect_drops("fragment_stranger", 2, lambda: [  # only peers' fragments are kept
        target.access.send(ipv4(ATTACKER, SERVER, whole[:40], offset=0x2000)),
        target.access.send(ipv4(ATTACKER, SERVER, whole[40:], offset=5))])


@attack(AREA, "a flood of first fragments")
def fragment_flood(target):
    whole = gre(1, bytes(64))
    return target.expect_drops("fragment_stranger", 100, lambda: [
        target.access.send(ipv4(ATTACKER, SERVER, whole[:40], offset=0x2000, identification=number))
        for number in range(400)])


@attack(AREA, "IPv4 header checksum wrong")
def outer_checksum(target):
    return target.expect_drops("outer_header", 1, lambda: target.access.send(
        ipv4(ATTACKER, SERVER, gre(1), bad_checksum=True)))


@attack(AREA, "IPv4 total length beyond the frame, and below the header")
def outer_length(target):
    return target.expect_drops("outer_header", 2, lambda: [
        target.access.send(ipv4(ATTACKER, SERVER, gre(1), length=1500)),
        target.access.send(ipv4(ATTACKER, SERVER, gre(1), length=19))])


def victims_call(target):
    return next(session for session in target.lab.adit("show", "sessions")["sessions"]
                if session["username"] == target.victim.user)


@attack(AREA, "GRE of the victim's call from another address")
def wrong_peer(target):
    call_id = victims_call(target)["call_id"]
    return target.expect_drops("wrong_peer", 100, lambda: target.access.send(
        ipv4(ATTACKER, SERVER, gre(call_id, sequence=0x100)), repeat=100))


def next_sequence(target, call_id):
    """The number of the victim's next packet, from watching one of its pings."""
    with inside("adit-clients"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as tap:
        tap.bind(("access", 0))
        target.victim.link.ping(lengths=[84], count=1)
        tap.settimeout(0.2)
        highest = 0
        with contextlib.suppress(TimeoutError):
            while True:
                packet = tap.recv(2048)[14:]
                if packet[9:10] == bytes([GRE]) and packet[26:28] == struct.pack("!H", call_id) and packet[20] & 0x10:
                    highest = max(highest, struct.unpack("!I", packet[28:32])[0])
        return highest + 1


def forger(target):
    """Makes packets of the victim's call with the victim's address, as an on-path attacker or a lucky guess could."""
    call_id = victims_call(target)["call_id"]
    sequence = next_sequence(target, call_id)
    return lambda payload, ahead: ipv4(ADDRESSES[target.victim.guest.name], SERVER,
                                       gre(call_id, payload, sequence=sequence + ahead))


@attack(AREA, "clear IP forged into an encrypted call")
def forged_clear(target):
    inner = ipv4(target.victim.link.local, CORE, b"", UDP)
    packet = forger(target)(b"\xff\x03\x00\x21" + inner, 1000)
    return target.expect_drops("clear_refused", 1, lambda: target.access.send(packet))


@attack(AREA, "20 forged MPPE packets with numbers and counts far ahead")
def forged_counts(target):
    """SEC-01. If believed, each would cost up to 4,095 key changes and take the chain along."""
    before, forge = target.drops(), forger(target)
    for step in range(20):
        count = 0x9000 | (0x100 + step * 0xC3) & 0xFFF
        target.access.send(forge(MPPE_NONSENSE + struct.pack("!H", count) + bytes(64), 4000 + step))
    expect("the victim's pings", target.victim.link.ping(count=5), [{84: "5/5", 1028: "5/5"}])
    grown = {name: count - before.get(name, 0) for name, count in target.drops().items()
             if count > before.get(name, 0)}
    expect("drops by MPPE", any(name.startswith("mppe_") for name in grown), True)
    return "dropped: " + ", ".join(f"{name} x {count}" for name, count in sorted(grown.items()))


@attack(AREA, "a packet for an address that no call has, from the core")
def no_subscriber(target):
    return target.expect_drops("unknown_subscriber", 10, lambda: target.core.send(
        ipv4(CORE, "10.64.200.200", bytes(8), UDP), repeat=10))


@attack(AREA, "TTL 1 to the victim, from the core")
def ttl(target):
    return target.expect_drops("ttl_expired", 1, lambda: target.core.send(
        ipv4(CORE, target.victim.link.local, bytes(8), UDP, ttl=1)))


@attack(AREA, "inner header checksum wrong, to the victim")
def inner_checksum(target):
    return target.expect_drops("inner_header", 1, lambda: target.core.send(
        ipv4(CORE, target.victim.link.local, bytes(8), UDP, bad_checksum=True)))


@attack(AREA, "loopback as source, to the victim")
def martian(target):
    return target.expect_drops("martian", 1, lambda: target.core.send(
        ipv4("127.0.0.1", target.victim.link.local, bytes(8), UDP)))


@attack(AREA, "1,500 octets with DF to the victim")
def too_big(target):
    return target.expect_drops("too_big", 1, lambda: target.core.send(
        ipv4(CORE, target.victim.link.local, bytes(1480), UDP, offset=0x4000)))


@attack(AREA, "a subscriber with somebody else's source address")
def spoofed(target):
    """SEC-03. From inside the victim's own tunnel, encrypted."""
    guest, link = target.victim.guest, target.victim.link
    link.route(CORE)
    script = f"/bin/busybox ip addr add 10.99.9.9/32 dev lo\n/bin/busybox ping -c 3 -W 1 -I 10.99.9.9 {CORE}; exit 0"
    return target.expect_drops("spoofed_source", 3, lambda: guest.run(script, "spoof"))
