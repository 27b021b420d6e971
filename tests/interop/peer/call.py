# SPDX-License-Identifier: Apache-2.0
"""A call to the lab's aditd whose client compresses: IPv4 packets in and out, and losses on purpose."""
import random
import socket
import time

from assaults.clear_call import ClearCall
from harness.lab import SERVER
from siege_kit.site import Target

CLIENTS = "192.0.2.2"  # the bridge's address
ADITD = Target(SERVER, b"", True)
COMPRESSED_DATAGRAM = b"\xff\x03\x00\xfd"
IPV4 = b"\x00\x21"
RESET_REQUEST = b"\x80\xfd\x0e"
SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>
BETWEEN_RESETS = 0.2  # seconds from one Reset-Request to the next


class PeerCall(ClearCall):
    """A ClearCall by `client`, a peer.ccp.Peer. `lose_up`, `lose_down`, `lose_resets`: so many of the next data packets, and of
    aditd's Reset-Requests, are lost. `loss`: so large a part of all these. `lost_up`, `lost_down`: how many data packets that were."""

    def __init__(self, client, target=ADITD, namespace="adit-clients", source=CLIENTS):
        self.client = client
        self.lose_up = self.lose_down = self.lose_resets = self.loss = self.lost_up = self.lost_down = 0
        self.protocol = IPV4  # as it sends PPP's protocol field inside
        self._random = random.Random(1)
        self.clear_packets = self.resets_sent = 0
        self._next_reset = 0.0
        super().__init__(target, namespace, source)
        if target.is_aditd:
            self.raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)

    def _client(self):
        return self.client

    def send(self, packet):
        """One IPv4 packet."""
        frame = self.protocol + packet
        self.say_data(COMPRESSED_DATAGRAM + self.client.sender.body(frame) if self.client.sender else b"\xff\x03" + frame)

    def say_body(self, body):
        """What follows 00FD."""
        self.say_data(COMPRESSED_DATAGRAM + body)

    def say_data(self, payload):
        """A lost packet has a GRE sequence number, too."""
        if self.lose_up or self._loses():
            self.lose_up = max(self.lose_up - 1, 0)
            self.lost_up += 1
            self.sequence += 1
        else:
            self._say([payload])

    def _loses(self):
        return self._random.random() < self.loss

    def receive(self, seconds=0.01):
        """The next IPv4 packet; None: what came within this time was none, or could not be decompressed."""
        self.raw.settimeout(seconds)
        return self.taken(self.hear())

    def taken(self, payload):
        """Of a frame that came: its IPv4 packet, or None. What must be answered is."""
        bare = payload.removeprefix(b"\xff\x03")
        if bare[:2] == COMPRESSED_DATAGRAM[2:] and self.client.receiver:
            return self._decompressed(bare[2:])
        if bare[:2] == IPV4:
            self.clear_packets += 1
            return bare[2:]
        if payload and not self._loses_reset(bare):
            self._say(self.client.on(payload))
        return None

    def _loses_reset(self, bare):
        if not bare.startswith(RESET_REQUEST) or not (self.lose_resets or self._loses()):
            return False
        self.lose_resets = max(self.lose_resets - 1, 0)
        return True

    def _decompressed(self, body):
        if self.lose_down or self._loses():
            self.lose_down = max(self.lose_down - 1, 0)
            self.lost_down += 1
            return None
        packet = self.client.receiver.packet(body)
        if self.client.receiver.out_of_step:
            self.ask_for_reset()
        return packet[2:] if packet and packet[:2] == IPV4 else None

    def ask_for_reset(self, at_once=False):
        if at_once or time.monotonic() >= self._next_reset:
            self._next_reset = time.monotonic() + BETWEEN_RESETS
            self.resets_sent += 1
            self._say([] if self._loses() else [self.client.reset_request()])
