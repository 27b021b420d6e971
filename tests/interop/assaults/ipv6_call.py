# SPDX-License-Identifier: Apache-2.0
"""One subscriber's call in both families, made by hand."""
import ipaddress
import os
import time

from assaults import ipv6
from assaults.clear_call import SECONDS, ClearCall
from assaults.sweeps import PPP
from harness.case import Unmet
from siege_kit.site import FOE

IP6 = PPP + b"\x00\x57"
INTERFACE_ID = bytes.fromhex("020000fffe000042")
LINKS, DELEGATED = ipaddress.ip_network("2001:db8:64::/48"), ipaddress.ip_network("2001:db8:d000::/36")
POOLS = {"ipv6-pool": [
    {"name": "default", "use": "link", "prefix": str(LINKS)},
    {"name": "default", "use": "delegate", "prefix": str(DELEGATED), "length": 56},
]}


class Ipv6Call(ClearCall):
    """Up when made, and then with the /64 that it has heard of. At a target that is not aditd, frames alone."""

    def __init__(self, target, namespace="adit-foe", source=FOE):
        self.link = next(LINKS.subnets(new_prefix=64))
        super().__init__(target, namespace, source, INTERFACE_ID)
        self.link_local = ipaddress.IPv6Address(bytes.fromhex("fe80") + bytes(6) + self.interface_id)
        if target.is_aditd:
            self.link = self._ask(ipv6.router_solicitation(self.link_local), ipv6.advertised, "Router Advertisement with a /64")

    @property
    def own(self):
        """Its address of the /64."""
        return self.link[int.from_bytes(self.interface_id, "big")]

    def have_prefix_delegated(self):
        question = ipv6.solicit(self.link_local, os.urandom(16), rapid_commit=True)
        return self._ask(question, ipv6.delegated, "delegated prefix")

    def say(self, packet):
        self._say([IP6 + packet])

    def _ask(self, question, read, what):
        """What `read` makes of the answer; asks anew every second."""
        deadline, next_question = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            if time.monotonic() >= next_question:
                self.say(question)
                next_question = time.monotonic() + 1
            if found := read(ipv6.heard(self.hear())):
                return found
        raise Unmet(f"this call had no {what} within {SECONDS} s")
