# SPDX-License-Identifier: Apache-2.0
"""eapol_test as a client of aditd's. It is a NAS and its peer in one, which asks a RADIUS server; here that server is the client's
half of a PPTP call, made by hand, which carries EAP between both and changes nothing. What eapol_test then says of its MSK is
all that the call's MPPE has: packets that decrypt, both ways, are the proof that aditd's keys are the same."""
import contextlib
import hashlib
import hmac
import re
import socket
import struct
import subprocess
import time

from assaults.programs import ppp
from attacks.gre import ATTACKER, GRE, checksum, gre, ipv4
from attacks.pptp import dial, ocrq, sccrq
from harness.case import Unmet
from harness.lab import SERVER
from harness.namespace import inside
from harness.radius import SECRET
from peer.mppe import Keys
from peer.packets import Receiver, Sender

NAMESPACE = "adit-clients"
OUR_ID = 4097
SECONDS = 20

CCP, EAP, MPPE, IPV4 = 0x80FD, 0xC227, 0x00FD, 0x0021
REQUEST, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4  # EAP's codes
IDENTITY = 1
MPPE_128_STATELESS = ppp.option(18, bytes.fromhex("01000040"))

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_CHALLENGE = 1, 2, 3, 11
EAP_MESSAGE, MESSAGE_AUTHENTICATOR = 79, 80


class Front:
    """The RADIUS server that eapol_test asks (RFC 3579); EAP comes out, and EAP goes in."""

    def __init__(self):
        with inside(NAMESPACE):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ATTACKER, 0))
        self._socket.settimeout(SECONDS)
        self.port = self._socket.getsockname()[1]
        self._asked = None  # (request, whose it is)

    def hear(self):
        """The EAP packet of its next request."""
        while True:
            asked = self._socket.recvfrom(4096)
            if asked != self._asked:  # and no repetition
                break
        self._asked = asked
        return b"".join(value for kind, value in ppp.options(asked[0][20:]) if kind == EAP_MESSAGE)

    def say(self, code, eap):
        request, peer = self._asked
        pieces = b"".join(ppp.option(EAP_MESSAGE, eap[at:at + 253]) for at in range(0, len(eap), 253))
        head = struct.pack("!BBH", code, request[1], 20 + 18 + len(pieces))

        def packet(authenticator, signature):
            return head + authenticator + ppp.option(MESSAGE_AUTHENTICATOR, signature) + pieces

        signature = hmac.digest(SECRET.encode(), packet(request[4:20], bytes(16)), "md5")
        authenticator = hashlib.md5(packet(request[4:20], signature) + SECRET.encode()).digest()
        self._socket.sendto(packet(authenticator, signature), peer)

    def close(self):
        self._socket.close()


class Peer(ppp.Client):
    """PPP with EAP, which others answer, and with MPPE; up when both it and IPCP are."""

    def __init__(self):
        super().__init__(login=None)
        self.requests, self.verdict = [], None  # EAP's: Requests that wait for an answer, and its Success or Failure

    def on(self, payload):
        if payload[:2] == b"\xff\x03" and len(payload) >= 8:
            protocol, code, identifier, length = struct.unpack("!HBBH", payload[2:8])
            data = payload[8:4 + length]
            if protocol == EAP:
                return self._on_eap(code, payload[4:4 + length])
            if protocol == CCP:
                return self._on_ccp(code, identifier, data)
        return super().on(payload)

    def _on_eap(self, code, packet):
        if code == REQUEST:
            self.requests.append(packet)
        elif code in (SUCCESS, FAILURE):
            self.verdict = packet
        return []

    def network(self):
        """After the Success, and again where nothing came back."""
        if self.state == "auth":
            self.state, self._not_open = "network", {"our IPCP", "our CCP", "their CCP"}
        return [self._request(CCP, MPPE_128_STATELESS), self._request(ppp.IPCP, ppp.option(ppp.ADDRESS, self.address))]

    def _on_ccp(self, code, identifier, data):
        if code == ppp.CONFIGURE and data == MPPE_128_STATELESS:
            self._opens("their CCP")
            return [ppp.frame(CCP, ppp.ACK, identifier, data)]
        if code == ppp.CONFIGURE:
            return [ppp.frame(CCP, ppp.NAK, identifier, MPPE_128_STATELESS)]
        if code == ppp.ACK:
            self._opens("our CCP")
        return []


class EapolCall:
    """A call of eapol_test's; up when made. `lines`: of the network in its configuration."""

    def __init__(self, lab, lines):
        self.peer, self.sequence, self.msk = Peer(), 0, b""
        path = lab.work_dir / "eapol_call.conf"
        path.write_text("network={\n  key_mgmt=IEEE8021X\n  eapol_flags=0\n" + "".join(f"  {line}\n" for line in lines) + "}\n")
        with contextlib.ExitStack() as undo:
            with inside(NAMESPACE):
                self.raw = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, GRE))
            self.raw.settimeout(1)
            self.stream = undo.enter_context(dial())
            self._call()
            self._log_in(lab, path)
            self._come_up()
            self._undo = undo.pop_all()

    def _call(self):
        self.stream.sendall(sccrq() + ocrq(OUR_ID))
        octets = b""
        while len(octets) < 156 + 32:
            more = self.stream.recv(4096)
            if not more:
                raise Unmet("the call was refused")
            octets += more
        self.call_id = struct.unpack("!H", octets[156 + 12:156 + 14])[0]
        self._say(self.peer.start())

    def _say(self, frames):
        for payload in frames:
            self.raw.sendto(gre(self.call_id, payload, sequence=self.sequence), (SERVER, 0))
            self.sequence += 1

    def _hear(self):
        """The next frame; empty if none came within a second."""
        try:
            packet = self.raw.recv(2048)[20:]
        except TimeoutError:
            return b""
        flags, version, _, _, call_id = struct.unpack("!BBHHH", packet[:8])
        return packet[8 + (4 if flags & 0x10 else 0) + (4 if version & 0x80 else 0):] if call_id == OUR_ID else b""

    def _until(self, what, probe):
        deadline = time.monotonic() + SECONDS
        while not probe():
            if time.monotonic() > deadline or self.peer.state in ("refused", "terminated"):
                raise Unmet(f"the call of eapol_test has no {what}, and is {self.peer.state}")
            self._say(self.peer.on(self._hear()))

    def _log_in(self, lab, path):
        front = Front()
        program = subprocess.Popen(lab.command(NAMESPACE, "eapol_test", "-n", "-c", path, "-a", ATTACKER, "-p", front.port, "-s", SECRET),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            self._carry(front)
            self.said = program.communicate(timeout=SECONDS)[0]
        finally:
            program.kill()
            program.wait()
            front.close()
        derived = re.findall(r"Derived key - hexdump\(len=\d+\): ([0-9a-f ]+)", self.said)
        if not derived or self.peer.verdict[0] != SUCCESS:
            raise Unmet("eapol_test was not let in\n" + "\n".join(self.said.splitlines()[-15:]))
        self.msk = bytes.fromhex(derived[-1])

    def _carry(self, front):
        """Everything but the identity's identifier, which eapol_test cannot know, is carried as it is."""
        identity = front.hear()
        answered = response = None
        while True:
            self._until("request", lambda: self.peer.requests or self.peer.verdict)
            if self.peer.verdict is not None:
                front.say(ACCESS_ACCEPT if self.peer.verdict[0] == SUCCESS else ACCESS_REJECT, self.peer.verdict)
                return
            request = self.peer.requests.pop(0)
            if request == answered:  # aditd's repetition
                pass
            elif request[4] == IDENTITY:
                response = bytes([RESPONSE, request[1]]) + identity[2:]
            else:
                front.say(ACCESS_CHALLENGE, request)
                response = front.hear()
            answered = request
            self._say([b"\xff\x03" + struct.pack("!H", EAP) + response])

    def _come_up(self):
        half = len(self.msk) // 2  # 16 octets each of EAP-MSCHAPv2's, and 32 else
        self.sending = Sender(stateful=False, compresses=False, keys=Keys(self.msk[:16], 128))
        self.receiving = Receiver(stateful=False, compresses=False, keys=Keys(self.msk[half:half + 16], 128))
        asked = 0
        while self.peer.state != "up":
            if asked == SECONDS or self.peer.state in ("refused", "terminated"):
                raise Unmet(f"the call of eapol_test does not come up: {self.peer.state}")
            asked += 1
            self._say(self.peer.network())
            while self.peer.state == "network" and (frame := self._hear()):
                self._say(self.peer.on(frame))

    def ping(self, address, lengths=(84, 1028)):
        """{length of the IP packet: what came back}, encrypted both ways."""
        return {length: self._echo(address, length) for length in lengths}

    def _echo(self, address, length):
        own = socket.inet_ntoa(self.peer.address)
        body = struct.pack("!HH", OUR_ID, length) + bytes(length - 28)
        echo = b"\x08\x00" + struct.pack("!H", checksum(b"\x08\x00\x00\x00" + body)) + body
        packet = ipv4(own, address, echo, protocol=1)
        self._say([b"\xff\x03" + struct.pack("!H", MPPE) + self.sending.body(struct.pack("!H", IPV4) + packet)])
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            inner = self._inner(self._hear())
            if inner[9:10] == b"\x01" and inner[20:21] == b"\x00" and inner[24:] == body:
                return "1/1"
        return "0/1"

    def _inner(self, frame):
        """The IPv4 packet of an encrypted frame; empty if it is another."""
        if frame[:2] == b"\xff\x03":
            frame = frame[2:]
        for protocol in (struct.pack("!H", MPPE), bytes([MPPE])):
            if frame.startswith(protocol):
                clear = self.receiving.packet(frame[len(protocol):])
                return clear[2:] if clear.startswith(struct.pack("!H", IPV4)) else b""
        return b""

    def close(self):
        self._undo.close()
