# SPDX-License-Identifier: Apache-2.0
"""The client's half of MS-CHAPv2 (RFC 2759), for tests. MD4 is here because OpenSSL 3 has it no more."""
import os
import struct
import subprocess

from peer.mppe import master_key, sha1

SIGNING = b"Magic server to client signing constant"
ITERATION = b"Pad to make it do more than one iteration"


def md4(data):
    """RFC 1320."""
    def rotated(value, by):
        value &= 0xFFFFFFFF
        return value << by & 0xFFFFFFFF | value >> 32 - by

    rounds = ((lambda x, y, z: x & y | ~x & z, 0, (3, 7, 11, 19), list(range(16))),
              (lambda x, y, z: x & y | x & z | y & z, 0x5A827999, (3, 5, 9, 13), [i % 4 * 4 + i // 4 for i in range(16)]),
              (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (3, 9, 11, 15), [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]))
    a, b, c, d = 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    for block in range(0, len(padded), 64):
        words, before = struct.unpack("<16I", padded[block:block + 64]), (a, b, c, d)
        for mix, constant, shifts, order in rounds:
            for step, index in enumerate(order):
                a, b, c, d = d, rotated(a + mix(b, c, d) + words[index] + constant, shifts[step % 4]), b, c
        a, b, c, d = (x + y & 0xFFFFFFFF for x, y in zip(before, (a, b, c, d)))
    return struct.pack("<4I", a, b, c, d)


def des(key, block):
    """With a key of 7 octets. As triple DES with one key, which every OpenSSL has."""
    whole = int.from_bytes(key, "big")
    eight = bytes((whole >> 49 - 7 * at & 0x7F) << 1 for at in range(8))
    return subprocess.run(["openssl", "enc", "-des-ede3-ecb", "-nopad", "-K", (eight * 3).hex()], input=block, check=True,
                          capture_output=True).stdout


def challenge_hash(peer_challenge, challenge, user):
    return sha1(peer_challenge, challenge, user)[:8]


class Login:
    """The answer to one challenge."""

    def __init__(self, user, password, challenge, peer_challenge=None):
        self.peer_challenge = peer_challenge or os.urandom(16)
        hashed = md4(password.decode().encode("utf-16-le"))
        self._hash_hash = md4(hashed)
        self._short_challenge = challenge_hash(self.peer_challenge, challenge, user)
        keys = hashed + bytes(5)
        self.nt_response = b"".join(des(keys[at:at + 7], self._short_challenge) for at in (0, 7, 14))

    def response(self, user):
        """The data of a CHAP Response."""
        return b"\x31" + self.peer_challenge + bytes(8) + self.nt_response + b"\0" + user

    def is_servers(self, success):
        """Whether the message of a CHAP Success is of a server that knows the password."""
        digest = sha1(sha1(self._hash_hash, self.nt_response, SIGNING), self._short_challenge, ITERATION)
        return success.startswith(b"S=" + digest.hex().upper().encode())

    def master_key(self):
        return master_key(self._hash_hash, self.nt_response)
