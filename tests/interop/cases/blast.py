# SPDX-License-Identifier: Apache-2.0
"""Many calls at once, by adit-blast: its report is compared with aditd's."""
import shutil

from harness import blast
from harness.case import case, expect, until
from harness.certificates import certificates
from harness.session import no_sessions

PORTS = [{"interface": name, "role": role} for name, role in
         (("access0", "access"), ("core0", "core"), ("access1", "access"), ("core1", "core"))]
CONFIG = {"port": PORTS, "pptp": {"bind": ["192.0.2.1", "198.18.0.1"]}, "ppp": {"mppe": "require"},
          "log": {"level": "info"}}
TO_ADITD = {"server": "198.18.0.1", "access": "access", "clients": "10.99.0.0/16", "core": "core",
            "core-address": "198.19.0.2", "mppe": "require"}
# A fraction of aditd's capacity: it may be built with sanitizers, and shares two CPUs with adit-blast and the
# kernel.
TRAFFIC = {"up": "300pps", "down": "300pps", "size": "imix"}


def run(world, name, phases, while_it_runs=None, **settings):
    return blast.run(lambda *words: world.lab.command("adit-blast", *words), world.lab.work_dir, name,
                     {**TO_ADITD, **settings}, phases, while_it_runs, seconds=120)


def set_up(calls):
    return {"kind": "set-up", "calls": calls, "concurrency": 32}


def late(world):
    return world.lab.adit("show", "drops")["drops"]["gre_late"]


def everything_arrived(outcome, kind, calls):
    traffic = outcome.phase(kind)["traffic"]
    for way in ("up", "down"):
        found = traffic[way]
        expect(f"{way}: lost, corrupted, duplicated", (found["lost"], found["corrupted"], found["duplicated"]), [(0, 0, 0)])
        expect(f"{way}: calls that sent and received", (found["calls"] >= calls, found["calls_silent"]), [(True, 0)])
    return f"{traffic['up']['received']} packets up, {traffic['down']['received']} down"


@case(CONFIG)
def many_calls_and_all_their_packets(world):
    outcome = run(world, "many", [set_up(300), {"kind": "traffic", "for": "5s", **TRAFFIC}])
    expect("adit-blast's complaints, exit code", (outcome.report["complaints"], outcome.status), [([], 0)])
    arrived = everything_arrived(outcome, "traffic", 300)
    no_sessions(world.lab)
    return f"300 calls, {arrived}"


@case(CONFIG)
def some_come_and_go(world):
    outcome = run(world, "churn", [set_up(100), {"kind": "churn", "for": "8s", "churn": "10%", **TRAFFIC}])
    expect("adit-blast's complaints, exit code", (outcome.report["complaints"], outcome.status), [([], 0)])
    arrived = everything_arrived(outcome, "churn", 100)
    redialled = outcome.phase("churn")["set_up"]["up"]
    expect("some came and went", redialled >= 60, True)
    no_sessions(world.lab)
    return f"{redialled} redials, {arrived}"


@case({**CONFIG, "pptp": {**CONFIG["pptp"], "reorder": "off"}})
def a_bad_link_is_reported_as_it_was(world):
    before = late(world)
    outcome = run(world, "bad-link", [set_up(20), {"kind": "traffic", "for": "5s", **TRAFFIC}],
                  impair="loss=2%,duplicate=1%,reorder=3%,reorder-by=2")
    link, traffic = outcome.report["link"], outcome.phase("traffic")["traffic"]
    ours = link["drops"].get("gre_late", 0)
    theirs = late(world) - before
    # Every missing packet was lost by the link, or came late and was dropped as late (RFC 2637 4.3).
    expect("lost up", traffic["up"]["lost"], link["impaired_lost_up"] + theirs)
    expect("lost down", traffic["down"]["lost"], link["impaired_lost_down"] + ours)
    expect("aditd's gre_late", theirs, link["impaired_reordered_up"])
    expect("adit-blast's gre_late", ours, link["impaired_reordered_down"])
    expect("corrupted", traffic["up"]["corrupted"] + traffic["down"]["corrupted"], 0)
    expect("something was lost and reordered", min(link["impaired_lost_up"], theirs, ours) > 0, True)
    no_sessions(world.lab)
    return (f"up: {traffic['up']['lost']} lost = {link['impaired_lost_up']} + {theirs} late; "
            f"down: {traffic['down']['lost']} = {link['impaired_lost_down']} + {ours}")


@case(CONFIG)
def what_was_overtaken_is_waited_for(world):
    """The same link, with aditd's reordering: the packets lost on the uplink are those that the link lost, and a few late
    ones of each call from before it was known to reorder."""
    before = late(world)
    outcome = run(world, "reordering", [set_up(4), {"kind": "traffic", "for": "8s", **TRAFFIC}],
                  impair="reorder=5%,reorder-by=2")
    link, traffic = outcome.report["link"], outcome.phase("traffic")["traffic"]
    theirs = late(world) - before
    expect("lost up", traffic["up"]["lost"], theirs)
    expect("hardly any came late", theirs * 4 < link["impaired_reordered_up"], True)
    no_sessions(world.lab)
    return f"{link['impaired_reordered_up']} were overtaken on the way up, {theirs} of them lost"


@case(CONFIG)
def every_profile(world):
    for profile in ("plain", "windows", "pptp-linux", "mikrotik", "android"):
        outcome = run(world, f"profile-{profile}", [set_up(5), {"kind": "traffic", "for": "1s", **TRAFFIC}],
                      profile=profile)
        expect(f"{profile}: complaints", outcome.report["complaints"], [[]])
        everything_arrived(outcome, "traffic", 5)
        no_sessions(world.lab)
    return "plain, windows, pptp-linux, mikrotik, android"


@case(CONFIG)
def logins_by_certificate(world):
    """EAP-TLS of adit-blast's own with aditd's own, by both versions of TLS; the keys encrypt what both verify."""
    arrived = []
    with certificates(world.lab) as made:
        shutil.chown(made.file("key", "server"), "root", "adit")
        made.file("key", "server").chmod(0o640)
        for version in ("1.2", "1.3"):
            world.lab.serve({**CONFIG, "auth": {"methods": ["eap"]}, "eap": {
                "methods": ["tls"], "certificate": str(made.file("cert", "server")),
                "private-key": str(made.file("key", "server")), "ca": str(made.file("ca", "server")),
                "tls-max-version": version}}, restart=True)
            outcome = run(world, f"certificate-{version}", [set_up(20), {"kind": "traffic", "for": "3s", **TRAFFIC}],
                          auth=["eap-tls"], **{"certificate": str(made.file("cert", "client")),
                                               "private-key": str(made.file("key", "client")), "ca": str(made.file("ca", "client"))})
            expect("adit-blast's complaints, exit code", (outcome.report["complaints"], outcome.status), [([], 0)])
            arrived.append(everything_arrived(outcome, "traffic", 20))
            expect("logins that aditd has proven", proven(world), 20)
            no_sessions(world.lab)
    return f"20 calls each: {'; '.join(arrived)}"


def proven(world):
    families = {family["name"]: family for family in world.lab.adit("show", "metrics")["families"]}
    return next(sample["value"] for sample in families["adit_certificate_logins"]["samples"]
                if sample["labels"]["outcome"] == "proven")


@case({**CONFIG, "pptp": {**CONFIG["pptp"], "incoming-calls": "allow"}, "log": {"level": "debug"}})
def calls_that_are_brought_in(world):
    """adit-blast is an access concentrator (PAC): it rings, and aditd answers."""
    outcome = run(world, "incoming", [set_up(50), {"kind": "traffic", "for": "5s", **TRAFFIC}], incoming=True,
                  **{"calling-number": "0305551234"})
    expect("adit-blast's complaints, exit code", (outcome.report["complaints"], outcome.status), [([], 0)])
    arrived = everything_arrived(outcome, "traffic", 50)
    expect("calls whose number the log has", world.lab.log().count("calling=0305551234"), 50)
    no_sessions(world.lab)
    return f"50 calls, {arrived}"


@case(CONFIG)
def brought_in_where_it_is_denied(world):
    outcome = run(world, "denied", [set_up(5)], incoming=True)
    expect("adit-blast's exit code", outcome.status, 1)
    expect("no call came up", outcome.phase("set-up")["set_up"]["up"], 0)
    no_sessions(world.lab)
    return "refused by name"


@case(CONFIG)
def gone_without_a_goodbye(world):
    outcome = run(world, "abrupt", [set_up(50), {"kind": "tear-down", "abrupt": True}])
    expect("exit code", outcome.status, 0)
    until("aditd noticed", lambda: world.lab.adit("show", "stat")["sessions"]["active"] == 0, 15)
    return "50 calls whose TCP was reset"


DUAL_STACK = {
    **CONFIG, "ipv6": {"dns": ["2001:db8:c0::53"]},
    "ipv6-pool": [{"name": "default", "use": "link", "prefix": "2001:db8:64::/48"},
                  {"name": "default", "use": "delegate", "prefix": "2001:db8:d000::/36", "length": 56}]}
IN_BOTH = {"ipv6": "require", "delegate": True, "core-address6": "2001:db8:c2::2"}
# RFC 4861 6.2.4: each call is told three times when it comes up, and once more if it asked just before.
INITIAL_ADVERTISEMENTS = (3, 4)
ADVERTISEMENTS_A_SECOND = 2000  # of all calls together, aditd's own limit


def advertisements_sent(world):
    families = {family["name"]: family for family in world.lab.adit("show", "metrics")["families"]}
    return families["adit_ra_sent"]["samples"][0]["value"]


def both_families_arrived(outcome, phase, calls):
    found = phase["traffic"]["families"]
    for family in ("ipv4", "ipv6"):
        for way in ("up", "down"):
            one = found[family][way]
            expect(f"{family} {way}: lost, corrupted, duplicated", (one["lost"], one["corrupted"], one["duplicated"]), [(0, 0, 0)])
            expect(f"{family} {way}: calls that sent and received", (one["calls"] >= calls, one["calls_silent"]), [(True, 0)])
    return ", ".join(f"{found[family]['up']['received']} packets of {family} up, {found[family]['down']['received']} down"
                     for family in ("ipv4", "ipv6"))


@case(DUAL_STACK)
def both_families_and_a_wave_that_comes_back(world):
    """Every call has a /64 and a network behind it, and sends from both; when all are gone at once and come back, the Router
    Advertisements keep to the limits of a call and of aditd."""
    calls, sent = 300, [advertisements_sent(world)]
    traffic = {"kind": "traffic", "for": "8s", "family": "mixed", "up": "400pps", "down": "400pps", "size": "imix"}
    wave = [set_up(calls), {"kind": "hold", "for": "10s"}, traffic, {"kind": "tear-down", "abrupt": True}]
    per_second = []

    def watch():
        sent.append(advertisements_sent(world))
        per_second.append(sent[-1] - sent[-2])

    outcome = run(world, "dual-stack", wave + wave[:-1], watch, **IN_BOTH)
    expect("adit-blast's complaints, exit code", (outcome.report["complaints"], outcome.status), [([], 0)])
    arrived = []
    for phase in outcome.report["phases"]:
        ipv6 = phase.get("ipv6")
        if phase["kind"] == "traffic":
            expect("calls with a /64, with a network", (ipv6["calls_with_link_prefix"], ipv6["calls_with_delegated_prefix"]),
                   [(calls, calls)])
            heard = ipv6["router_advertisements_per_call"]
            expect("Router Advertisements of a call", INITIAL_ADVERTISEMENTS[0] <= heard["least"], True)
            expect("Router Advertisements of a call", heard["most"] <= INITIAL_ADVERTISEMENTS[1], True)
            arrived.append(both_families_arrived(outcome, phase, calls))
    # A look takes a third of a second at least.
    expect("Router Advertisements between two looks", max(per_second) <= ADVERTISEMENTS_A_SECOND, True)
    told, heard = advertisements_sent(world) - sent[0], sum(p["ipv6"]["router_advertisements"] for p in outcome.report["phases"])
    expect("aditd's count is adit-blast's", heard <= told <= 2 * calls * INITIAL_ADVERTISEMENTS[1], True)
    no_sessions(world.lab)
    return f"2 x {calls} calls, {told} advertisements; {'; then '.join(arrived)}"
