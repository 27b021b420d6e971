# SPDX-License-Identifier: Apache-2.0
"""adit trace of a real client's call, as tshark reads it: pings in the clear, the packets that were dropped with the
reason, as many as the call's counters say, and no password."""
import json
import subprocess
import time

from harness.case import Unmet, case, expect
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.lab import CORE, LabError
from harness.session import no_sessions, session_of

CONFIG = {"ppp": {"mppe": "require", "lcp-echo-interval": 1}}
FIELDS = ("frame.interface_name", "frame.packet_flags_direction", "frame.protocols", "frame.comment", "ip.src", "icmp.type",
          "frame.len")
PINGS = {84: "5/5", 1028: "5/5"}
SPOOFED = 3
LINES = 40  # of which LCP echoes have some


class Trace:
    """`adit trace`, until it ends or stop()."""

    def __init__(self, lab, *arguments):
        self._process = subprocess.Popen(lab.command("adit-server", "adit", "trace", *arguments),
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "--json" not in arguments and "tracing" not in (told := self._process.stderr.readline()):
            raise Unmet(f"adit trace {arguments}: {told}{self._process.stderr.read()}")
        time.sleep(0.5)  # its worker is told within milliseconds

    def end(self, seconds=30):
        out, err = self._process.communicate(timeout=seconds)
        expect("adit trace's exit code", self._process.returncode, 0)
        return out, err


def packets(path):
    """tshark's FIELDS of every packet, as dictionaries."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=|", "-E", "occurrence=l"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise LabError(done.stderr)
    seen = [dict(zip(FIELDS, line.split("|"))) for line in done.stdout.splitlines()]
    return [{**p, "up": int(p["frame.packet_flags_direction"], 0) == 1} for p in seen]


def totals(lab):
    session = session_of(lab, "alice")
    return [session[key] for key in ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "drops")]


def spoof(guest):
    """Pings from an address that is not the client's."""
    guest.run(f"/bin/busybox ip addr add 203.0.113.77/32 dev lo\n"
              f"/bin/busybox ping -c {SPOOFED} -W 1 -I 203.0.113.77 {CORE}\n"
              f"/bin/busybox ip addr del 203.0.113.77/32 dev lo; exit 0", "spoof")


@case(CONFIG)
def tshark_reads_it(world):
    lab, path = world.lab, world.lab.work_dir / "alice.pcapng"
    path.unlink(missing_ok=True)
    dial = Dial(world.alice, mppe="128")
    link = dial.up()
    link.route(CORE)
    before = totals(lab)
    trace = Trace(lab, "alice", "--for", "60s", "--write", path)
    expect("pings", link.ping(lengths=tuple(PINGS), count=5), PINGS)
    spoof(world.alice)
    after = totals(lab)
    time.sleep(2.5)  # for an LCP echo
    expect("nothing else passed", totals(lab), [after])
    expect("the file's mode", path.stat().st_mode & 0o777, 0o600)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    out, err = trace.end()
    expect("nothing on standard output", out, "")
    expect("ends with the call", err.strip().endswith("the call has ended"), True)
    seen = packets(path)
    check_pings(seen, link.local)
    check_counts(seen, [new - old for new, old in zip(after, before)])
    ppp = [p for p in seen if p["frame.interface_name"] == "ppp"]
    expect("LCP both ways", len({p["up"] for p in ppp if "lcp" in p["frame.protocols"]}), 2)
    audited = [line for line in lab.log().splitlines() if "event=admin" in line and "method=trace" in line]
    expect("the log says who traced whom", len(audited) >= 2 and "alice" in audited[-1], True)
    no_sessions(lab)
    return f"{len(seen)} packets: {len(ppp)} of PPP, {SPOOFED} dropped with the reason; counters equal"


def check_pings(seen, client):
    inner = [p for p in seen if p["frame.interface_name"] == "inner"]
    expect("echo requests", sum(p["ip.src"] == client and p["icmp.type"] == "8" for p in inner), 10)
    expect("echo replies", sum(p["ip.src"] == CORE and p["icmp.type"] == "0" for p in inner), 10)
    dropped = [p for p in inner if p["frame.comment"].startswith("dropped, spoofed_source: ")]
    expect("spoofed", [(p["ip.src"], p["icmp.type"]) for p in dropped], [[("203.0.113.77", "8")] * SPOOFED])
    outer = [p for p in seen if p["frame.interface_name"] == "outer"]
    expect("each inner packet has an outer one", len(outer) >= len(inner), True)
    expect("they are encrypted", any("comp_data" in p["frame.protocols"] for p in outer), True)


def check_counts(seen, counted):
    """The trace began before the first of these packets and ended after the last."""
    numbers = [0] * 5
    for p in seen:
        if p["frame.interface_name"] == "inner" and p["frame.comment"].startswith("forwarded"):
            at = 0 if p["up"] else 2
            numbers[at] += 1
            numbers[at + 1] += int(p["frame.len"])
        numbers[4] += p["frame.comment"].startswith("dropped")
    expect("packets, octets, drops", numbers, [counted])


@case(CONFIG)
def live_and_its_limits(world):
    lab = world.lab
    dial = Dial(world.alice, mppe="128")
    link = dial.up()
    link.route(CORE)
    trace = Trace(lab, link.local, "--packets", str(LINES))
    expect("a second one is refused", refusal(lab, "alice"), [(4, "that call is being traced by")])
    expect("nobody has that name", refusal(lab, "nobody")[0], 1)
    taken = lab.work_dir / "taken.pcapng"
    taken.write_text("mine")
    expect("a file that exists", refusal(lab, "alice", "--write", taken)[0], 2)
    expect("is left alone", taken.read_text(), "mine")
    link.ping(lengths=(84,), count=12)
    out, err = trace.end()
    expect("lines", len(out.splitlines()), LINES)
    expect("a line", f"{link.local} > {CORE} ICMP echo request, seq 3, 84 octets: forwarded" in out, True)
    as_json = Trace(lab, "alice", "--for", "8s", "--json")
    link.ping(lengths=(84,), count=2)
    lines = [json.loads(line) for line in as_json.end()[0].splitlines()]
    expect("the last line", lines[-1]["why"], "time")
    expect("packets", sum(line.get("layer") == "inner" for line in lines) >= 4, True)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(lab)
    return f"{LINES} lines and no more; one trace a call; a file that exists stays as it is"


def refusal(lab, *arguments):
    """adit trace's exit code, and what it says."""
    done = subprocess.run(lab.command("adit-server", "adit", "trace", *arguments), capture_output=True, text=True, timeout=20)
    words = "that call is being traced by"
    return done.returncode, words if words in done.stderr else done.stderr
