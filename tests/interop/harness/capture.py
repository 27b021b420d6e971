# SPDX-License-Identifier: Apache-2.0
"""A capture of everything between the clients' bridge and aditd, and tshark's verdict on our half of it.

It is taken at the bridge's end of the veth pair: at access0, XDP takes GRE before the point where captures look, and
AF_XDP sends after it.
"""
import dataclasses
import os
import pathlib
import signal
import subprocess
import time

from harness.lab import SERVER, Lab, LabError

# Wireshark's severities (epan/proto.h): chat and note are not complaints.
WARNING = 0x600000
OUTGOING_CALL_REQUEST, OUTGOING_CALL_REPLY = "7", "8"

FIELDS = ("frame.number", "ip.src", "ip.dst", "pptp.control_message_type", "pptp.call_id", "pptp.peer_call_id",
          "gre.key.call_id", "gre.sequence_number", "gre.ack_number", "_ws.malformed", "_ws.expert.severity",
          "_ws.expert.message")

# The kernels' TCP retransmits on a busy machine. That is not ours to judge; a connection that we reset is.
QUIET = ("-o", "tcp.analyze_sequence_numbers:FALSE")
OF_TCP = {"D-SACK Sequence"}  # a warning that cannot be disabled


class Capture:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            Lab.command("adit-clients", "tcpdump", "-i", "access", "-s", "0", "-B", "32768", "-U", "-w", self.path),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 5
        while not self.path.exists() or self.path.stat().st_size == 0:  # the file's header: it is capturing
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise LabError(f"tcpdump did not start\n{self._process.stderr.read()}")
            time.sleep(0.02)

    def stop(self):
        if self._process.poll() is None:
            time.sleep(0.3)  # for packets still in flight
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(10)


def frames(path, display_filter, *options):
    """tshark's FIELDS of every frame that passes the filter, as dictionaries. Values that occur more than once in a
    frame are joined by semicolons; outer addresses come first."""
    command = ["tshark", "-n", "-r", str(path), "-Y", display_filter, *options, *QUIET,
               "-T", "fields", "-E", "separator=|", "-E", "aggregator=;"]
    for field in FIELDS:
        command += ["-e", field]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tshark:
        for line in tshark.stdout:
            yield dict(zip(FIELDS, line.rstrip("\n").split("|", len(FIELDS) - 1)))
    if tshark.returncode != 0:
        raise LabError(f"{' '.join(command)} exited with {tshark.returncode}")


def first(values):
    return values.split(";")[0]


@dataclasses.dataclass
class Sender:
    """One direction of a call: what was sent so far, and the call ID of the other direction."""
    highest: int = -1
    other: tuple = None


@dataclasses.dataclass
class Report:
    frames: int = 0
    calls: int = 0
    complaints: list = dataclasses.field(default_factory=list)

    def complain(self, frame, what):
        self.complaints.append(f"frame {frame['frame.number']}: {what}")


def experts(frame):
    """Severity and text of each of Wireshark's remarks."""
    return zip(filter(None, frame["_ws.expert.severity"].split(";")), frame["_ws.expert.message"].split(";"))


def check_dissection(frame, report):
    """In a frame that we sent, nothing is malformed, and there is no warning or error."""
    if frame["_ws.malformed"]:
        report.complain(frame, f"malformed: {frame['_ws.expert.message']}")
    elif any(int(s, 0) >= WARNING and m not in OF_TCP for s, m in experts(frame)):
        report.complain(frame, f"expert: {frame['_ws.expert.message']}")


def check_call(frame, senders, report):
    """Sequence numbers strictly increase per call, and only numbers that the client has sent are acknowledged."""
    source, call_id = first(frame["ip.src"]), frame["gre.key.call_id"]
    sender = senders.setdefault((source, first(frame["ip.dst"]), call_id), Sender())
    if frame["gre.sequence_number"]:
        sequence = int(frame["gre.sequence_number"])
        if source == SERVER and sequence <= sender.highest:
            report.complain(frame, f"sequence number {sequence} after {sender.highest}, call ID {call_id}")
        sender.highest = max(sender.highest, sequence)
    if frame["gre.ack_number"] and source == SERVER:
        heard = senders.get(sender.other)
        if heard is None or int(frame["gre.ack_number"]) > heard.highest:
            report.complain(frame, f"acknowledges {frame['gre.ack_number']}, never sent by the client")


def start_call(frame, senders, report):
    """An Outgoing-Call-Reply pairs our call ID (where the client sends) with the client's (where we send)."""
    ours, theirs = frame["pptp.call_id"], frame["pptp.peer_call_id"]
    client = first(frame["ip.dst"])
    up, down = (client, SERVER, ours), (SERVER, client, theirs)
    senders[up], senders[down] = Sender(other=down), Sender(other=up)
    report.calls += 1


def check(path):
    """Judges everything that SERVER sent in this capture."""
    report, senders = Report(), {}
    # Packets between subscribers in an unencrypted call are not ours to judge.
    payload = [word for protocol in ("tcp", "udp", "icmp") for word in ("--disable-protocol", protocol)]
    together = [*frames(path, "gre", *payload), *frames(path, "not gre")]
    for frame in sorted(together, key=lambda f: int(f["frame.number"])):
        report.frames += 1
        if first(frame["ip.src"]) == SERVER:
            check_dissection(frame, report)
            if OUTGOING_CALL_REPLY in frame["pptp.control_message_type"].split(";"):
                start_call(frame, senders, report)
        if frame["gre.key.call_id"]:
            check_call(frame, senders, report)
    return report
