#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`adit events` beside an aditd that adit-blast dials: a reader that is killed and comes back misses nothing and gets nothing
twice; one that sleeps costs aditd nothing; one that waits goes on with the next aditd. Two network namespaces of this test's
own. Needs root; exit 77 (skipped) otherwise.
    events_test.py PATH_OF_aditd PATH_OF_adit PATH_OF_adit-blast [unittest arguments]
ADIT_EVENT_DIALS: how many calls are dialled and hung up, 1,000 if not set. ADIT_EVENT_SLEEP: how many seconds a reader sleeps, 3.
"""
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

import restart_test
from restart_test import Kernels, Site, inside

DIALS = int(os.environ.get("ADIT_EVENT_DIALS", "1000"))
SLEEP = float(os.environ.get("ADIT_EVENT_SLEEP", "3"))
KILLED_EVERY = 0.7  # seconds
CALL_EVENTS = ("call_dialled", "call_up", "call_ended")
SCENARIO = """
server = "198.18.0.1"
access = "access"
clients = "10.99.0.0/16"
core = "core"
core-address = "198.19.0.2"
mppe = "require"
quiet = true
{driver}
[[phase]]
kind = "set-up"
calls = {calls}
concurrency = 64
[[phase]]
kind = "tear-down"
"""

# AddressSanitizer keeps up to 256 MiB of what was freed: whoever measures memory wants none of that.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"


def ask(path, method, **params):
    """The connection, as a file, and the answer."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(restart_test.TIMEOUT)
    client.connect(str(path))
    stream = client.makefile("rwb", buffering=1 << 16)
    stream.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
    stream.flush()
    return stream, json.loads(stream.readline())


class Reader:
    """`adit events` into a file, with the number of the last event that is whole there."""

    def __init__(self, site, *words):
        self.site, self.words, self.path = site, words, site.work / "events.json"
        self.path.write_bytes(b"")
        self.process = None
        self.lives = 0

    def events(self):
        return [json.loads(line) for line in self.path.read_bytes().split(b"\n")[:-1]]

    def start(self):
        text = self.path.read_bytes()
        whole = text[:text.rfind(b"\n") + 1]
        self.path.write_bytes(whole)
        numbers = [event["seq"] for event in self.events() if "seq" in event]
        after = ("--after", str(numbers[-1] if numbers else 0))
        with open(self.path, "ab") as output, open(self.site.work / "events.err", "ab") as errors:
            self.process = subprocess.Popen([restart_test.ADIT, "--socket", self.site.work / "adit.sock", "--json", "events", *after,
                                             *self.words], stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        self.lives += 1

    def kill(self):
        self.process.kill()
        self.process.wait()


class EventsTest(unittest.TestCase):
    def setUp(self):
        self.site = Site(self, Kernels("af_packet")).start()

    def dial(self):
        scenario = self.site.work / "blast.toml"
        scenario.write_text(SCENARIO.format(calls=DIALS, driver=self.site.kind.blast(self.site.work)))
        with open(self.site.work / "blast.out", "w") as output:
            self.site.generator = subprocess.Popen(inside(restart_test.PEER, restart_test.BLAST, "run", scenario, *restart_test.EAL),
                                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return self.site.generator

    def assert_dialled(self):
        self.assertEqual(self.site.generator.wait(restart_test.TIMEOUT), 0, (self.site.work / "blast.out").read_text())

    def rss_kb(self):
        """Without what is kept on purpose until newer ones push it out: 40 MiB of events, 6,144 ended calls."""
        stat = self.site.show("stat")
        kept = sum(table["bytes"] for table in stat["memory"] if table["table"] in ("events", "ended calls"))
        with open(f"/proc/{stat['pid']}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) - (kept >> 10)

    def test_a_reader_that_is_killed_misses_nothing_and_gets_nothing_twice(self):
        reader = Reader(self.site, "--event", *CALL_EVENTS)
        self.dial()
        while self.site.generator.poll() is None:
            reader.start()
            time.sleep(KILLED_EVERY)
            reader.kill()
        self.assert_dialled()
        reader.start()

        def complete():
            return sum(event["event"] == "call_ended" for event in reader.events()) >= DIALS
        self.site.until("every end is told", complete)
        time.sleep(0.5)  # what comes twice would come now
        reader.kill()
        events = reader.events()
        numbers = [event["seq"] for event in events]
        self.assertEqual(numbers, sorted(set(numbers)), "none twice, all in order")
        sids = collections.defaultdict(list)
        for event in events:
            sids[event["event"]].append(event["sid"])
        for name in CALL_EVENTS:
            self.assertEqual((name, len(sids[name]), len(set(sids[name]))), (name, DIALS, DIALS))
        self.assertEqual(set(sids["call_up"]), set(sids["call_ended"]))
        print(f"\n{DIALS} dials and hang-ups, {len(events)} events, a reader in {reader.lives} lives: none missing, none twice")

    def test_a_reader_that_sleeps_costs_nothing(self):
        self.dial()
        self.assert_dialled()  # as warm as it gets
        quiet = self.answer_times()
        before = self.rss_kb()
        stream, answer = ask(self.site.work / "adit-read.sock", "events")
        self.assertEqual(answer["result"]["missed"], 0)
        self.dial()
        began, busy = time.monotonic(), []
        while self.site.generator.poll() is None or time.monotonic() - began < SLEEP:
            busy += self.answer_times(5)
        self.assert_dialled()
        after = self.rss_kb()
        names, last = collections.Counter(), answer["result"]["next"] - 1
        while names["call_ended"] < DIALS:
            event = json.loads(stream.readline())
            self.assertEqual(event["method"], "event", event)
            self.assertEqual(event["params"]["seq"], last + 1, "none missing, none twice")
            last += 1
            names[event["params"]["event"]] += 1
        self.assertEqual([names[name] for name in CALL_EVENTS], [DIALS] * 3)
        print(f"\na reader slept {time.monotonic() - began:.1f} s while {DIALS} calls came and went: RSS {before} KiB before, "
              f"{after} KiB after; an answer takes {median(quiet) * 1e3:.1f} ms at rest, meanwhile median {median(busy) * 1e3:.1f} "
              f"ms, longest {max(busy) * 1e3:.1f} ms")
        self.assertLess(after - before, 32 << 10)

    def answer_times(self, times=50):
        took = []
        for _ in range(times):
            began = time.monotonic()
            ask(self.site.work / "adit.sock", "version")
            took.append(time.monotonic() - began)
            time.sleep(0.01)
        return took

    def test_a_reader_goes_on_with_the_next_aditd(self):
        reader = Reader(self.site)
        reader.start()
        self.site.until("the first start is told", lambda: any(e["event"] == "started" for e in reader.events()))
        self.site.assert_stops()
        self.assertTrue(any(event["event"] == "draining" for event in reader.events()), "what it said last")
        self.site.launch()
        self.site.until("the second start is told", lambda: sum(e["event"] == "started" for e in reader.events()) == 2)
        self.assertIsNone(reader.process.poll())
        reader.kill()
        told = [event for event in reader.events() if event["event"] == "events_missed"]
        self.assertEqual(told, [{"event": "events_missed", "count": 0, "records": False, "restarted": True}])
        numbers = [event["seq"] for event in reader.events() if "seq" in event]
        self.assertEqual(numbers, sorted(set(numbers)))
        once = self.site.adit("events", "--once", "--event", "started", "port")
        self.assertEqual(once.returncode, 0, once.stderr)
        self.assertRegex(once.stdout, r"(?m)^[0-9-]{10}T[0-9:.]{12}Z info started version=\S+ workers=1 ")
        self.assertEqual(len(once.stdout.splitlines()), 3)


def median(values):
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    restart_test.ADITD, restart_test.ADIT, restart_test.BLAST = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    restart_test.CALLS = DIALS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # meson's timeout: the clean-up still runs
    restart_test.remove_namespaces()
    try:
        unittest.main(verbosity=2)
    finally:
        restart_test.remove_namespaces()
