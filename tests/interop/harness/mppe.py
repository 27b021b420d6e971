# SPDX-License-Identifier: Apache-2.0
"""MPPE's packets of 128 bits, stateless (RFC 3078), one direction of a call: for a few of them."""
import struct

from peer.mppe import Keys

FLUSHED, ENCRYPTED, COUNTS = 0x8000, 0x1000, 0x0FFF
KEY = 16


class Direction:
    """Its packets, in their order; `start`: the start key, 16 octets."""

    def __init__(self, start):
        if len(start) != KEY:
            raise ValueError(f"a start key of {len(start)} octets")
        self._keys, self._count = Keys(start, 8 * KEY), 0

    def encrypt(self, frame):
        """What follows PPP's protocol number 0x00FD; `frame` begins with its own protocol number."""
        self._keys.change()  # stateless: for each packet, the first one included (RFC 3078 §7.3)
        header = struct.pack("!H", FLUSHED | ENCRYPTED | self._count)
        self._count = (self._count + 1) & COUNTS
        return header + self._keys.stream().crypt(frame)

    def decrypt(self, packet):
        """The other way; steps over packets that did not come."""
        bits = struct.unpack("!H", packet[:2])[0]
        if bits & ~COUNTS != FLUSHED | ENCRYPTED:
            raise ValueError(f"no packet of stateless MPPE: {bits:#06x}")
        for _ in range(((bits & COUNTS) - self._count + 1) & COUNTS):
            self._keys.change()
        self._count = ((bits & COUNTS) + 1) & COUNTS
        return self._keys.stream().crypt(packet[2:])
