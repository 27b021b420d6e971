#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The compressing peer of the interop cases, against RFCs' vectors and against itself. Needs neither root nor aditd.
    peer_test.py [unittest arguments]
"""
import copy
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from peer import ccp, mppc, mppe, mschap  # noqa: E402
from peer.mppc import Coder, Decoder, Malformed, copy as copy_code, literal, packed  # noqa: E402
from peer.packets import AT_FRONT, COMPRESSED, FLUSHED, Receiver, Sender  # noqa: E402

MOST = 1502
BELLS = b"for.whom.the.bell.tolls,.the.bell.tolls.for.thee!"
USER, PASSWORD = b"User", b"clientPass"
CHALLENGE = bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628")
PEER_CHALLENGE = bytes.fromhex("21402324255E262A28295F2B3A337C7E")
PACKET = b"\x00\x21" + BELLS


def decoded(octets, most=MOST):
    return Decoder().decode(octets, True, most)


def packets(seed, number):
    """With PPP's protocol field; compressible, not, and in between."""
    random_ = random.Random(seed)
    words = [random_.randbytes(random_.randrange(2, 12)) for _ in range(40)]
    for _ in range(number):
        size = random_.randrange(1, 1498)
        yield b"\x00\x21" + random_.choice((
            lambda: b"".join(random_.choice(words) for _ in range(size))[:size], lambda: bytes(size),
            lambda: (random_.randbytes(random_.randrange(1, 300)) * size)[:size], lambda: random_.randbytes(size)))()


class Codes(unittest.TestCase):
    def test_vectors(self):
        for plain, octets in ((BELLS, "666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372e66fa1f199484"),  # MS-RDPBCGR 3.1.8.2
                              (BELLS, "666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372efa23d3329080"),
                              (b"A" * 8, "41f06c"), (b"\xff" * 4, "bff820"), (b"abcabca", "616263f0e0"), (b"\x80\x7f", "803f80")):
            self.assertEqual(decoded(bytes.fromhex(octets)), plain)

    def test_the_coder_finds_the_vectors_matches(self):
        self.assertEqual(Coder().encode(BELLS)[0].hex(), "666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372efa23d3329080")
        self.assertEqual(Coder().encode(b"\x80\x7f")[0].hex(), "803f80")

    def test_every_offset_and_length(self):
        history = random.Random(1).randbytes(mppc.HISTORY - 16)
        for offset in (1, 2, 63, 64, 319, 320, 321, 8175):
            decoder = Decoder()
            decoder.decode(packed(map(literal, history)), False, len(history))
            wanted = bytearray(history)
            for _ in range(5):
                wanted.append(wanted[-offset])
            self.assertEqual(decoder.decode(packed(copy_code(offset, 5)), False, MOST), bytes(wanted[-5:]), offset)
        for length in (3, 4, 7, 8, 15, 16, 31, 32, 4095, 4096, 8191):
            self.assertEqual(decoded(packed([literal(7), *copy_code(1, length)]), 8192), bytes([7]) * (length + 1), length)

    def test_round_trips_with_the_history_wrapping(self):
        coder, decoder, wraps = Coder(), Decoder(), 0
        for packet in packets(2, 300):
            octets, at_front = coder.encode(packet)
            self.assertEqual(decoder.decode(octets, at_front, MOST), packet)
            wraps += at_front
        self.assertGreater(wraps, 20)

    def test_the_previous_lap_is_referred_to(self):
        coder, decoder, marked = Coder(), Decoder(), random.Random(3).randbytes(600)
        for packet in (random.Random(4).randbytes(7400), marked, random.Random(5).randbytes(300), marked):
            octets, at_front = coder.encode(packet)
            self.assertEqual(decoder.decode(octets, at_front, 8192), packet)
        self.assertLess(len(octets), 8)  # it lay above the front, from the lap before

    def test_a_packet_may_go_to_the_front_at_any_time(self):
        coder, decoder, random_ = Coder(), Decoder(), random.Random(11)
        for packet in packets(11, 60):
            coder.goes_to_front = random_.random() < .3
            octets, at_front = coder.encode(packet)
            self.assertEqual(decoder.decode(octets, at_front, MOST), packet)

    def test_a_packet_may_end_where_the_history_ends(self):
        coder, decoder = Coder(), Decoder()
        for length, front in ((8000, False), (192, False), (1, True)):
            octets, at_front = coder.encode(bytes(length))
            self.assertEqual((at_front, decoder.decode(octets, at_front, 8192)), (front, bytes(length)))

    def test_malformed(self):
        for what, codes in (("offset 0", [literal(1), *copy_code(0, 3)]), ("not written", [literal(1), *copy_code(2, 3)]),
                            ("8,192", [literal(1), *copy_code(8192, 3)]), ("8,511", [literal(1), *copy_code(8511, 3)]),
                            ("too long", [literal(1), *copy_code(1, 1502)]), ("bomb", [literal(1), *copy_code(1, 8191)]),
                            ("no length", [literal(1), mppc.offset_code(1), ((1 << 24) - 1, 24)]),
                            ("length cut off", [literal(1), mppc.offset_code(1), (0b1110, 4)]),
                            ("literal cut off", [literal(1), (0xBF, 8)]), ("filled up", [(1, 1), (1, 7)])):
            with self.subTest(what), self.assertRaises(Malformed):
                decoded(packed(codes))
        with self.assertRaises(Malformed):
            decoded(b"")

    def test_a_packet_across_the_end_is_malformed(self):
        decoder = Decoder()
        decoder.decode(packed([literal(1), *copy_code(1, 8190)]), True, 8192)
        with self.assertRaises(Malformed):
            decoder.decode(packed([literal(1), literal(2)]), False, MOST)

    def test_noise_is_decoded_or_malformed(self):
        random_ = random.Random(6)
        decoder = Decoder()
        for _ in range(500):
            try:
                self.assertLessEqual(len(decoder.decode(random_.randbytes(random_.randrange(60)), random_.random() < .1, MOST)), MOST)
            except Malformed:
                decoder.reset()


class KeysAndLogin(unittest.TestCase):
    def test_md4(self):
        for text, digest in ((b"", "31d6cfe0d16ae931b73c59d7e0c089c0"), (b"message digest", "d9130a8164549fe818874806e1c7014b"),
                             (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536")):
            self.assertEqual(mschap.md4(text).hex(), digest)

    def test_rc4(self):
        self.assertEqual(mppe.Rc4(b"Key").crypt(b"Plaintext").hex(), "bbf316e8d940af0ad3")

    def test_mschap_v2(self):
        """RFC 2759 §9.2."""
        login = mschap.Login(USER, PASSWORD, CHALLENGE, PEER_CHALLENGE)
        self.assertEqual(login.nt_response.hex(), "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df")
        self.assertTrue(login.is_servers(b"S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hello"))
        self.assertFalse(login.is_servers(b"S=507A5589115FD0D6209F510FE9C04566932CDA56 M=hello"))

    def test_mppe_keys(self):
        """RFC 3079 §3.5, its misprint corrected (MPP-01)."""
        master = mschap.Login(USER, PASSWORD, CHALLENGE, PEER_CHALLENGE).master_key()
        for bits, key, text in ((40, "d1269ec49fa62e3e", "929137917e5803d668d75898"), (56, "d15c00c49fa62e3e", "3f106833fa448da842bc57b8"),
                                (128, "405cb2247a7956e6e211007ae27b22d4", "81848317df68846272fb5abe")):
            keys = mppe.Keys(mppe.start_key(master, bits, mppe.CLIENT_RECEIVES), bits)
            self.assertEqual((keys.key.hex(), keys.stream().crypt(b"test message").hex()), (key, text))


def keys(bits):
    return bits and mppe.Keys(mppe.start_key(bytes(range(16)), bits, mppe.CLIENT_SENDS), bits)


def ends(stateful, bits=None, **sending):
    return Sender(stateful, True, keys(bits), **sending), Receiver(stateful, True, keys(bits))


class Packets(unittest.TestCase):
    MODES = [(stateful, bits) for stateful in (False, True) for bits in (None, 40, 56, 128)]

    def test_first_headers(self):
        for stateful, bits, wanted in ((False, None, ("a000", "a001")), (True, None, ("a000", "2001")), (False, 128, ("b000", "b001")),
                                       (True, 128, ("b000", "3001"))):
            sender = Sender(stateful, True, keys(bits))
            self.assertEqual(tuple(sender.body(PACKET)[:2].hex() for _ in range(2)), wanted)
        self.assertEqual(Sender(True, True, flush_at_front=True).body(PACKET)[:2].hex(), "e000")

    def test_every_packet_arrives(self):
        for stateful, bits in self.MODES:
            for variant in (False, True):
                sender, receiver = ends(stateful, bits, flag_flushes=variant, flush_at_front=variant)
                for packet in packets(7, 60):
                    self.assertEqual(receiver.packet(sender.body(packet)), packet)
                self.assertGreater(sender.expanded, 5)
                self.assertGreater(sender.shrunk, 20)

    def test_counts_wrap_and_flag_packets_pass(self):
        for stateful, bits in ((False, None), (True, None), (False, 128), (True, 40)):
            sender, receiver = ends(stateful, bits)
            for number in range(4200):
                packet = b"\x00\x21" + number.to_bytes(2, "big") * 6
                self.assertEqual(receiver.packet(sender.body(packet)), packet)
            self.assertEqual(sender.count, 4200 - 4096)

    def test_a_loss_costs_what_was_lost_and_stateful_the_rest_until_the_reset(self):
        for stateful, bits in self.MODES:
            for lost in (1, 300, 700):
                sender, receiver = ends(stateful, bits)
                stream = packets(8, 10_000)
                for _ in range(5):
                    receiver.packet(sender.body(next(stream)))
                for _ in range(lost):
                    sender.body(PACKET)
                for _ in range(3):
                    body = sender.body(PACKET)
                    if not stateful:
                        self.assertEqual(receiver.packet(body), PACKET)
                    elif not int.from_bytes(body[:2], "big") & FLUSHED:
                        self.assertIsNone(receiver.packet(body))
                self.assertEqual(receiver.out_of_step, stateful)
                sender.flush()
                for _ in range(3):
                    self.assertEqual(receiver.packet(sender.body(PACKET)), PACKET)
                self.assertFalse(receiver.out_of_step)

    def test_what_does_not_shrink_enters_neither_history(self):
        sender, receiver = ends(True)
        noise = b"\x00\x21" + random.Random(9).randbytes(400)
        bodies = [sender.body(packet) for packet in (PACKET, noise, PACKET)]
        self.assertEqual([int.from_bytes(body[:2], "big") & (FLUSHED | COMPRESSED) for body in bodies],
                         [FLUSHED | COMPRESSED, 0, FLUSHED | COMPRESSED])
        self.assertEqual(bodies[1][2:], noise)
        self.assertEqual([receiver.packet(body) for body in bodies], [PACKET, noise, PACKET])

    def test_forged_bodies_leave_no_trace(self):
        for stateful, bits in self.MODES:
            sender, receiver = ends(stateful, bits)
            receiver.packet(sender.body(PACKET))
            before = copy.deepcopy(receiver)
            with self.assertRaises(Malformed):
                receiver.packet(sender.forged(packed([literal(0), *copy_code(0, 3)])))
            self.assertEqual(before.packet(sender.body(PACKET)), PACKET)

    def test_malformed(self):
        for what, stateful, bits, word in (("encrypted", False, None, 0xB000), ("in clear", False, 128, 0xA000), ("no A", False, None, 0x2000),
                                           ("B without C", True, None, FLUSHED | AT_FRONT)):
            with self.subTest(what), self.assertRaises(Malformed):
                Receiver(stateful, True, keys(bits)).packet(word.to_bytes(2, "big") + Coder().encode(PACKET)[0])
        for body in (b"", b"\x80", b"\xa0\x00"):
            with self.assertRaises(Malformed):
                Receiver(False, True).packet(body)
        with self.assertRaises(Malformed):  # not agreed on
            Receiver(False, False).packet(Sender(False, True).body(PACKET))


class Server(ccp.Peer):
    """CCP is the same on both sides, but for the keys."""

    def _mode(self, bits, magic):
        return super()._mode(bits, mppe.CLIENT_SENDS if magic == mppe.CLIENT_RECEIVES else mppe.CLIENT_RECEIVES)


def met(client, server):
    """After the frames of both, as long as there are any."""
    client._master = server._master = bytes(range(16))
    to_server, to_client = client._network_phase(), server._network_phase()
    for _ in range(40):
        to_server, to_client = ([answer for payload in to_client for answer in client.on(payload)],
                                [answer for payload in to_server for answer in server.on(payload)])
    return client.state, server.state


class Negotiation(unittest.TestCase):
    def test_every_mode(self):
        for wanted in (ccp.MPPC, ccp.MPPC | ccp.STATELESS, ccp.MPPC | ccp.BITS_128, ccp.MPPC | ccp.BITS_128 | ccp.STATELESS,
                       ccp.MPPC | ccp.BITS_40, ccp.MPPC | ccp.BITS_56 | ccp.STATELESS):
            client, server = ccp.Peer(wanted), Server(wanted)
            self.assertEqual(met(client, server), ("up", "up"))
            for one, other in ((client, server), (server, client)):
                for packet in packets(10, 20):
                    self.assertEqual(other.receiver.packet(one.sender.body(packet)), packet)

    def test_whoever_insists_gets_it(self):
        client, server = ccp.Peer(ccp.MPPC), Server(ccp.MPPC | ccp.STATELESS, insists=False)
        self.assertEqual(met(client, server), ("up", "up"))
        self.assertTrue(client.sender.stateful and client.receiver.stateful and server.sender.stateful)

    def test_each_direction_is_agreed_on_by_itself(self):
        alone, both = ccp.BITS_128 | ccp.STATELESS, ccp.BITS_128 | ccp.STATELESS | ccp.MPPC
        client, server = ccp.Peer(both, sends=alone), Server(alone, sends=both)
        self.assertEqual(met(client, server), ("up", "up"))
        self.assertEqual([end.compresses for end in (client.sender, server.receiver, server.sender, client.receiver)],
                         [False, False, True, True])
        self.assertEqual(client.receiver.packet(server.sender.body(PACKET)), PACKET)

    def test_two_that_insist_on_different_things_do_not_meet(self):
        self.assertIn("refused", met(ccp.Peer(ccp.MPPC), Server(ccp.MPPC | ccp.STATELESS)))

    def test_without_ccp(self):
        client = ccp.Peer(ccp.MPPC, insists=False)
        client._network_phase()
        client.on(bytes.fromhex("ff03c0210801000a80fd01010004"))
        self.assertEqual((client.state, client.sender, client.receiver), ("network", None, None))

    def test_reset_request(self):
        client, server = ccp.Peer(ccp.MPPC), Server(ccp.MPPC)
        met(client, server)
        server.receiver.packet(client.sender.body(PACKET))
        client.sender.body(PACKET)
        self.assertIsNone(server.receiver.packet(client.sender.body(PACKET)))
        answer = client.on(server.reset_request())
        self.assertEqual(len(answer), 1)
        self.assertEqual(answer[0][:5].hex(), "ff0380fd0f")
        self.assertEqual(server.receiver.packet(client.sender.body(PACKET)), PACKET)


if __name__ == "__main__":
    unittest.main()
