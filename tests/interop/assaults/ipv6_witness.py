# SPDX-License-Identifier: Apache-2.0
"""An honest subscriber with IPv6 beside an attack: its pings are answered, and it hears nothing of the attacker's."""
from assaults import ipv6
from assaults.ipv6_call import Ipv6Call
from assaults.witness import Witness, beside

CORE6 = "2001:db8:c0::2"
MARK = bytes.fromhex("20010db80bad")  # in what an attacker would have others hear, and nowhere else


class Ipv6Witness(Witness):
    """It has a /64 and a delegated prefix, and pings our end of its link and the core by turns."""
    PACKETS = "pings of a subscriber with IPv6"

    def __init__(self, site, reason):
        """`reason`: aditd must have dropped something for it, or the attack never got as far as it should."""
        self.lab, self.reason, self.heard_of_attacker = site.lab, reason, 0
        call = Ipv6Call(site.aditd, "adit-witness", site.witness)
        call.have_prefix_delegated()
        super().__init__(call)

    def ping(self, number):
        source, to = (self.call.link_local, ipv6.GATEWAY) if number % 2 else (self.call.own, CORE6)
        self.call.say(ipv6.echo(source, to, number))

    def answered(self, payload):
        packet = ipv6.heard(payload)
        if MARK in packet:
            self.heard_of_attacker += 1
            return None
        return int.from_bytes(packet[ipv6.HEADER + 6:ipv6.HEADER + 8], "big") if ipv6.is_icmpv6(packet, ipv6.ECHO_REPLY) else None

    def wrong(self):
        wrong = super().wrong()
        if self.heard_of_attacker:
            wrong.append(f"a subscriber has heard {self.heard_of_attacker} packets of the attacker's")
        if not self.lab.adit("show", "drops")["drops"].get(self.reason, 0):
            wrong.append(f"nothing was dropped for {self.reason}, so this attack was none")
        return wrong


def amid(reason):
    """The place of attacks of which something is dropped for `reason`."""
    return beside(lambda site: Ipv6Witness(site, reason))
