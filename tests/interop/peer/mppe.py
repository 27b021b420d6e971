# SPDX-License-Identifier: Apache-2.0
"""MPPE's keys for MS-CHAPv2 (RFC 3079 §3) and RC4, written from the RFC for tests: they share nothing with aditd's."""
import hashlib

PAD1, PAD2 = bytes(40), b"\xf2" * 40
CLIENT_SENDS = b"On the client side, this is the send key; on the server side, it is the receive key."
CLIENT_RECEIVES = b"On the client side, this is the receive key; on the server side, it is the send key."
SALTS = {40: b"\xd1\x26\x9e", 56: b"\xd1", 128: b""}


def sha1(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


class Rc4:
    def __init__(self, key):
        state, j = list(range(256)), 0
        for i in range(256):
            j = (j + state[i] + key[i % len(key)]) & 0xFF
            state[i], state[j] = state[j], state[i]
        self._state, self._i, self._j = state, 0, 0

    def crypt(self, data):
        state, i, j, out = self._state, self._i, self._j, bytearray(data)
        for at, octet in enumerate(data):
            i = (i + 1) & 0xFF
            a = state[i]
            j = (j + a) & 0xFF
            b = state[j]
            state[i], state[j] = b, a
            out[at] = octet ^ state[(a + b) & 0xFF]
        self._i, self._j = i, j
        return bytes(out)


def master_key(password_hash_hash, nt_response):
    return sha1(password_hash_hash, nt_response, b"This is the MPPE Master Key")[:16]


def start_key(master, bits, magic):
    return sha1(master, PAD1, magic, PAD2)[:16 if bits == 128 else 8]


class Keys:
    """The session keys of one direction, one after the other (RFC 3078 §7)."""

    def __init__(self, start, bits):
        self._start, self._salt = start, SALTS[bits]
        self.key = self._salted(self._next(start))

    def _next(self, key):
        return sha1(self._start, PAD1, key, PAD2)[:len(self._start)]

    def _salted(self, key):
        return self._salt + key[len(self._salt):]

    def change(self):
        interim = self._next(self.key)
        self.key = self._salted(Rc4(interim).crypt(interim))

    def stream(self):
        """RC4's tables, initialised with the current key."""
        return Rc4(self.key)
