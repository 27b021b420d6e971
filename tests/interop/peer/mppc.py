# SPDX-License-Identifier: Apache-2.0
"""MPPC's coder and decoder (RFC 2118 §4), written from the RFC for tests: they share nothing with aditd's. The decoder is strict."""

HISTORY = 8192
LONGEST = 8191  # the longest length that has a code


class Malformed(Exception):
    """What came is not what a coder that keeps to RFC 2118 sends."""


# ---- codes: (value, number of bits) ------------------------------------------------------------------------------

def literal(octet):
    return (octet, 8) if octet < 0x80 else (0b10 << 7 | octet & 0x7F, 9)


def offset_code(offset):
    """Of 0 to 8,511, which is more than is legal: 0 is no distance, and from 8,192 on none that a history has."""
    if offset < 64:
        return 0b1111 << 6 | offset, 10
    if offset < 320:
        return 0b1110 << 8 | offset - 64, 12
    return 0b110 << 13 | offset - 320, 16


def length_code(length):
    """Of 3 to 8,191."""
    if length == 3:
        return 0, 1
    low = length.bit_length() - 1  # bits below the leading one
    ones = low - 1
    return (((1 << ones) - 1) << 1 << low) | length - (1 << low), ones + 1 + low


def copy(offset, length):
    return [offset_code(offset), length_code(length)]


def packed(codes):
    """As octets, the last one filled up with zeros."""
    octets, waiting, count = bytearray(), 0, 0
    for value, width in codes:
        waiting, count = waiting << width | value, count + width
        while count >= 8:
            count -= 8
            octets.append(waiting >> count)
            waiting &= (1 << count) - 1
    if count:
        octets.append(waiting << 8 - count)
    return bytes(octets)


# ---- the coder ---------------------------------------------------------------------------------------------------

class Coder:
    """One direction's. It refers to the history's previous lap, too: offsets wrap, and a decoder must have it."""

    def __init__(self):
        self.goes_to_front = False  # the next packet, whether or not it fits
        self.reset()

    def reset(self):
        self.history, self.at, self.written = bytearray(HISTORY), 0, 0  # written: octets from the front that ever were, since then
        self._recent = {}  # three octets -> where they were last

    def encode(self, packet):
        """(codes as octets, whether the packet has gone to the front). The packet is in the history then."""
        at_front, self.goes_to_front = self.goes_to_front or self.at + len(packet) > HISTORY, False
        begin = 0 if at_front else self.at
        end, old_end = begin + len(packet), self.written
        # The octets to come lie there already, so that a copy that overlaps itself compares right.
        self.history[begin:end] = packet
        self.at, self.written = end, max(end, self.written)
        whole = bytes(self.history[max(begin - 2, 0):end])
        triples = [whole[at:at + 3] for at in range(len(whole) - 2)]  # those across the border to the packet before, too
        first = end - 2 - len(triples)
        codes, done, indexed = [], 0, first
        while done < len(packet):
            here = begin + done
            while indexed < here - 2:
                self._recent[triples[indexed - first]] = indexed
                indexed += 1
            offset, length = self._match(packet, done, here, end, old_end)
            if length < 3:
                codes.append(literal(packet[done]))
                done += 1
            else:
                codes += copy(offset, length)
                done += length
        self._recent.update(zip(triples[indexed - first:], range(indexed, end - 2)))
        return packed(codes), at_front

    def _match(self, packet, done, here, end, old_end):
        source = self._recent.get(packet[done:done + 3])
        if source is None or len(packet) - done < 3 or here <= source < end:
            return 0, 0
        offset, most = here - source, len(packet) - done
        if source >= end:  # of the previous lap
            offset, most = offset + HISTORY, min(most, old_end - source)
        most, history = min(most, LONGEST), self.history
        length = next((at for at in range(most) if history[source + at] != packet[done + at]), most)
        return offset, length


# ---- the decoder -------------------------------------------------------------------------------------------------

class Bits:
    def __init__(self, octets):
        self.left, self._value = 8 * len(octets), int.from_bytes(octets, "big")

    def take(self, width):
        if width > self.left:
            raise Malformed(f"a code is cut off: {width} bits wanted, {self.left} left")
        self.left -= width
        return self._value >> self.left & (1 << width) - 1


def _offset(bits):
    """What follows 11."""
    if not bits.take(1):
        return bits.take(13) + 320
    return bits.take(6) if bits.take(1) else bits.take(8) + 64


def _length(bits):
    ones = 0
    while bits.take(1):
        ones += 1
        if ones > 11:
            raise Malformed("a length of twelve ones and more")
    return 1 << ones + 1 | bits.take(ones + 1) if ones else 3


class Decoder:
    """One direction's. After Malformed its history is undefined until reset()."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.history, self.at, self.written = bytearray(HISTORY), 0, 0

    def decode(self, octets, at_front, most):
        """The packet, of at most so many octets."""
        if not octets:
            raise Malformed("compressed, and nothing there")
        if at_front:
            self.at = 0
        bits, begin = Bits(octets), self.at
        while bits.left >= 8:
            if not bits.take(1):
                self._append(bits.take(7), begin, most)
            elif not bits.take(1):
                self._append(0x80 | bits.take(7), begin, most)
            else:
                self._copy(_offset(bits), _length(bits), begin, most)
        if bits.take(bits.left):
            raise Malformed("the last octet is filled up with something else than zeros")
        return bytes(self.history[begin:self.at])

    def _append(self, octet, begin, most):
        if self.at == HISTORY:
            raise Malformed("a packet across the history's end")
        if self.at - begin == most:
            raise Malformed(f"more than {most} octets")
        self.history[self.at] = octet
        self.at += 1
        self.written = max(self.written, self.at)

    def _copy(self, offset, length, begin, most):
        if not 0 < offset < HISTORY:
            raise Malformed(f"offset {offset}")
        for _ in range(min(length, most + 1)):  # one more than is allowed tells
            source = (self.at - offset) % HISTORY
            if source >= self.written:
                raise Malformed(f"offset {offset} at {self.at}, where {self.written} octets have been written")
            self._append(self.history[source], begin, most)
