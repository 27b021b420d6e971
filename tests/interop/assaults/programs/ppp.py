# SPDX-License-Identifier: Apache-2.0
"""The client's half of PPP, as much as an attacker needs: frames in, frames out. It never encrypts."""
import os
import struct

LCP, PAP, CHAP, IPCP, IPV6CP = 0xC021, 0xC023, 0xC223, 0x8021, 0x8057
CONFIGURE, ACK, NAK, REJECT, TERMINATE, TERMINATE_ACK, PROTOCOL_REJECT, ECHO, ECHO_REPLY = 1, 2, 3, 4, 5, 6, 8, 9, 10
AUTHENTICATION, MAGIC, ADDRESS, INTERFACE_ID = 3, 5, 3, 1  # options: two of LCP, one of IPCP, one of IPv6CP


def frame(protocol, code, identifier, data=b""):
    return struct.pack("!BBHBBH", 0xFF, 0x03, protocol, code, identifier, 4 + len(data)) + data


def option(kind, data):
    return bytes([kind, 2 + len(data)]) + data


def options(data):
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        yield data[0], data[2:data[1]]
        data = data[data[1]:]


class Client:
    """`login`: "pap", "wrong-pap", "wrong-mschap", or None: goes no further than LCP. `interface_id`: 8 octets, to be up in IPv6 as
    well; None: IPv4 alone. `state`: "lcp", "auth", "network", "up", "refused", "terminated"."""

    def __init__(self, login="pap", user=b"blast", password=b"blast", interface_id=None):
        self.login, self.user, self.password, self.interface_id = login, user, password, interface_id
        self.state, self.magic, self.address = "lcp", os.urandom(4), bytes(4)
        self._ours_open = self._theirs_open = False
        self._not_open = set()  # what of the network protocols is still to be acknowledged before all is up
        self._number = 0

    def start(self):
        """Our Configure-Request; sent again it starts LCP anew."""
        self._ours_open = self._theirs_open = False
        self.state = "lcp"
        return [self._request(LCP, option(MAGIC, self.magic))]

    def _request(self, protocol, data):
        self._number = (self._number + 1) & 0xFF
        return frame(protocol, CONFIGURE, self._number, data)

    def on(self, payload):
        """Frames to send in answer to one that came."""
        if payload[:2] == b"\xff\x03":
            payload = payload[2:]
        if len(payload) < 6:
            return []
        protocol, code, identifier, length = struct.unpack("!HBBH", payload[:6])
        data = payload[6:2 + length]
        if protocol == LCP:
            return self._on_lcp(code, identifier, data)
        if protocol == PAP or protocol == CHAP:
            return self._on_auth(protocol, code, identifier)
        if protocol == IPCP:
            return self._on_ipcp(code, identifier, data)
        if protocol == IPV6CP and self.interface_id is not None:
            return self._on_ipv6cp(code, identifier, data)
        if protocol & 0xC000 == 0x8000:
            return [frame(LCP, PROTOCOL_REJECT, identifier, payload[:64])]
        return []

    def _on_lcp(self, code, identifier, data):
        if code == CONFIGURE:
            asked = dict(options(data)).get(AUTHENTICATION, b"")
            if self.login in ("pap", "wrong-pap") and asked[:2] == b"\xc2\x23":
                return [frame(LCP, NAK, identifier, option(AUTHENTICATION, b"\xc0\x23"))]
            self._theirs_open = True
            return [frame(LCP, ACK, identifier, data), *self._opened()]
        if code == ACK:
            self._ours_open = True
            return self._opened()
        if code == TERMINATE:
            self.state = "terminated"
            return [frame(LCP, TERMINATE_ACK, identifier)]
        if code == ECHO:
            return [frame(LCP, ECHO_REPLY, identifier, self.magic + data[4:])]
        return []

    def _opened(self):
        if not (self._ours_open and self._theirs_open) or self.state != "lcp":
            return []
        self.state = "auth"
        if self.login in ("pap", "wrong-pap"):
            secret = self.password if self.login == "pap" else os.urandom(8)
            return [frame(PAP, 1, 1, bytes([len(self.user)]) + self.user + bytes([len(secret)]) + secret)]
        return []

    def _on_auth(self, protocol, code, identifier):
        if protocol == CHAP and code == 1 and self.login is not None:  # an MS-CHAPv2 response that cannot be right
            return [frame(CHAP, 2, identifier, b"\x31" + os.urandom(16) + bytes(8) + os.urandom(24) + b"\0" + self.user)]
        if (protocol, code) in ((PAP, 3), (CHAP, 4)):
            self.state = "refused"
        elif (protocol, code) == (PAP, 2):
            return self._network_phase()
        return []

    def _network_phase(self):
        self.state, self._not_open = "network", {"our IPCP"}
        requests = [self._request(IPCP, option(ADDRESS, bytes(4)))]
        if self.interface_id is not None:
            self._not_open |= {"our IPv6CP", "their IPv6CP"}
            requests.append(self._request(IPV6CP, option(INTERFACE_ID, self.interface_id)))
        return requests

    def _on_ipcp(self, code, identifier, data):
        if code == CONFIGURE:
            return [frame(IPCP, ACK, identifier, data)]
        offered = dict(options(data)).get(ADDRESS, bytes(4))
        if code == NAK:
            return [self._request(IPCP, option(ADDRESS, offered))]
        if code == ACK:
            self.address = offered
            self._opens("our IPCP")
        return []

    def _on_ipv6cp(self, code, identifier, data):
        """RFC 5072 §4.1. We end without it: a call that is to attack in IPv6 is no use in IPv4."""
        if code == CONFIGURE:
            self._opens("their IPv6CP")
            return [frame(IPV6CP, ACK, identifier, data)]
        if code == NAK:
            self.interface_id = dict(options(data)).get(INTERFACE_ID, self.interface_id)
            return [self._request(IPV6CP, option(INTERFACE_ID, self.interface_id))]
        if code == ACK:
            self._opens("our IPv6CP")
        elif code in (REJECT, TERMINATE):
            self.state = "refused"
        return []

    def _opens(self, what):
        self._not_open.discard(what)
        if self.state == "network" and not self._not_open:
            self.state = "up"
