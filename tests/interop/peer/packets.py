# SPDX-License-Identifier: Apache-2.0
"""Both ends of what travels as PPP protocol 00FD: MPPC, MPPE or both (RFC 2118 §3, RFC 3078 §3 and §8), written from the RFCs for
tests. A packet here is PPP's protocol field, of two octets, with what follows it; a body is what follows 00FD."""
import copy
import struct

from peer.mppc import Coder, Decoder, Malformed

FLUSHED, AT_FRONT, COMPRESSED, ENCRYPTED = 0x8000, 0x4000, 0x2000, 0x1000
COUNTS = 4096
FLAG = 0xFF  # in stateful mode the key changes with each count whose low octet this is
NETWORK = range(0x0021, 0x00FB)  # the protocols that are encrypted


def header(bits, count):
    return struct.pack("!H", bits | count)


class Sender:
    """One direction's, from its agreement on. `keys`: MPPE's, None: not encrypted. The RFCs leave open whether a flag packet has the A
    bit (`flag_flushes`; Linux: yes, FreeBSD: no), and whether one behind an initialised history has B (`flush_at_front`; the same)."""

    def __init__(self, stateful, compresses, keys=None, flag_flushes=False, flush_at_front=False):
        self.stateful, self.compresses, self.keys = stateful, compresses, keys
        self.flag_flushes, self.flush_at_front = flag_flushes, flush_at_front
        self.count, self.expanded, self.shrunk, self.wraps = 0, 0, 0, 0
        self.octets = self.line_octets = self.expanded_octets = 0  # of packets that shrank, before and after; of those that did not
        self.coder = Coder()
        self._stream = keys and keys.stream()
        self.flushes_next = True

    def flush(self):
        """A Reset-Request came, or may be taken for one: the next packet starts anew."""
        self.flushes_next = True

    def body(self, packet):
        return self._sent(*self._compressed(packet, self._begin()))

    def forged(self, data, bits=COMPRESSED):
        """A body in the next one's place, with this for its compressed data, and without any trace here of having been made: what
        follows is made as if it had never been."""
        kept = self.count, self.flushes_next, self._stream, self.keys
        self._stream, self.keys = copy.deepcopy(self._stream), copy.deepcopy(self.keys)
        body = self._sent(data, self._key_bits() | bits)
        self.count, self.flushes_next, self._stream, self.keys = kept
        return body

    def uncounted(self, data, bits=COMPRESSED):
        """The same, and it has a place of its own: as when a coder goes wrong."""
        return self._sent(data, self._begin() | bits)

    def _begin(self):
        bits = self._key_bits()
        if bits & FLUSHED:
            self.coder.reset()
        return bits

    def _key_bits(self):
        """A, or not; keys and tables are made ready for the packet."""
        is_flag = self.count & 0xFF == FLAG
        flushes = not self.stateful or self.flushes_next or (is_flag and self.flag_flushes)
        self.flushes_next = False
        if self.keys:
            if not self.stateful or is_flag:
                self.keys.change()
            if not self.stateful or is_flag or flushes:
                self._stream = self.keys.stream()
        return FLUSHED if flushes else 0

    def _compressed(self, packet, bits):
        if not self.compresses:
            return packet, bits
        data, at_front = self.coder.encode(packet)
        if len(data) >= len(packet):  # RFC 2118 §4: it goes as it is, and the next one starts anew
            self.expanded, self.expanded_octets = self.expanded + 1, self.expanded_octets + len(packet)
            self.flushes_next = True
            return packet, bits
        self.wraps += at_front
        if at_front or (bits & FLUSHED and self.flush_at_front):
            bits |= AT_FRONT
        self.shrunk, self.octets, self.line_octets = self.shrunk + 1, self.octets + len(packet), self.line_octets + len(data)
        return data, bits | COMPRESSED

    def _sent(self, data, bits):
        if self.keys:
            data, bits = self._stream.crypt(data), bits | ENCRYPTED
        body = header(bits, self.count) + data
        self.count = (self.count + 1) % COUNTS
        return body


class Receiver:
    """One direction's. Strict: whatever the agreed mode cannot have is Malformed."""

    def __init__(self, stateful, compresses, keys=None, most=1500):
        """`most`: octets that may follow the packet's protocol field."""
        self.stateful, self.compresses, self.keys, self.most = stateful, compresses, keys, most + 2
        self.out_of_step = False  # stateful: packets are missing, and Reset-Requests are to be sent until this is not so
        self.expected, self.out_of_step_count, self.expanded, self.shrunk, self.wraps, self.flushes = 0, 0, 0, 0, 0, 0
        self.octets = self.line_octets = self.expanded_octets = 0
        self.decoder = Decoder()
        self._stream = keys and keys.stream()

    def packet(self, body):
        """None: it cannot be had, because packets before it are missing."""
        if len(body) < 2:
            raise Malformed(f"{len(body)} octets in all")
        word, data = struct.unpack("!H", body[:2])[0], body[2:]
        self._check(word)
        missing = (word % COUNTS - self.expected) % COUNTS
        if missing >= COUNTS // 2:
            raise Malformed(f"count {word % COUNTS} where {self.expected} was expected")
        if self.stateful and not word & FLUSHED and (missing or self.out_of_step):
            self._miss(missing)
            return None
        self._take(word, missing)
        if self.keys:
            data = self._stream.crypt(data)
        return self._network(self._decompressed(word, data))

    def _check(self, word):
        if word & COMPRESSED and not self.compresses:
            raise Malformed("compressed, which was not agreed on")
        if bool(word & ENCRYPTED) != bool(self.keys):
            raise Malformed("encrypted, which was not agreed on, or not encrypted, where that was")
        if not self.stateful and not word & FLUSHED:
            raise Malformed("A is not set in stateless mode")
        if word & AT_FRONT and not word & COMPRESSED:
            raise Malformed("at the front, and not in the history at all")

    def _miss(self, missing):
        self._change_keys(self.expected, missing + 1)
        self.expected = (self.expected + missing + 1) % COUNTS
        self.out_of_step = True
        self.out_of_step_count += 1

    def _take(self, word, missing):
        changed = self._change_keys(self.expected, missing + 1)
        self.expected = (self.expected + missing + 1) % COUNTS
        self.out_of_step = False
        if word & FLUSHED:
            self.decoder.reset()
            self.flushes += 1
        if self.keys and (word & FLUSHED or changed):
            self._stream = self.keys.stream()

    def _change_keys(self, first, number):
        """For counts that have come, or were lost; returns how often."""
        counts = [count % COUNTS for count in range(first, first + number) if not self.stateful or count & 0xFF == FLAG]
        for _ in counts if self.keys else ():
            self.keys.change()
        return len(counts)

    def _decompressed(self, word, data):
        if not word & COMPRESSED:
            self.expanded, self.expanded_octets = self.expanded + 1, self.expanded_octets + len(data)
            return data
        packet = self.decoder.decode(data, bool(word & AT_FRONT), self.most)
        if len(packet) < len(data):
            raise Malformed(f"{len(data)} octets for {len(packet)}")
        self.wraps += word & (AT_FRONT | FLUSHED) == AT_FRONT
        self.shrunk, self.octets, self.line_octets = self.shrunk + 1, self.octets + len(packet), self.line_octets + len(data)
        return packet

    @staticmethod
    def _network(packet):
        if len(packet) < 2 or struct.unpack("!H", packet[:2])[0] not in NETWORK:
            raise Malformed(f"protocol {packet[:2].hex()} inside")
        return packet
