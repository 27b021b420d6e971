# SPDX-License-Identifier: Apache-2.0
"""MPPE of 128 bits, stateless (RFC 3078, RFC 3079), one direction of a call; from the RFCs, and for a few packets."""
import hashlib
import struct

FLUSHED, ENCRYPTED, COUNTS = 0x8000, 0x1000, 0x0FFF
KEY = 16


def rc4(key, octets):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for octet in octets:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(octet ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)


class Direction:
    """Its packets, in their order; `start`: the start key, 16 octets."""

    def __init__(self, start):
        if len(start) != KEY:
            raise ValueError(f"a start key of {len(start)} octets")
        self._start, self._count = start, 0
        self._session = self._next(start)

    def _next(self, session):
        """GetNewKeyFromSHA (RFC 3079 §3.5)."""
        return hashlib.sha1(self._start + bytes(40) + session + b"\xf2" * 40).digest()[:KEY]

    def _step(self):
        """Stateless: a key for each packet, the first one included (RFC 3078 §7.3)."""
        interim = self._next(self._session)
        self._session = rc4(interim, interim)

    def encrypt(self, frame):
        """What follows PPP's protocol number 0x00FD; `frame` begins with its own protocol number."""
        self._step()
        header = struct.pack("!H", FLUSHED | ENCRYPTED | self._count)
        self._count = (self._count + 1) & COUNTS
        return header + rc4(self._session, frame)

    def decrypt(self, packet):
        """The other way; steps over packets that did not come."""
        bits = struct.unpack("!H", packet[:2])[0]
        if bits & ~COUNTS != FLUSHED | ENCRYPTED:
            raise ValueError(f"no packet of stateless MPPE: {bits:#06x}")
        for _ in range(((bits & COUNTS) - self._count + 1) & COUNTS):
            self._step()
        self._count = ((bits & COUNTS) + 1) & COUNTS
        return rc4(self._session, packet[2:])
