# SPDX-License-Identifier: Apache-2.0
"""Blind: frames of every kind to every call ID, by somebody who has seen nothing of the calls."""
from assaults.assault import CALL_ID, SEQUENCE, SOURCE, assault, each_pass, gre, ipv4, random
from siege_kit.site import FOE

PPP = b"\xff\x03"
LCP, CCP, IPCP, CHAP = b"\xc0\x21", b"\x80\xfd", b"\x80\x21", b"\xc2\x23"


def control(protocol, code, data=b"", identifier=1):
    return PPP + protocol + bytes([code, identifier]) + (4 + len(data)).to_bytes(2, "big") + data


KINDS = {
    "an empty payload": b"",
    "clear IPv4": PPP + b"\x00\x21" + ipv4("10.64.0.2", "198.51.100.2", bytes(8), 17),
    "MPPE": PPP + b"\x00\xfd\x90\x01" + bytes(range(64)),
    "LCP Configure-Request": control(LCP, 1, bytes.fromhex("0506deadbeef")),
    "LCP Terminate-Request": control(LCP, 5),
    "LCP Echo-Request": control(LCP, 9, bytes(4)),
    "LCP Protocol-Reject": control(LCP, 8, b"\x00\xfd" + bytes(8)),
    "CCP Configure-Request": control(CCP, 1, bytes.fromhex("120601000040")),
    "CCP Terminate-Request": control(CCP, 5),
    "CCP Reset-Request": control(CCP, 14),
    "IPCP Configure-Request": control(IPCP, 1, bytes.fromhex("030600000000")),
    "IPCP Terminate-Request": control(IPCP, 5),
    "CHAP Response": control(CHAP, 2, b"\x31" + bytes(49) + b"eve"),
    "no PPP at all": bytes(range(128, 192)),
}


def every_kind(source, target, sequence=1):
    """Every kind with S set, and one that is an acknowledgement alone."""
    packets = [ipv4(source, target, gre(0, payload, sequence=sequence)) for payload in KINDS.values()]
    return [*packets, ipv4(source, target, gre(0, b"", flags=0x20, ack=sequence))]


@assault("every kind of frame, to every call ID, from one foreign address")
def foreign(field):
    return field.flood(every_kind(FOE, field.target.address), each_pass(CALL_ID, 2), random(SEQUENCE, 4))


@assault("the same from 10,000 foreign addresses")
def foreign_many(field):
    return field.flood(every_kind("10.97.0.1", field.target.address), each_pass(CALL_ID, 2), random(SEQUENCE, 4),
                       each_pass(SOURCE, 4, 1, 10_000))


@assault("the same from the subscribers' own addresses, sequence numbers at random", brief=True)
def subscribers(field):
    sources = sorted({call.source for call in field.calls})
    packets = [packet for source in sources for packet in every_kind(source, field.target.address)]
    return field.flood(packets, each_pass(CALL_ID, 2), random(SEQUENCE, 4))


@assault("one kind of frame, to every call ID of one subscriber's address: an empty payload far ahead")
def one_address(field):
    source = field.calls[0].source
    packets = [ipv4(source, field.target.address, gre(0, b"", sequence=1 << 16)),
               ipv4(source, field.target.address, gre(0, b"", sequence=1 << 30))]
    return field.flood(packets, each_pass(CALL_ID, 2))
