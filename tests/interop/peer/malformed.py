# SPDX-License-Identifier: Apache-2.0
"""Compressed packets that no coder makes: every fault that RFC 2118 §4 leaves room for, for whoever tests a decoder."""
import struct

from attacks.gre import ipv4
from harness.lab import CORE
from peer.mppc import copy, literal, offset_code, packed
from peer.traffic import CLIENT_PORT, CORE_PORT, UDP

NUMBER = 0xFFFFFFFF  # of a packet that must not arrive


def codes_of(packet):
    return [literal(octet) for octet in packet]


def begun(source, more):
    """The codes of a packet to the core that `more` octets complete: were they accepted, whatever they are, it would arrive."""
    packet = ipv4(source, CORE, struct.pack("!HHHHI", CLIENT_PORT, CORE_PORT, 12 + more, 0, NUMBER) + bytes(more), UDP)
    return codes_of((b"\x00\x21" + packet)[:-more])


def cut_off(codes, *last):
    """With so many more literals before the last ones that these end with an octet: nothing fills it up."""
    while sum(width for _, width in (*codes, *last)) % 8:
        codes = [*codes, literal(0xFF)]
    return packed([*codes, *last])


# What follows 00FD's header, of the subscriber's address.
MALFORMED = {
    "offset 0": lambda source: packed([*begun(source, 3), *copy(0, 3)]),
    "offset 8,192": lambda source: packed([*begun(source, 8), *copy(8192, 8)]),
    "offset 8,511": lambda source: packed([*begun(source, 8), *copy(8511, 8)]),
    "a length of 8,191": lambda source: packed([*begun(source, 8), *copy(1, 8191)]),
    "twelve lengths of 500": lambda source: packed([*begun(source, 8), *copy(1, 500) * 12]),
    "a length that no code has": lambda source: packed([*begun(source, 8), offset_code(1), (0xFFFFFF, 24)]),
    "a literal cut off": lambda source: cut_off(begun(source, 1), (0b10111111, 8)),
    "an offset cut off": lambda source: cut_off(begun(source, 8), (0b11010101, 8)),
    "a length cut off": lambda source: cut_off(begun(source, 8), offset_code(1), (0b110, 3)),
    "compressed, and nothing there": lambda source: b"",
    "one octet": lambda source: b"\x00",
    "a compressed packet of LCP": lambda source: packed(codes_of(b"\xc0\x21\x09\x01\x00\x08\x00\x00\x00\x00")),
    "a compressed packet within one": lambda source: packed(codes_of(b"\x00\xfd\xa0\x00\x00\x21\x45")),
}
