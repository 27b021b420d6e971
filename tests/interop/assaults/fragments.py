# SPDX-License-Identifier: Apache-2.0
"""Fragments of strangers: nothing of them may wait where a subscriber's would."""
from assaults.assault import IDENTIFICATION, SOURCE, assault, each_pass, gre, ipv4, random
from assaults.clear_call import ClearCall
from assaults.inside import GATEWAY, ICMP, IP, echo
from assaults.witness import Witness, beside
from siege_kit.site import FOE

WHOLE = gre(1, bytes(1400))
FIRST = WHOLE[:800]


class InFragments(Witness):
    """A client whose packets come in fragments: pings of the gateway."""
    PACKETS = "packets of a client that sends in fragments"

    def __init__(self, site):
        super().__init__(ClearCall(site.aditd, "adit-witness", site.witness))

    def ping(self, number):
        self.call.say_in_fragments(IP + ipv4(self.call.address, GATEWAY, echo(1000, number), ICMP), 400)

    def answered(self, payload):
        at = payload.find(b"\x45\x00", 0, 7)  # an IPv4 header behind PPP's, however short that is
        is_reply = at >= 0 and payload[at + 9:at + 10] == b"\x01" and payload[at + 20:at + 21] == b"\0"
        return int.from_bytes(payload[at + 26:at + 28], "big") if is_reply else None


witnessed = beside(InFragments)


@assault("first fragments of GRE, the rest never comes; from 20 addresses", witnessed, brief=True)
def first(field):
    return field.flood([ipv4("10.97.0.1", field.target.address, FIRST, offset=0x2000)],
                       each_pass(SOURCE, 4, 1, 20), random(IDENTIFICATION, 2))


@assault("the same from 10,000 addresses", witnessed)
def first_many(field):
    return field.flood([ipv4("10.97.0.1", field.target.address, FIRST, offset=0x2000)],
                       each_pass(SOURCE, 4, 1, 10_000), random(IDENTIFICATION, 2))


@assault("seven fragments each of a packet whose first never comes", witnessed)
def middles(field):
    packets = [ipv4(FOE, field.target.address, WHOLE[16 * at:16 * at + 16], offset=0x2000 | 2 * at, identification=7) for at in range(1, 8)]
    return field.flood(packets, each_pass(IDENTIFICATION, 2), each_pass(SOURCE, 4, 1, 20))


@assault("fragments that overlap, and whole packets in two", witnessed)
def overlapping(field):
    packets = [ipv4(FOE, field.target.address, WHOLE[:48], offset=0x2000), ipv4(FOE, field.target.address, WHOLE[40:80], offset=0x2000 | 5),
               ipv4(FOE, field.target.address, WHOLE[48:], offset=6), ipv4(FOE, field.target.address, WHOLE[:8], offset=0x2000)]
    return field.flood(packets, each_pass(IDENTIFICATION, 2))
