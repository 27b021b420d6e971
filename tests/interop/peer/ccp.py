# SPDX-License-Identifier: Apache-2.0
"""The client's half of PPP that negotiates MPPC and MPPE by CCP (RFC 1962, RFC 2118 §2, RFC 3078 §2) and logs in by PAP or
MS-CHAPv2; frames in, frames out."""
import struct

from assaults.programs.ppp import (ACK, CHAP, CONFIGURE, LCP, NAK, PROTOCOL_REJECT, REJECT, TERMINATE, TERMINATE_ACK, Client, frame,
                                   option, options)
from peer.mppe import CLIENT_RECEIVES, CLIENT_SENDS, Keys, start_key
from peer.mschap import Login
from peer.packets import Receiver, Sender

CCP, RESET_REQUEST, RESET_ACK = 0x80FD, 14, 15
MPPC_MPPE = 18  # the option
STATELESS, BITS_56, BITS_128, BITS_40, MPPC = 0x01000000, 0x80, 0x40, 0x20, 0x01
LENGTHS = {BITS_40: 40, BITS_56: 56, BITS_128: 128}
PATIENCE = 10  # Configure-Requests that insist


def asked(bits):
    return option(MPPC_MPPE, struct.pack("!I", bits))


class Peer(Client):
    """`wants`: the option's bits, of what it receives and, unless `sends` has others, of what it sends. It insists on them, or
    (`insists` false) takes what it is offered instead.
    In state "up", `sender` and `receiver` are what was agreed on, None: nothing. `sending` goes to Sender."""

    def __init__(self, wants, login="pap", user=b"blast", password=b"blast", insists=True, sends=None, **sending):
        super().__init__(login, user, password)
        self.wants, self.sends, self.insists, self.sending = wants, wants if sends is None else sends, insists, sending
        self.sender = self.receiver = None
        self.reset_requests = 0  # that came
        self._login = self._master = None
        self._asks, self._asked, self._tries, self._ccp_open = wants, None, 0, set()

    def on(self, payload):
        bare = payload.removeprefix(b"\xff\x03")
        if len(bare) >= 6:
            protocol, code, identifier, length = struct.unpack("!HBBH", bare[:6])
            data = bare[6:2 + length]
            if protocol == CCP:
                return self._on_ccp(code, identifier, data)
            if protocol == CHAP and self.login == "mschap":
                return self._on_mschap(code, identifier, data)
            if protocol == LCP and code == PROTOCOL_REJECT and data[:2] == struct.pack("!H", CCP):
                return self._without_ccp()
        return super().on(payload)

    # ---- login ---------------------------------------------------------------------------------------------------

    def _on_mschap(self, code, identifier, data):
        if code == 1:
            self._login = Login(self.user, self.password, data[1:1 + data[0]])
            return [frame(CHAP, 2, identifier, self._login.response(self.user))]
        if code == 3 and self._login.is_servers(data):
            self._master = self._login.master_key()
            return self._network_phase()
        self.state = "refused"
        return []

    # ---- CCP -----------------------------------------------------------------------------------------------------

    def _network_phase(self):
        """CCP first: a server that requires encryption lets nothing else open before it."""
        self.state = "ccp"
        return self._ask()

    def _ask(self):
        self._tries += 1
        if self._tries > PATIENCE:
            self.state = "refused"
            return []
        request = self._request(CCP, b"" if self._asks is None else asked(self._asks))
        self._asked = self._number
        return [request]

    def _on_ccp(self, code, identifier, data):
        bits = next((struct.unpack("!I", value)[0] for kind, value in options(data) if kind == MPPC_MPPE and len(value) == 4), None)
        if code == RESET_REQUEST:
            return self._on_reset_request(identifier)
        if self.state == "network" or self.state == "up":  # it was settled
            return [frame(CCP, TERMINATE_ACK, identifier)] if code == TERMINATE else []
        if code == CONFIGURE:
            return self._on_request(identifier, data, bits)
        if code in (ACK, NAK, REJECT) and identifier != self._asked:
            return []
        if code == ACK:
            if self._asks:
                self.receiver = Receiver(*self._mode(self._asks, CLIENT_RECEIVES))
            return self._ccp_opens("ours")
        if code == NAK:
            self._asks = self.wants if self.insists else bits or None
            return self._ask()
        if code == REJECT and not self.insists:
            self._asks = None
            return self._ask()
        if code in (REJECT, TERMINATE):
            self.state = "refused"
        return []

    def _on_request(self, identifier, data, bits):
        if [kind for kind, _ in options(data) if kind != MPPC_MPPE]:
            others = b"".join(option(kind, value) for kind, value in options(data) if kind != MPPC_MPPE)
            return [frame(CCP, REJECT, identifier, others)]
        if self.insists and bits != self.sends:
            return [frame(CCP, NAK, identifier, asked(self.sends))]
        if bits:
            self.sender = Sender(*self._mode(bits, CLIENT_SENDS), **self.sending)
        return [frame(CCP, ACK, identifier, data), *self._ccp_opens("theirs")]

    def _mode(self, bits, magic):
        """(stateful, compresses, keys)."""
        length = next((LENGTHS[bit] for bit in (BITS_128, BITS_56, BITS_40) if bits & bit), None)
        keys = Keys(start_key(self._master, length, magic), length) if length else None
        return not bits & STATELESS, bool(bits & MPPC), keys

    def _ccp_opens(self, whose):
        self._ccp_open.add(whose)
        return super()._network_phase() if len(self._ccp_open) == 2 and self.state == "ccp" else []

    def _without_ccp(self):
        if self.insists:
            self.state = "refused"
            return []
        self.sender = self.receiver = None
        return super()._network_phase() if self.state == "ccp" else []

    # ---- resets --------------------------------------------------------------------------------------------------

    def _on_reset_request(self, identifier):
        self.reset_requests += 1
        if self.sender:
            self.sender.flush()
        return [frame(CCP, RESET_ACK, identifier)]

    def reset_request(self):
        self._number = (self._number + 1) & 0xFF
        return frame(CCP, RESET_REQUEST, self._number)
