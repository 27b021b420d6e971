# SPDX-License-Identifier: Apache-2.0
"""IPv4 through a PeerCall, both ways and octet by octet: UDP from and to the core's host, and pings of the gateway. Every payload
begins with a number, so that what comes is held against what was sent."""
import contextlib
import random
import select
import socket
import struct
import time

from attacks.gre import checksum, ipv4
from harness.case import Unmet, expect
from harness.lab import CORE
from harness.namespace import inside
from peer.call import SO_RCVBUFFORCE

ICMP, UDP = 1, 17
CLIENT_PORT, CORE_PORT = 4000, 4001
GATEWAY = "10.64.0.1"
LARGEST = 1400  # octets of UDP payload: with 28 of headers below every MTU of the cases
WORDS = b"the peer shall discard all packets until one arrives whose flushed bit is set and then take its coherency count".split()
IN_FLIGHT = 16
PATIENCE = 5.0  # seconds until a packet is missing


class Payloads:
    """What shrinks, what shrinks only where a history remembers the packet before, and what does not."""

    def __init__(self, seed):
        self._random, self._last = random.Random(seed), b"once more"

    def shrinking(self):
        size = self._random.randrange(40, LARGEST)
        made = self._random.choice((self._text, self._text, self._period, bytes, self._again))(size)
        self._last = made
        return made

    def any(self):
        size = self._random.randrange(LARGEST - 4)
        return self._random.choice((self._text, self._period, self._again, self._random.randbytes, self._high, self._half))(size)

    def small(self):
        return self._text(self._random.randrange(24))

    def _text(self, size):
        text = b" ".join(self._random.choice(WORDS) for _ in range(size // 4 + 1))
        return text[:size]

    def _period(self, size):
        return (self._random.randbytes(self._random.randrange(1, 60)) * size)[:size]

    def _again(self, _):
        return self._last

    def _high(self, size):
        return bytes(0x80 | octet for octet in self._random.randbytes(size))

    def _half(self, size):
        return self._text(size // 2) + self._random.randbytes(size // 2)


class Traffic:
    def __init__(self, call, seed=1):
        self.call, self.payloads = call, Payloads(seed)
        self.sent_up = self.sent_down = self.came_up = self.came_down = 0
        self._up, self._down = {}, {}  # number -> payload, on its way
        self._late = {"up": {}, "down": {}}  # what a round called missing
        with inside("adit-core"):
            self.core = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.core.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        self.core.bind((CORE, CORE_PORT))
        self.core.setblocking(False)

    def close(self):
        self.core.close()

    # ---- UDP -----------------------------------------------------------------------------------------------------

    def exchange(self, make, up=IN_FLIGHT, down=IN_FLIGHT, patience=PATIENCE):
        """So many packets each way, and how many are missing: (up, down)."""
        for at in range(max(up, down)):
            if at < up:
                self._send_up(make())
            if at < down:
                self._send_down(make())
        deadline = time.monotonic() + patience
        while (self._up or self._down) and time.monotonic() < deadline:
            self._collect()
        return self._give_up()

    def lose_up(self, make, number):
        self.call.lose_up = number
        for _ in range(number):
            self._send_up(make())
        self._give_up()

    def lose_down(self, make, number):
        self.call.lose_down = number
        for _ in range(number):
            self._send_down(make())
        deadline = time.monotonic() + PATIENCE
        while self.call.lose_down and time.monotonic() < deadline:
            self._collect()
        expect(f"still to be lost down of {number}", self.call.lose_down, 0)
        self._give_up()

    def _give_up(self):
        """Calls missing what is underway; returns how many, up and down."""
        missing = len(self._up), len(self._down)
        for way, underway in (("up", self._up), ("down", self._down)):
            self._late[way].update(underway)
            underway.clear()
        return missing

    def all_pass(self, what, make, number):
        """So many packets each way, all of which must arrive."""
        for done in range(0, number, IN_FLIGHT):
            most = min(IN_FLIGHT, number - done)
            expect(f"{what}: missing up and down, after {done} each way", self.exchange(make, most, most), [(0, 0)])

    def next_up(self):
        """The payload of the next datagram that comes to the core, whatever it is."""
        if not select.select([self.core], [], [], PATIENCE)[0]:
            raise Unmet(f"nothing came to the core within {PATIENCE} s")
        return self.core.recv(2048)

    def _send_up(self, content):
        payload = struct.pack("!I", self.sent_up) + content
        self._up[self.sent_up] = payload
        self.sent_up += 1
        self.call.send(ipv4(self.call.address, CORE, struct.pack("!HHHH", CLIENT_PORT, CORE_PORT, 8 + len(payload), 0) + payload, UDP,
                            identification=self.sent_up & 0xFFFF))

    def _send_down(self, content):
        payload = struct.pack("!I", self.sent_down) + content
        self._down[self.sent_down] = payload
        self.sent_down += 1
        self.core.sendto(payload, (self.call.address, CLIENT_PORT))

    def _collect(self):
        ready = select.select([self.core, self.call.raw], [], [], 0.05)[0]
        if self.core in ready:
            with contextlib.suppress(BlockingIOError):
                payload, source = self.core.recvfrom(2048)
                expect("who sent what came to the core", source, [(self.call.address, CLIENT_PORT)])
                self._came("up", self._up, payload)
                self.came_up += 1
        if self.call.raw in ready and (packet := self.call.receive()) is not None:
            if (payload := self._datagram(packet)) is not None:
                self._came("down", self._down, payload)
                self.came_down += 1

    def _datagram(self, packet):
        """The payload of a datagram of the core's; None: the packet is none."""
        check_ipv4(packet, self.call.address)
        if packet[9] != UDP:
            return None
        source, destination, length, _ = struct.unpack("!HHHH", packet[20:28])
        expect("the ports and the length of what came down", (source, destination, length), [(CORE_PORT, CLIENT_PORT, len(packet) - 20)])
        return packet[28:]

    def _came(self, way, underway, payload):
        number = struct.unpack("!I", payload[:4])[0]
        sent = underway.pop(number, None) or self._late[way].pop(number, None)
        if sent is None:
            raise Unmet(f"packet {number} came {way}, and was not on its way")
        if sent != payload:
            raise Unmet(f"packet {number} came {way} changed: {payload.hex()}, and was {sent.hex()}")

    # ---- pings ---------------------------------------------------------------------------------------------------

    def pings(self, number, address=GATEWAY):
        """How many of these were answered, one after the other, with what they had."""
        answered = 0
        for sequence in range(number):
            request = struct.pack("!BBHHH", 8, 0, 0, 7, sequence) + self.payloads.any()
            request += bytes(len(request) % 2)
            self.call.send(ipv4(self.call.address, address, request[:2] + struct.pack("!H", checksum(request)) + request[4:], ICMP))
            answered += self._is_answered(request)
        return answered

    def _is_answered(self, request):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            packet = self.call.receive(0.05)
            if packet and packet[9] == ICMP and packet[20:21] == b"\0" and packet[24:28] == request[4:8]:
                check_ipv4(packet, self.call.address)
                expect("what a ping had, and its answer", packet[28:] == request[8:], True)
                return True
        return False


def check_ipv4(packet, destination):
    expect("an IPv4 packet came down: version, length, checksum, destination",
           (packet[0], struct.unpack("!H", packet[2:4])[0], checksum(packet[:20]), packet[16:20]),
           [(0x45, len(packet), 0, socket.inet_aton(destination))])
