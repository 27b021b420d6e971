# SPDX-License-Identifier: Apache-2.0
"""Valid packets of every format, written from the RFCs' figures and not by our codecs: what run mutates."""
import hashlib
import struct

SECRET = b"differential"


def ppp(protocol, code, data, identifier=7, address=True, short=False):
    """RFC 1661 §5, §6.5, §6.6."""
    head = (b"\xFF\x03" if address else b"") + (bytes((protocol,)) if short else struct.pack(">H", protocol))
    return head + struct.pack(">BBH", code, identifier, 4 + len(data)) + data


def gre(payload=None, sequence=None, ack=None, call=0x1234):
    """RFC 2637 §4.1."""
    flags = 0x2001 | (0x1000 if sequence is not None else 0) | (0x0080 if ack is not None else 0)
    packet = struct.pack(">HHHH", flags, 0x880B, len(payload or b""), call)
    for number in (sequence, ack):
        packet += struct.pack(">I", number) if number is not None else b""
    return packet + (payload or b"")


def pptp(kind, body):
    """RFC 2637 §2: length, type 1, the magic cookie, the message's type, reserved."""
    return struct.pack(">HHIHH", 12 + len(body), 1, 0x1A2B3C4D, kind, 0) + body


def text(value, size):
    return value.ljust(size, b"\0")


def signed(packet):
    """The Request Authenticator of RFC 5176 §2.3, so that the attributes are looked at; over Length octets, if it
    can be true."""
    if len(packet) < 20:
        return packet
    length = struct.unpack(">H", packet[2:4])[0]
    if not 20 <= length <= len(packet):
        return packet
    authenticator = hashlib.md5(packet[:4] + bytes(16) + packet[20:length] + SECRET).digest()
    return packet[:4] + authenticator + packet[20:]


def attributes(*pairs):
    return b"".join(bytes((kind, 2 + len(value))) + value for kind, value in pairs)


def radius(code, body):
    return struct.pack(">BBH", code, 9, 20 + len(body)) + bytes(16) + body


LCP, IPCP, CCP, PAP, CHAP = 0xC021, 0x8021, 0x80FD, 0xC023, 0xC223
OPTIONS = {
    LCP: bytes.fromhex("010405780206000000000305c2238105060102030407020802"),
    IPCP: bytes.fromhex("0206002d0f01 0306c0000201 8106c0000235 8306c0000236".replace(" ", "")),
    CCP: bytes.fromhex("120601000060"),
}
CONTROL = [ppp(protocol, code, options) for protocol, options in OPTIONS.items() for code in (1, 2, 3, 4)]
CONTROL += [
    ppp(LCP, 5, b"bye"), ppp(LCP, 6, b""), ppp(LCP, 9, bytes.fromhex("01020304") + b"echo"),
    ppp(LCP, 10, bytes.fromhex("01020304")), ppp(LCP, 11, bytes.fromhex("01020304")),
    ppp(IPCP, 1, OPTIONS[IPCP], address=False), ppp(CCP, 5, b""), ppp(CCP, 14, b""), ppp(CCP, 15, b""),
    ppp(PAP, 1, b"\x05alice\x06secret"), ppp(PAP, 2, b"\x07Welcome"), ppp(PAP, 3, b"\x00"),
    ppp(CHAP, 1, b"\x10" + bytes(range(16)) + b"adit"), ppp(CHAP, 2, b"\x31" + bytes(range(49)) + b"CORP\\alice"),
    ppp(CHAP, 3, b"S=0123456789ABCDEF M=Welcome"), ppp(CHAP, 4, b"E=691 R=0"),
]
DATA = [b"\xFF\x03\x00\x21" + bytes.fromhex("45000014000000004001000001020304c0000201"),
        b"\x21" + bytes.fromhex("45000014000000004001000001020304c0000201"), b"\x00\xFD\x90\x01" + bytes(range(40))]

MESSAGES = [
    pptp(1, struct.pack(">HHIIHH", 0x0100, 0, 3, 3, 1, 1) + text(b"host", 64) + text(b"vendor", 64)),
    pptp(2, struct.pack(">HBBIIHH", 0x0100, 1, 0, 3, 3, 1, 1) + text(b"host", 64) + text(b"vendor", 64)),
    pptp(3, struct.pack(">BBH", 1, 0, 0)),
    pptp(4, struct.pack(">BBH", 1, 0, 0)),
    pptp(5, struct.pack(">I", 77)),
    pptp(6, struct.pack(">IBBH", 77, 1, 0, 0)),
    pptp(7, struct.pack(">HHIIIIHHHH", 5, 6, 300, 100000000, 3, 3, 64, 0, 5, 0) + text(b"12345", 64) + text(b"", 64)),
    pptp(8, struct.pack(">HHBBHIHHI", 9, 5, 1, 0, 0, 100000000, 64, 0, 0)),
    pptp(9, struct.pack(">HHIIHH", 9, 5, 3, 0, 1, 1) + text(b"1", 64) + text(b"2", 64) + text(b"", 64)),
    pptp(10, struct.pack(">HHBBHHH", 9, 5, 1, 0, 64, 0, 0)),
    pptp(11, struct.pack(">HHIHHI", 9, 0, 64000, 64, 0, 3)),
    pptp(12, struct.pack(">HH", 9, 0)),
    pptp(13, struct.pack(">HBBHH", 9, 1, 0, 16, 0) + text(b"statistics", 128)),
    pptp(14, struct.pack(">HHIIIIII", 9, 0, 1, 2, 3, 4, 5, 6)),
    pptp(15, struct.pack(">HHII", 9, 0, 0xFFFFFFFF, 0x000A0000)),
]

REQUESTS = [
    radius(40, attributes((1, b"alice"), (44, b"00000000000000aa"), (55, bytes(4)))),
    radius(43, attributes((1, b"alice"), (8, bytes((10, 64, 0, 2))), (27, struct.pack(">I", 60)), (25, b"class"),
                          (22, b"10.20.0.0/24 0.0.0.0 1"), (33, b"proxy"))),
]

ALL = [("g", gre(frame, sequence, ack)) for frame in CONTROL + DATA for sequence, ack in ((0, None), (9, 8))]
ALL += [("g", gre(None, None, ack)) for ack in (0, 0xFFFFFFFF, 77)] * 5
ALL += [("p", message) for message in MESSAGES] * 3
ALL += [("r", request) for request in REQUESTS] * 10
