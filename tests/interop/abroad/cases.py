# SPDX-License-Identifier: Apache-2.0
"""What adit-blast must do against an independent server. Its reports are compared with the server's."""
import contextlib
import dataclasses
import time
from typing import Callable

from abroad.place import TO_SERVER, WITH_CORE
from abroad.poptop import ADDED_BY_CONTROL
from harness import blast
from harness.case import Unmet, expect, until

CALLS = 3  # for a case about dialling
# On two free CPUs even 2,000 each way pass: pptpctrl, pppd's pty and the user-mode kernel are the limit.
RATE = 500
# pppd sets its interface up after it has acknowledged IPCP, and drops packets that arrive before that.
SETTLE = {"kind": "hold", "for": "1s"}
MPPE_ON = {"128": "MPPE 128-bit stateless compression enabled", "40": "MPPE 40-bit stateless compression enabled"}
ASKED = {"pap": "<auth pap>", "chap-md5": "<auth chap MD5>", "mschap-v1": "<auth chap MS>",
         "mschap-v2": "<auth chap MS-v2>"}  # in pppd's LCP Configure-Request


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    run: Callable  # (World) -> one line for the table


class World:
    """The place, the server in it, and the directory for logs."""

    def __init__(self, place, server, work_dir, pcap=False):
        self.place, self.server, self.work_dir, self.pcap = place, server, work_dir, pcap
        self.seen = {}  # the server's ppp interfaces, as last seen

    def blast(self, name, settings, phases, watch=False):
        self.seen = {}
        with self.place.capture(self.work_dir / f"{name}.pcap") if self.pcap else contextlib.nullcontext():
            return blast.run(self.place.bridge.command, self.work_dir, name, {**TO_SERVER, **settings}, phases,
                             self._look if watch else None)

    def _look(self):
        self.seen.update(self.server.interfaces())


def set_up(calls):
    return {"kind": "set-up", "calls": calls, "concurrency": 8}


def successful(outcome):
    if outcome.status != 0 or not outcome.report["success"]:
        raise Unmet(str(outcome))


def nothing_is_left(world):
    until("pptpd's processes and ppp interfaces are gone", lambda: not world.server.leftovers())


def refused(world, name, wanted, **settings):
    """adit-blast gives the `wanted` reason for the failure of every dial, and its exit code is 1."""
    outcome = world.blast(name, settings, [set_up(CALLS)])
    expect("exit code", outcome.status, 1)
    expect("failures", outcome.phase("set-up")["set_up"]["failures"], [{wanted: CALLS}])
    nothing_is_left(world)
    return f"{CALLS} of {CALLS} {wanted}"


def lossless(direction, what):
    counts = {key: direction[key] for key in ("lost", "corrupted", "duplicated", "calls_silent")}
    if direction["sent"] == 0 or any(counts.values()) or direction["received"] != direction["sent"]:
        raise Unmet(f"{what}: sent {direction['sent']}, received {direction['received']}, {counts}")


def interfaces_agree(world, calls, from_clients, to_clients):
    """The guest's ppp interfaces counted these packets, plus a few of CCP and IPCP."""
    expect("ppp interfaces", len(world.seen), calls)
    expect("errors of ppp interfaces", sum(each["errors"] for each in world.seen.values()), 0)
    for way, wanted in (("rx", from_clients), ("tx", to_clients)):
        count = sum(each[way] for each in world.seen.values())
        if not wanted <= count <= wanted + calls * ADDED_BY_CONTROL:
            raise Unmet(f"the ppp interfaces' {way} packets are {count}, adit-blast's {wanted}")


def echo(world):
    calls, server = 20, world.server
    server.demand("echo")
    before = server.kernel()
    traffic = {"kind": "traffic", "up": "200pps", "for": "10s"}
    outcome = world.blast("echo", {"mppe": "require"}, [set_up(calls), SETTLE, traffic, SETTLE], watch=True)
    successful(outcome)
    up = outcome.phase("traffic")["traffic"]["up"]
    lossless(up, "echo")
    nothing_is_left(world)
    after = server.kernel()
    expect("MPPE in pppd's log", server.said(MPPE_ON["128"]), calls)
    for name in ("Icmp.InEchos", "Icmp.OutEchoReps"):
        expect(f"the guest's {name}", after[name] - before.get(name, 0), up["sent"])
    interfaces_agree(world, calls, up["sent"], up["sent"])
    return f"{calls} calls, {up['sent']} echoes, all back; the guest counts as many"


def both_ways(world, size):
    calls, server, name = 10, world.server, f"core-{size}"
    server.demand(name)
    before = server.kernel()
    traffic = {"kind": "traffic", "up": f"{RATE}pps", "down": f"{RATE}pps", "size": size, "for": "4s"}
    outcome = world.blast(name, {"mppe": "require", **WITH_CORE}, [set_up(calls), SETTLE, traffic, SETTLE],
                          watch=True)
    successful(outcome)
    result = outcome.phase("traffic")["traffic"]
    up, down = result["up"], result["down"]
    lossless(up, "up")
    lossless(down, "down")
    nothing_is_left(world)
    expect("MPPE in pppd's log", server.said(MPPE_ON["128"]), calls)
    forwarded = server.kernel()["Ip.ForwDatagrams"] - before["Ip.ForwDatagrams"]
    expect("packets that the guest forwarded", forwarded, up["sent"] + down["sent"])
    interfaces_agree(world, calls, up["sent"], down["sent"])
    return f"{up['sent']} up, {down['sent']} down, none lost; the guest forwarded {forwarded}"


def bad_link(world):
    """Lost, duplicated and late packets: pppd's MPPE and ours resynchronise after every one, both ways."""
    calls, server = 10, world.server
    server.demand("bad-link")
    traffic = {"kind": "traffic", "up": f"{RATE}pps", "down": f"{RATE}pps", "for": "4s"}
    impair = {"impair": "loss=2%,duplicate=1%,reorder=2%"}
    settings = {"mppe": "require", **impair, **WITH_CORE}
    outcome = world.blast("bad-link", settings, [set_up(calls), SETTLE, traffic])
    result = outcome.phase("traffic")
    expect("lost calls", result["lost_calls"], [{}])
    parts = []
    for way in ("up", "down"):
        direction = result["traffic"][way]
        expect(f"corrupted {way}", direction["corrupted"], 0)
        expect(f"silent calls {way}", direction["calls_silent"], 0)
        lost = direction["lost"] / direction["sent"]
        if not 0.005 < lost < 0.1:
            raise Unmet(f"{way}: {lost:.1%} lost, where the link loses 2 % and delays 2 %")
        parts.append(f"{way} {lost:.1%} lost")
    nothing_is_left(world)
    return ", ".join(parts) + ", none corrupted"


def dialled(world, name, settings, auth="mschap-v2", mppe="128", size="imix", demand=None):
    """Dials, passes echoes, hangs up; pppd's log shows the method and encryption that were negotiated."""
    server = world.server
    server.demand(name, auth, demand or mppe)
    outcome = world.blast(name, settings, [set_up(CALLS), SETTLE, {"kind": "traffic", "up": "100pps", "size": size,
                                                                  "for": "1s"}])
    successful(outcome)
    up = outcome.phase("traffic")["traffic"]["up"]
    lossless(up, "echo")
    expect("hung up", outcome.phase("tear-down")["hung_up"], CALLS)
    nothing_is_left(world)
    for bits, words in MPPE_ON.items():
        expect(f"'{words}' in pppd's log", server.said(words), CALLS if bits == mppe else 0)
    log = server.log().splitlines()
    agreed = sum("rcvd [LCP ConfAck" in line and ASKED[auth] in line for line in log)
    if agreed < CALLS:  # more when one of them was logged twice
        raise Unmet(f"pppd's log has {agreed} Configure-Acks of {ASKED[auth]}, and not {CALLS}")
    slowest = outcome.phase("set-up")["set_up"]["time"]["max_ms"]
    return f"{CALLS} calls, {up['sent']} echoes, up within {slowest / 1000:.1f} s"


def uncut(world):
    """Windows' MRU is 1,400, of which MPPE takes 4: larger sizes are sent at 1,396, and nobody fragments them."""
    server = world.server
    server.demand("fragments")
    before = server.kernel()
    traffic = {"kind": "traffic", "up": "50pps", "size": "1400", "for": "1s"}
    outcome = world.blast("uncut", {"profile": "windows", "mppe": "require"}, [set_up(CALLS), SETTLE, traffic])
    expect("exit code", outcome.status, 0)
    found = outcome.phase("traffic")["traffic"]
    expect("sizes", found["sizes"], "1400, at most 1396")
    expect("received", found["up"]["received"], found["up"]["sent"])
    nothing_is_left(world)
    expect("answers that the guest cut", server.kernel()["Ip.FragOKs"] - before["Ip.FragOKs"], 0)
    return f"{found['up']['sent']} answers of 1,396 octets to an MRU of 1,400, none cut"


def profile(name, size="imix"):
    return Case(f"profile-{name}", lambda world: dialled(
        world, f"profile-{name}", {"profile": name, "mppe": "require"}, size=size))


def method(auth):
    return Case(f"auth-{auth}", lambda world: dialled(
        world, f"auth-{auth}", {"auth": [auth], "mppe": "prefer"}, auth, mppe="none"))


def wrong_password(auth):
    def run(world):
        world.server.demand(f"wrong-password-{auth}", auth, "none")
        detail = refused(world, f"wrong-password-{auth}", "auth_failed", auth=[auth], password="wrong")
        if "authentication failed" not in world.server.log() and "failed CHAP authentication" not in world.server.log():
            raise Unmet("pppd's log has no failed authentication")
        return detail
    return Case(f"wrong-password-{auth}", run)


def no_common_method(world):
    world.server.demand("no-common-method")
    return refused(world, "no-common-method", "server_terminated", auth=["pap"], mppe="deny")


def mppe_refused_by_server(world):
    world.server.demand("mppe-refused-by-server", mppe="none")
    return refused(world, "mppe-refused-by-server", "mppe_refused", mppe="require")


def mppe_denied_by_client(world):
    world.server.demand("mppe-denied-by-client")
    detail = refused(world, "mppe-denied-by-client", "server_terminated", mppe="deny")
    expect("pppd's complaints of missing MPPE", world.server.said("MPPE required but peer negotiation failed") >= CALLS,
           True)
    return detail


def mppe_56_only(world):
    """pppd supports 40 and 128 bits."""
    world.server.demand("mppe-56-only", mppe="any")
    settings = {"mppe": "require", "mppe-key-lengths": [56]}
    return refused(world, "mppe-56-only", "server_terminated", **settings)


def mppe(name, settings, mppe, demand=None, auth="mschap-v2"):
    return Case(f"mppe-{name}", lambda world: dialled(
        world, f"mppe-{name}", {"mppe": "require", **settings}, auth, mppe, demand=demand))


def abrupt(world):
    """Clients that vanish without closing: pptpd and pppd notice the end of the connection."""
    world.server.demand("abrupt")
    outcome = world.blast("abrupt", {"mppe": "require"},
                          [set_up(CALLS), {"kind": "hold", "for": "500ms"}, {"kind": "tear-down", "abrupt": True}])
    successful(outcome)
    began = time.monotonic()
    nothing_is_left(world)
    return f"{CALLS} calls gone, the server tidy {time.monotonic() - began:.1f} s after"


CASES = [
    Case("echo", echo),
    *(Case(f"core-{size}", lambda world, size=size: both_ways(world, size)) for size in ("64", "576", "1400", "imix")),
    Case("bad-link", bad_link),
    # Profiles with an MRU of 1,400 get 1,396 octets of IP with MPPE; pppd would fragment its reply to a
    # larger packet.
    profile("plain"), profile("windows", "1396"), profile("pptp-linux"), profile("mikrotik"),
    profile("android", "1396"),
    Case("uncut", uncut),
    method("pap"), method("chap-md5"), method("mschap-v1"), method("mschap-v2"),
    *map(wrong_password, ("pap", "chap-md5", "mschap-v1", "mschap-v2")),
    Case("no-common-method", no_common_method),
    mppe("with-mschap-v1", {"auth": ["mschap-v1"]}, "128", auth="mschap-v1"),
    mppe("40", {"mppe-key-lengths": [40, 128]}, "40"),
    mppe("40-of-any", {"mppe-key-lengths": [40]}, "40", demand="any"),
    mppe("128-of-any", {"mppe-key-lengths": [40, 56, 128]}, "128", demand="any"),
    mppe("allow", {"mppe": "allow"}, "128"),
    Case("mppe-56-only", mppe_56_only),
    Case("mppe-refused-by-server", mppe_refused_by_server),
    Case("mppe-denied-by-client", mppe_denied_by_client),
    Case("abrupt", abrupt),
]
