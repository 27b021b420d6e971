# SPDX-License-Identifier: Apache-2.0
"""MPPC, alone and with MPPE, with each packet by itself and over packets: aditd against a peer that was written from the RFCs
(peer/), octet by octet, over losses, and with what no coder sends."""
import contextlib
import dataclasses
import random
import struct

from assaults.programs.ppp import frame
from harness.case import Unmet, case, expect, until
from harness.lab import CORE
from harness.session import no_sessions, session_of
from peer.call import PeerCall
from peer.ccp import BITS_40, BITS_56, BITS_128, CCP, MPPC, STATELESS, Peer
from peer.malformed import MALFORMED, begun
from peer.mppc import copy, packed
from peer.packets import COMPRESSED
from peer.traffic import Traffic

ALONE = {"ppp": {"mppe": "deny"}, "auth": {"methods": ["pap"]}}
ENCRYPTED = {"ppp": {"mppe": "require"}}


def over(config, **ppp):
    return {**config, "ppp": {**config["ppp"], **ppp}}


@dataclasses.dataclass(frozen=True)
class Mode:
    bits: int
    config: dict
    out_of_step: str = None  # what aditd drops by until it has had its reset

    @property
    def stateful(self):
        return not self.bits & STATELESS

    @property
    def encrypts(self):
        return bool(self.bits & BITS_128)


MODES = {
    "stateless": Mode(MPPC | STATELESS, over(ALONE, mppc="stateless")),
    "stateful": Mode(MPPC, over(ALONE, mppc="allow"), "mppc_out_of_step"),
    "stateless-with-mppe": Mode(MPPC | STATELESS | BITS_128, over(ENCRYPTED, mppc="stateless")),
    "stateful-with-mppe": Mode(MPPC | BITS_128, over(ENCRYPTED, mppc="allow", **{"mppe-stateful": "allow"}), "mppe_out_of_step"),
}


IN_MODES = []  # (function of (World, Mode), names of modes); registered at the end, those of one config together


def in_modes(*names):
    def register(function):
        IN_MODES.append((function, names or tuple(MODES)))
        return function
    return register


@contextlib.contextmanager
def connected(world, bits, encrypts, seed=1, **options):
    """A call and its Traffic; it has ended afterwards."""
    call = PeerCall(Peer(bits, "mschap" if encrypts else "pap", **options))
    traffic = Traffic(call, seed)
    try:
        yield traffic
    finally:
        traffic.close()
        call.close()
    no_sessions(world.lab)


def drops(world):
    return {name: count for name, count in world.lab.adit("show", "drops")["drops"].items() if count}


def grown(before, now):
    return {name: count - before.get(name, 0) for name, count in now.items() if count != before.get(name, 0)}


def metric(world, name):
    family = next(family for family in world.lab.adit("show", "metrics")["families"] if family["name"] == f"adit_mppc_{name}")
    return sum(sample["value"] for sample in family["samples"])


METRICS = ("up_bytes", "up_plain_bytes", "down_bytes", "down_plain_bytes", "expanded")


def metrics(world):
    return {name: metric(world, name) for name in METRICS}


# ---- both ways, octet by octet ---------------------------------------------------------------------------------------

def all_kinds(world, mode, seed, **sending):
    before, counted = drops(world), metrics(world)
    with connected(world, mode.bits, mode.encrypts, seed, **sending) as traffic:
        client, payloads = traffic.call.client, traffic.payloads
        traffic.all_pass("what shrinks", payloads.shrinking, 1008)
        if mode.stateful:
            expect("both histories have wrapped, again and again", min(client.sender.wraps, client.receiver.wraps) >= 20, True)
        traffic.all_pass("what shrinks and what does not", payloads.any, 1008)
        expect("both ways some did not shrink", min(client.sender.expanded, client.receiver.expanded) >= 50, True)
        expect("pings of the gateway, of the core", (traffic.pings(20), traffic.pings(20, CORE)), [(20, 20)])
        traffic.all_pass("until the counts have wrapped", payloads.small, 2112)
        check_counters(world, client, grown(counted, metrics(world)))
        expect("what was dropped", mpp_drops(before, drops(world)), {})
        expect("nothing went astray", (client.reset_requests, traffic.call.resets_sent, traffic.call.clear_packets), [(0, 0, 0)])
        up, down = client.sender, client.receiver
        return (f"{traffic.came_up} packets up, {traffic.came_down} down; histories wrapped {up.wraps} and {down.wraps} times; "
                f"{up.octets} octets as {up.line_octets} up, {down.octets} as {down.line_octets} down; "
                f"{up.expanded} and {down.expanded} did not shrink")


def check_counters(world, client, counted):
    """aditd's are the peer's of the same packets: the metrics have those that shrank, with PPP's protocol field, and a session's all,
    of IP."""
    sent, received = client.sender, client.receiver
    expect("the metrics", counted, {
        "up_bytes": sent.line_octets, "up_plain_bytes": sent.octets, "down_bytes": received.line_octets,
        "down_plain_bytes": received.octets, "expanded": received.expanded})
    sid = session_of(world.lab, "blast")["sid"]
    expect("the session", world.lab.adit("show", "session", sid)["sessions"][0]["compression"], {
        way: {"stateful": end.stateful, "bytes": end.octets + others, "line_bytes": end.line_octets + others}
        for way, end in (("receive", sent), ("send", received))
        for others in [end.expanded_octets - 2 * (end.shrunk + end.expanded)]})


@in_modes()
def both_ways(world, mode):
    return all_kinds(world, mode, 1)


@in_modes("stateful", "stateful-with-mppe")
def bits_as_linux(world, mode):
    """A on flag packets, and B on what follows an initialised history: the RFCs leave both to the sender."""
    return all_kinds(world, mode, 2, flag_flushes=True, flush_at_front=True)


@in_modes("stateful", "stateful-with-mppe")
def bursts(world, mode):
    """One packet that does not shrink among others, all at once: A belongs to the one behind it, and to none before."""
    text, noise = b"the same words, the same words again " * 4, random.Random(16)
    with connected(world, mode.bits, mode.encrypts, 16) as traffic:
        traffic.all_pass("before", lambda: text, 4)
        for at in range(100):
            burst = [text, text, noise.randbytes(900), text, text]
            missing = traffic.exchange(lambda burst=iter(burst + burst): next(burst), len(burst), len(burst))
            expect(f"missing up and down of burst {at}", missing, [(0, 0)])
        return f"{traffic.came_up} packets up, {traffic.came_down} down"


@in_modes()
def as_a_sender_may(world, mode):
    """A, and B, at any time; and the protocol field inside of one octet, as peers have it that have negotiated PFC."""
    with connected(world, mode.bits, mode.encrypts, 10) as traffic:
        call, sender = traffic.call, traffic.call.client.sender
        choice = random.Random(10)

        def make():
            if choice.random() < 0.2:
                sender.flush()
            sender.coder.goes_to_front = choice.random() < 0.2
            call.protocol = choice.choice((b"\x00\x21", b"\x21"))
            return traffic.payloads.any()
        traffic.all_pass("A and B at any time", make, 400)
        return f"{traffic.came_up} packets up, {traffic.came_down} down"


# ---- losses ----------------------------------------------------------------------------------------------------------

def recovered(traffic, what):
    """Goes on until all arrives, and more; how many more were lost until then, up and down."""
    lost = [0, 0]

    def passes():
        missing = traffic.exchange(traffic.payloads.any, 4, 4, patience=0.2)
        lost[:] = [had + more for had, more in zip(lost, missing)]
        return missing == (0, 0)
    if traffic.call.client.sender.stateful:
        until(f"{what}: packets pass again", passes)
    traffic.all_pass(f"{what}, and afterwards", traffic.payloads.any, 32)
    return lost


@in_modes()
def losses(world, mode):
    """Of one and of some packets, and of so many that key changes are lost with them."""
    before, told = drops(world), []
    with connected(world, mode.bits, mode.encrypts, 3) as traffic:
        call, client = traffic.call, traffic.call.client
        traffic.all_pass("at first", traffic.payloads.any, 64)
        for number in (1, 3, 300, 700):
            traffic.lose_up(traffic.payloads.shrinking, number)
            up = recovered(traffic, f"{number} lost up")
            traffic.lose_down(traffic.payloads.shrinking, number)
            down = recovered(traffic, f"{number} lost down")
            expect(f"{number} lost one way cost nothing the other way", (up[1], down[0]), [(0, 0)])
            told.append(f"{number} cost {up[0]} and {down[1]} more")
        if mode.stateful:
            expect("resets were requested, both ways", (client.reset_requests >= 4, call.resets_sent >= 4), [(True, True)])
            expect("dropped until the reset", grown(before, drops(world)).get(mode.out_of_step, 0) > 0, True)
        else:
            expect("no resets", (client.reset_requests, call.resets_sent), [(0, 0)])
        return f"up and down {', '.join(told)}; {client.reset_requests} and {call.resets_sent} resets"


@in_modes()
def a_lossy_line(world, mode):
    """Resets are lost, too; what arrives is right all the same, and without a history only what was lost is missing."""
    with connected(world, mode.bits, mode.encrypts, 9) as traffic:
        call, number = traffic.call, 1000
        call.loss = 0.03
        for _ in range(0, number, 8):
            traffic.exchange(traffic.payloads.any, 8, 8, patience=0.1)
        call.loss = 0
        recovered(traffic, "the line loses nothing any more")
        missing = traffic.sent_up - traffic.came_up, traffic.sent_down - traffic.came_down
        if not mode.stateful:
            expect("missing up and down", missing, [(call.lost_up, call.lost_down)])
        expect("half of them passed, both ways", max(missing) < number / 2, True)
        return f"of {number} each way {missing[0]} and {missing[1]} missing, where {call.lost_up} and {call.lost_down} were lost"


@in_modes("stateful", "stateful-with-mppe")
def lost_resets(world, mode):
    """The request is lost, and then the packet with A that answers one."""
    with connected(world, mode.bits, mode.encrypts, 4) as traffic:
        call, client = traffic.call, traffic.call.client
        traffic.all_pass("at first", traffic.payloads.any, 32)
        told = []
        call.lose_resets = 1
        traffic.lose_up(traffic.payloads.shrinking, 1)
        traffic.exchange(traffic.payloads.shrinking, 4, 0, patience=0.4)
        expect("the reset that is lost was requested", call.lose_resets, 0)
        told.append(f"{recovered(traffic, 'a lost Reset-Request of theirs')[0]} up by theirs")
        traffic.lose_up(traffic.payloads.shrinking, 1)
        traffic.exchange(traffic.payloads.shrinking, 4, 0, patience=0.4)
        expect("they have requested a reset", client.sender.flushes_next, True)
        traffic.lose_up(traffic.payloads.shrinking, 1)
        told.append(f"{recovered(traffic, 'our flushed packet was lost')[0]} up by our packet with A")
        traffic.lose_down(traffic.payloads.shrinking, 1)
        traffic.exchange(traffic.payloads.shrinking, 0, 4, patience=0.4)
        expect("we are out of step", client.receiver.out_of_step, True)
        traffic.lose_down(traffic.payloads.shrinking, 1)
        told.append(f"{recovered(traffic, 'their flushed packet was lost')[1]} down by theirs with A")
        for _ in range(20):  # nobody needs them, and in a row
            call.ask_for_reset(at_once=True)
        traffic.all_pass("after resets that nobody needed", traffic.payloads.any, 64)
        return f"lost in all: {', '.join(told)}; 20 resets that nobody needed cost nothing"


@in_modes()
def resets_unasked(world, mode):
    """Reset-Requests, and Reset-Acks of none, between packets that pass."""
    with connected(world, mode.bits, mode.encrypts, 5) as traffic:
        for number in range(20):
            traffic.call.ask_for_reset(at_once=True)
            traffic.call.say_data(frame(CCP, 15, number))
            traffic.all_pass("between resets", traffic.payloads.any, 16)
        return f"{traffic.came_up} packets up, {traffic.came_down} down, between 20 resets"


# ---- what no coder sends ---------------------------------------------------------------------------------------------

REASONS = ("mppc_malformed", "mppc_too_long", "mppe_implausible", "mppe_header")


def mpp_drops(before, now):
    """Of MPPE and MPPC alone: a lab has neighbours, too."""
    return {name: count for name, count in grown(before, now).items() if name.startswith("mpp")}


def is_dropped(world, what, send):
    before = drops(world)
    send()

    def seen():
        return [name for name in grown(before, drops(world)) if name in REASONS]
    try:
        return until("a drop", seen, 3)[0]
    except Unmet:
        raise Unmet(f"{what}: not dropped by any of {', '.join(REASONS)}; what was: {grown(before, drops(world))}") from None


@in_modes()
def malformed(world, mode):
    """First as if it had not been the peer's own, then as if it had."""
    reasons = {}
    with connected(world, mode.bits, mode.encrypts, 6) as traffic:
        call, sender = traffic.call, traffic.call.client.sender
        traffic.all_pass("at first", traffic.payloads.any, 16)
        for what, make in MALFORMED.items():
            data = make(call.address)
            reason = is_dropped(world, what, lambda data=data: call.say_body(sender.forged(data)))
            reasons.setdefault(reason, []).append(what)
            traffic.all_pass(f"after {what}, forged", traffic.payloads.shrinking, 2)
            is_dropped(world, what, lambda data=data: call.say_body(sender.uncounted(data)))
            if not mode.stateful:
                traffic.all_pass(f"after {what}, the peer's own", traffic.payloads.shrinking, 2)
            else:
                recovered(traffic, f"after {what}, the peer's own")
        counted = "; ".join(f"{reason}: {len(which)}" for reason, which in reasons.items())
        return f"{counted}; the next good packet passed after each, forged or not"


@in_modes()
def never_written(world, mode):
    """A copy of what was not written since the history was initialised: no coder makes one, and whose history is zero at first has
    zeros there. It must not have what others have sent."""
    secret = b"what another packet had" * 40
    with connected(world, mode.bits, mode.encrypts, 8) as traffic:
        call, sender = traffic.call, traffic.call.client.sender
        for offset, length in ((100, 8), (1000, 64), (1000, 900), (8191, 1200)):
            traffic.all_pass("before", lambda: secret, 16)
            sender.flush()
            octets = begun(traffic.call.address, length)
            call.say_body(sender.uncounted(packed([*octets, *copy(offset, length)])))
            sender.flush()  # it has gone into their history, and not into ours
            payload = traffic.next_up()
            expect(f"what came of {length} octets from {offset} before", payload[4:], bytes(length))
        traffic.all_pass("afterwards", traffic.payloads.shrinking, 16)
        return "zeros, from wherever"


@in_modes("stateful", "stateful-with-mppe")
def across_the_end(world, mode):
    """A packet that does not fit and does not go to the front, either."""
    with connected(world, mode.bits, mode.encrypts, 7) as traffic:
        call, sender = traffic.call, traffic.call.client.sender
        while sender.coder.at < 8192 - 600 or sender.flushes_next:
            traffic.all_pass("until the history is nearly full", traffic.payloads.shrinking, 1)
        room = 8192 - sender.coder.at
        packet = begun(traffic.call.address, 1200)
        what = f"{len(packet) + 1200} octets where {room} are left"
        reason = is_dropped(world, what, lambda: call.say_body(sender.forged(packed([*packet, *copy(1, 1200)]))))
        traffic.all_pass("afterwards", traffic.payloads.shrinking, 16)
        return f"{what}: {reason}, and the next good packet passed"


# ---- what is agreed on -----------------------------------------------------------------------------------------------

def agreed(client):
    """(compresses, stateful) of what is sent and received; None: neither compression nor encryption."""
    return tuple(end and (end.compresses, end.stateful) for end in (client.sender, client.receiver))


@case(over(ALONE, mppc="deny"))
def denied(world):
    with connected(world, MPPC | STATELESS, False, 8, insists=False) as traffic:
        expect("agreed on", agreed(traffic.call.client), [(None, None)])
        traffic.all_pass("in clear", traffic.payloads.any, 64)
        before = drops(world)
        traffic.call.say_body(struct.pack("!H", 0x8000 | COMPRESSED) + packed([*begun(traffic.call.address, 8), *copy(1, 8)]))
        until("it is dropped", lambda: mpp_drops(before, drops(world)))
        traffic.all_pass("in clear", traffic.payloads.any, 16)
        return f"up without; a compressed packet all the same: {', '.join(mpp_drops(before, drops(world)))}"


@case(over(ENCRYPTED, mppc="deny"))
def denied_with_mppe(world):
    with connected(world, MPPC | STATELESS | BITS_128, True, 9, insists=False) as traffic:
        client = traffic.call.client
        expect("agreed on", agreed(client), [((False, False),) * 2])
        traffic.all_pass("encrypted", traffic.payloads.any, 64)
        before = drops(world)
        traffic.call.say_body(client.sender.forged(packed([*begun(traffic.call.address, 8), *copy(1, 8)])))
        until("it is dropped", lambda: grown(before, drops(world)).get("mppc_not_agreed"))
        traffic.all_pass("encrypted", traffic.payloads.any, 16)
        return "up with MPPE alone; a compressed packet all the same: mppc_not_agreed"


@case(over(ENCRYPTED, mppc="stateless"))
def all_that_windows_offers(world):
    with connected(world, STATELESS | BITS_40 | BITS_56 | BITS_128 | MPPC, True, 10, insists=False) as traffic:
        expect("agreed on", agreed(traffic.call.client), [((True, False),) * 2])
        traffic.all_pass("compressed and encrypted", traffic.payloads.any, 64)
        return "MPPE-128 and MPPC, stateless"


@case(over(ALONE, mppc="stateless"))
def stateful_where_that_is_denied(world):
    with connected(world, MPPC, False, 11, insists=False) as traffic:
        expect("agreed on", agreed(traffic.call.client), [((True, False),) * 2])
        traffic.all_pass("compressed", traffic.payloads.any, 64)
        return "stateless"


@case(over(ENCRYPTED, mppc="stateless"))
def a_client_without_mppc(world):
    with connected(world, STATELESS | BITS_128, True, 12) as traffic:
        expect("agreed on", agreed(traffic.call.client), [((False, False),) * 2])
        traffic.all_pass("encrypted", traffic.payloads.any, 64)
        return "up with MPPE alone"


@case(over(ENCRYPTED, mppc="allow", **{"mppe-stateful": "allow"}))
def flag_packets_without_a(world):
    """RFC 3078 §8.2: the key changes with each flag packet, whether or not A is set (FreeBSD: not set). With MPPC, and without."""
    for bits in (BITS_128, BITS_128 | MPPC):
        with connected(world, bits, True, 17) as traffic:
            traffic.all_pass("over two flag packets", traffic.payloads.small, 640)
    return "passed, with MPPC and without"


@case(over(ENCRYPTED, mppc="stateless"))
def one_way_alone(world):
    """Each direction is agreed on by itself (RFC 1962 §2)."""
    without, with_mppc = STATELESS | BITS_128, STATELESS | BITS_128 | MPPC
    for receives, sends in ((with_mppc, without), (without, with_mppc)):
        with connected(world, receives, True, 13, sends=sends) as traffic:
            client = traffic.call.client
            expect("agreed on", agreed(client), [((bool(sends & MPPC), False), (bool(receives & MPPC), False))])
            traffic.all_pass("one way compressed", traffic.payloads.any, 64)
            expect("that way some shrank", (client.sender.shrunk > 0, client.receiver.shrunk > 0), [(sends == with_mppc, receives == with_mppc)])
    return "down alone, up alone"


@case(over(ENCRYPTED, mppc="allow", **{"mppe-stateful": "allow", "mppe-key-lengths": [40, 56, 128]}))
def short_keys(world):
    told = []
    for bits, length in ((BITS_40, 40), (BITS_56, 56)):
        for state, mode in ((STATELESS, "stateless"), (0, "stateful")):
            with connected(world, MPPC | bits | state, True, 14) as traffic:
                traffic.all_pass(f"{length} bits, {mode}", traffic.payloads.any, 320)
            told.append(f"{length} {mode}")
    return ", ".join(told)


@case(over(ALONE, mppc="stateless"))
def the_longest_packets(world):
    """RFC 1661 §6.1: 1,500 octets are always taken, whatever the MRU; compressed, they say so only afterwards."""
    with connected(world, MPPC | STATELESS, False, 15) as traffic:
        expect("1,500 octets up", traffic.exchange(lambda: bytes(1500 - 28 - 4), 4, 0), [(0, 0)])
        before = drops(world)
        expect("1,501 octets up", traffic.exchange(lambda: bytes(1501 - 28 - 4), 4, 0, patience=0.5), [(4, 0)])
        expect("dropped", grown(before, drops(world)), {"mppc_too_long": 4})
        traffic.all_pass("afterwards", traffic.payloads.any, 16)
        return "1,500 octets pass, 1,501 are dropped: mppc_too_long"


for mode_name, each in MODES.items():
    for body, modes in IN_MODES:
        if mode_name in modes:
            case(each.config, f"{body.__name__}-{mode_name}".replace("_", "-"))(lambda world, body=body, mode=each: body(world, mode))
