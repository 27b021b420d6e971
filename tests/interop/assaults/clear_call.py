# SPDX-License-Identifier: Apache-2.0
"""One subscriber's call without encryption, made by hand: an attacker's who floods from inside, or a witness's."""
import socket
import struct
import time

from assaults.assault import gre, ipv4
from assaults.programs import ppp
from attacks.pptp import ocrq, sccrq
from harness.case import Unmet
from harness.namespace import connect, inside
from siege_kit.site import FOE

OUR_ID, GRE = 77, 47
SECONDS = 20


class ClearCall:
    """Up when made, from this namespace and address of it. At a target that is not aditd, frames alone. `interface_id`: 8 octets, to be
    up in IPv6 as well; aditd may have made it another one."""

    def __init__(self, target, namespace="adit-foe", source=FOE, interface_id=None):
        self.target, self.namespace, self.source, self.interface_id = target.address, namespace, source, interface_id
        self.call_id, self.sequence, self.address = 1, 0, "10.64.0.2"
        self.stream = None
        if target.is_aditd:
            self._log_in()

    def _log_in(self):
        with inside(self.namespace):
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, GRE)
            self.whole = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw.settimeout(1)
        self.stream = connect(self.namespace, (self.target, 1723))
        self.stream.sendall(sccrq() + ocrq(OUR_ID))
        octets = b""
        while len(octets) < 156 + 32:
            more = self.stream.recv(4096)
            if not more:
                raise Unmet("this call was refused")
            octets += more
        self.call_id = struct.unpack("!H", octets[156 + 12:156 + 14])[0]
        client, deadline = self._client(), time.monotonic() + SECONDS
        self._say(client.start())
        while client.state != "up":
            if time.monotonic() > deadline or client.state in ("refused", "terminated"):
                raise Unmet(f"this call did not come up: {client.state}")
            self._say(client.on(self.hear()))
        self.address, self.interface_id = socket.inet_ntoa(client.address), client.interface_id

    def _client(self):
        """Its half of PPP."""
        return ppp.Client("pap", interface_id=self.interface_id)

    def _say(self, frames):
        for payload in frames:
            self.raw.sendto(gre(self.call_id, payload, sequence=self.sequence), (self.target, 0))
            self.sequence += 1

    def hear(self):
        """The next frame's payload; empty if none came within a second."""
        try:
            packet = self.raw.recv(2048)[20:]
        except TimeoutError:
            return b""
        flags, version, _, _, call_id = struct.unpack("!BBHHH", packet[:8])
        return packet[8 + (4 if flags & 0x10 else 0) + (4 if version & 0x80 else 0):] if call_id == OUR_ID else b""

    def frames(self, payloads):
        """As packets to the target; each pass must add their number to the sequence."""
        return [ipv4(self.source, self.target, gre(self.call_id, payload, sequence=self.sequence + at)) for at, payload in enumerate(payloads)]

    def say_in_fragments(self, payload, at):
        """One frame in two IPv4 packets; `at`: octets of GRE in the first, a multiple of 8."""
        packet = gre(self.call_id, payload, sequence=self.sequence)
        number, self.sequence = self.sequence & 0xFFFF, self.sequence + 1
        for piece in (ipv4(self.source, self.target, packet[:at], offset=0x2000, identification=number),
                      ipv4(self.source, self.target, packet[at:], offset=at // 8, identification=number)):
            self.whole.sendto(piece, (self.target, 0))

    def close(self):
        if self.stream is not None:
            self.stream.close()
            self.raw.close()
            self.whole.close()
