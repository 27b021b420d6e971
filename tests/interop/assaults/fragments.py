# SPDX-License-Identifier: Apache-2.0
"""Fragments of strangers: nothing of them may wait where a subscriber's would."""
import contextlib
import threading
import time

from assaults.assault import IDENTIFICATION, SOURCE, assault, each_pass, gre, ipv4, random
from assaults.clear_call import ClearCall
from assaults.inside import GATEWAY, ICMP, IP, echo
from siege_kit.site import FOE

WHOLE = gre(1, bytes(1400))
FIRST = WHOLE[:800]
A_SECOND = 10  # the witness's pings


class Witness:
    """A client whose packets come in fragments: pings of the gateway, and what of them was answered."""

    def __init__(self, site):
        self.call, self.sent, self.answered = ClearCall(site.aditd, "adit-witness", site.witness), 0, set()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._ping, self._hear)]
        for thread in self._threads:
            thread.start()

    def _ping(self):
        while not self._end.wait(1 / A_SECOND):
            self.sent += 1
            self.call.say_in_fragments(IP + ipv4(self.call.address, GATEWAY, echo(1000, self.sent), ICMP), 400)

    def _hear(self):
        while not self._end.is_set():
            payload = self.call.hear()
            at = payload.find(b"\x45\x00", 0, 7)  # an IPv4 header behind PPP's, however short that is
            if at >= 0 and payload[at + 9:at + 10] == b"\x01" and payload[at + 20:at + 21] == b"\0":
                self.answered.add(int.from_bytes(payload[at + 26:at + 28], "big"))

    def close(self):
        time.sleep(1.5)  # the last answers
        self._end.set()
        for thread in self._threads:
            thread.join()
        self.call.close()


@contextlib.contextmanager
def witnessed(siege, settings):
    siege.serve(settings)
    witness = Witness(siege.site)

    def wrong():
        sent = witness.sent
        time.sleep(1)
        lost = sent - sum(number <= sent for number in witness.answered)
        return [f"{lost} of {sent} packets of a client that sends in fragments lost"] if lost or not sent else []
    try:
        yield wrong
    finally:
        witness.close()



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
