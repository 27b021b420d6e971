# SPDX-License-Identifier: Apache-2.0
"""The honest beside an attack on MPPC: all of them compress and encrypt, and one of them by a history, whose pings are answered."""
from assaults.assault import ipv4
from assaults.inside import GATEWAY, ICMP, echo
from assaults.witness import Witness, beside
from harness.session import Mark
from peer.call import PeerCall
from peer.ccp import BITS_128, MPPC, Peer
from peer.mppc import Malformed
from siege_kit.site import FOE

HONEST = {"mppc": "stateless", "payload": "text"}
ALLOWED = {"mppc": "allow", "mppe-stateful": "allow"}
AGREED = ({"mppe=128", "mppc=mppc"}, {"mppe=128-stateful", "mppc=mppc-stateful"})  # in aditd's log, both ways


class MppcWitness(Witness):
    """adit-blast compresses each packet by itself; this one's are lost with the packet before them."""
    PACKETS = "pings of a subscriber with stateful MPPC and MPPE"

    def __init__(self, site, reasons, resets, downlink):
        """`reasons`: for each of them aditd must have dropped something, so many resets it must have answered, and so many packets must
        have gone to the attacker, or the attack never got as far as it should."""
        self.lab, self.reasons, self.resets, self.downlink, self.malformed = site.lab, reasons, resets, downlink, []
        self._mark = Mark(self.lab)
        super().__init__(PeerCall(Peer(MPPC | BITS_128, "mschap"), site.aditd, "adit-witness", site.witness))

    def ping(self, number):
        self.call.send(ipv4(self.call.address, GATEWAY, echo(1000, number), ICMP))

    def answered(self, payload):
        try:
            packet = self.call.taken(payload)
        except Malformed as malformed:
            self.malformed.append(malformed)
            return None
        is_reply = packet and packet[9] == ICMP and packet[20:21] == b"\0"
        return int.from_bytes(packet[26:28], "big") if is_reply else None

    def wrong(self):
        wrong = super().wrong()
        if self.malformed:
            wrong.append(f"it got {len(self.malformed)} malformed packets, first: {self.malformed[0]}")
        if resets := self.call.resets_sent + self.call.client.reset_requests:
            wrong.append(f"it and aditd have asked each other for {resets} resets")
        return wrong + self._not_compressing() + self._no_attack()

    def _not_compressing(self):
        """aditd's log has each call that came up, with what was agreed on."""
        calls = [line for line in self._events("call_up") if f"peer={FOE}" not in line]
        without = [line for line in calls if not any(agreed <= set(line) for agreed in AGREED)]
        if without or not calls:
            return [f"{len(without)} of {len(calls)} honest calls came up without MPPC and MPPE both ways"]
        return []

    def _no_attack(self):
        dropped = self.lab.adit("show", "drops")["drops"]
        none = [f"nothing was dropped for {reason}" for reason in self.reasons if not dropped.get(reason, 0)]
        sent = sum(int(word.partition("=")[2]) for line in self._events("call_ended") if f"peer={FOE}" in line
                   for word in line if word.startswith("downlink_packets="))
        counters = {each["name"]: each["sum"] for each in self.lab.adit("show", "counters")["workers"]}
        if (answered := counters["mppe_resets_answered"]) < self.resets:
            none.append(f"{answered} resets were answered, and not {self.resets}")
        if sent < self.downlink:
            none.append(f"{sent} packets went down to the attacker, and not {self.downlink}")
        return [f"{what}, so this attack was none" for what in none]

    def _events(self, name):
        """Their words."""
        return [line.split() for line in self._mark.lines() if f"event={name} " in line]


def amid(*reasons, resets=0, downlink=0):
    return beside(lambda site: MppcWitness(site, reasons, resets, downlink))
