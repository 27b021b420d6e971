# SPDX-License-Identifier: Apache-2.0
"""A subscriber who attacks: logs in as everybody does, without encryption, and floods aditd from inside the tunnel."""
import socket
import struct
import time

from assaults.assault import gre, ipv4
from assaults.programs import ppp
from attacks.pptp import ocrq, sccrq
from harness.case import Unmet
from harness.ground import FOE
from harness.namespace import connect, inside

OUR_ID, GRE = 77, 47
SECONDS = 20


class Insider:
    """Its control is no subscriber, and sends the same frames."""

    def __init__(self, field):
        self.target, self.call_id, self.sequence, self.address = field.target.address, 1, 0, "10.64.0.2"
        self.stream = None
        if field.target.is_aditd:
            self._log_in()

    def _log_in(self):
        with inside("adit-foe"):
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, GRE)
        self.raw.settimeout(1)
        self.stream = connect("adit-foe", (self.target, 1723))
        self.stream.sendall(sccrq() + ocrq(OUR_ID))
        octets = b""
        while len(octets) < 156 + 32:
            more = self.stream.recv(4096)
            if not more:
                raise Unmet("the attacker's own call was refused")
            octets += more
        self.call_id = struct.unpack("!H", octets[156 + 12:156 + 14])[0]
        client, deadline = ppp.Client("pap"), time.monotonic() + SECONDS
        self._say(client.start())
        while client.state != "up":
            if time.monotonic() > deadline or client.state in ("refused", "terminated"):
                raise Unmet(f"the attacker's own call did not come up: {client.state}")
            self._say(client.on(self._hear()))
        self.address = socket.inet_ntoa(client.address)

    def _say(self, frames):
        for payload in frames:
            self.raw.sendto(gre(self.call_id, payload, sequence=self.sequence), (self.target, 0))
            self.sequence += 1

    def _hear(self):
        try:
            packet = self.raw.recv(2048)[20:]
        except TimeoutError:
            return b""
        flags, version, _, _, call_id = struct.unpack("!BBHHH", packet[:8])
        return packet[8 + (4 if flags & 0x10 else 0) + (4 if version & 0x80 else 0):] if call_id == OUR_ID else b""

    def frames(self, payloads):
        """As packets to the target; each pass must add their number to the sequence."""
        return [ipv4(FOE, self.target, gre(self.call_id, payload, sequence=self.sequence + at)) for at, payload in enumerate(payloads)]

    def close(self):
        if self.stream is not None:
            self.stream.close()
            self.raw.close()
