# SPDX-License-Identifier: Apache-2.0
"""On MPPC (RFC 2118) that has been agreed on: by a subscriber on a call of his own, and by who forges others' packets. Of forty
octets a decoder is to make 1,500, and a coder begins its history anew for a Reset-Request of eight."""
import itertools

from assaults.assault import SEQUENCE, assault, each_pass, ipv4, random
from assaults.forged import COUNT, compressed_payloads, each_call
from assaults.inside import ICMP, echo, flood_by
from assaults.mppc_witness import ALLOWED, HONEST, amid
from assaults.sweeps import CCP, control
from harness.lab import CORE
from peer.call import COMPRESSED_DATAGRAM, IPV4, PeerCall
from peer.ccp import MPPC, RESET_REQUEST, STATELESS, Peer
from peer.malformed import MALFORMED, begun
from peer.mppc import HISTORY, LONGEST, copy, literal, packed
from peer.packets import AT_FRONT, COMPRESSED, FLUSHED, Sender
from siege_kit.site import FOE

HEAD = 34  # octets that begun() has: PPP's protocol field, IPv4, UDP, a number
LARGEST = 1502  # with the protocol field: what a packet may decompress to
MOST = LARGEST - HEAD
FAR = HISTORY - 1
REFUSED = ("mppc_malformed", "mppc_too_long")


def bombs_of(source):
    """What asks for more than it gets, or has a decoder do the most before it is refused."""
    return [*(make(source) for make in MALFORMED.values()),
            packed([*begun(source, MOST + 1), *copy(1, MOST + 1)]),
            packed([*begun(source, 8), *copy(1, LONGEST) * 200]),
            packed([*begun(source, MOST), *copy(15, 3) * 500]),  # eleven bits for three octets, again and again
            packed([*begun(source, MOST), *copy(FAR, 3) * 500]),
            packed([*begun(source, MOST), *copy(FAR, MOST)])[:-1],
            packed([literal(0xFF)] * 1200)]


def largest(source):
    """Packets of 1,500 octets that are taken: in one copy, in the shortest ones, and out of what was never written."""
    short = MOST // 3 * 3
    return [packed([*begun(source, MOST), *copy(1, MOST)]),
            packed([*begun(source, short), *copy(15, 3) * (short // 3)]),
            packed([*begun(source, MOST), *copy(FAR, MOST)])]


def attack_by(field, bits, make):
    """From a call of the attacker's with these bits of CCP. `make`: of a Sender and the call's address, the frames of a pass; the first
    one has A, and may follow whatever arrived of the pass before."""
    call = PeerCall(Peer(bits, "pap"), field.target, "adit-foe", FOE)
    return flood_by(call, field, make(Sender(not bits & STATELESS, compresses=True), call.address))


def framed(bodies):
    return [COMPRESSED_DATAGRAM + body for body in bodies]


@assault("length bombs, bad offsets, codes cut off, and 1,500 octets out of forty, on a call of the attacker's own", amid(*REFUSED),
         brief=True, honest=HONEST, ppp=ALLOWED)
def bombs(field):
    def make(sender, source):
        good = itertools.cycle(largest(source))
        return framed(body for bomb in bombs_of(source) for body in (sender.uncounted(next(good)), sender.forged(bomb)))
    return attack_by(field, MPPC | STATELESS, make)


@assault("the same with a history: out of all of it, across its end, with A and B anywhere", amid(*REFUSED), honest=HONEST, ppp=ALLOWED)
def bombs_stateful(field):
    def make(sender, source):
        begins, again = itertools.cycle(largest(source)), packed([*begun(source, MOST), *copy(LARGEST, MOST)])
        fits, bodies = HISTORY // LARGEST, []
        for number, bomb in enumerate(bombs_of(source)):
            place = number % fits
            bodies.append(sender.uncounted(again) if place else sender.uncounted(next(begins), COMPRESSED | AT_FRONT))
            bodies += [sender.forged(bomb, COMPRESSED | flags) for flags in (0, FLUSHED, AT_FRONT)]
            if place == fits - 1:
                bodies.append(sender.forged(again))  # across the end
        return framed(bodies)
    return attack_by(field, MPPC, make)


@assault("CCP Reset-Requests and packets with A: pings of the core, whose answers come down by a history that begins anew each time",
         amid("ppp_flood", resets=50, downlink=1000), honest=HONEST, ppp=ALLOWED)
def resets(field):
    def make(sender, source):
        frames = []
        for number in range(64):
            if number % 4:  # the fourth goes on where the third has ended
                sender.flush()
            ping = IPV4 + ipv4(source, CORE, echo(1000, number), ICMP)
            frames += [*framed([sender.body(ping)]), control(CCP, RESET_REQUEST, identifier=number)]
        return frames
    return attack_by(field, MPPC, make)


@assault("bombs and nonsense at plausible numbers and counts, forged into calls that compress and encrypt", amid("mppc_malformed"),
         honest=HONEST, ppp=ALLOWED)
def forged(field):
    # Whatever they are, they decrypt to octets at random; so those need not be the same again.
    return field.flood(each_call(field, compressed_payloads()), each_pass(SEQUENCE, 4), each_pass(COUNT + 1, 1, 1, 64),
                       random(COUNT + 2, 8))
