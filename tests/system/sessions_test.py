#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of calls under traffic: `adit show sessions` in pages and with rates, `adit show session`, `adit top` on a
terminal. A real aditd, and adit-blast's calls. Needs root; exit 77 (skipped) otherwise.
    sessions_test.py PATH_OF_aditd PATH_OF_adit PATH_OF_adit-blast [unittest arguments]
ADIT_RESTART_CALLS: how many calls are up, 100 if not set.
"""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest

import restart_test as lab


class Screen:
    """`adit top` on a terminal of 80x24."""

    def __init__(self, site):
        self.main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(terminal)
        self.terminal = terminal
        self.seen = b""
        self.top = subprocess.Popen([lab.ADIT, "--socket", site.work / "adit.sock", "top"], stdin=terminal, stdout=terminal, stderr=terminal)

    def read_until(self, what, seconds=20):
        deadline = time.monotonic() + seconds
        while what not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} never came: {self.seen[-2000:]}")
            if select.select([self.main], [], [], 0.2)[0]:
                self.seen += os.read(self.main, 65536)
        return self.seen

    def last_lines(self):
        """Of the last whole screen."""
        return self.seen.split(b"\x1b[H")[-2].replace(b"\x1b[K", b"").replace(b"\x1b[J", b"").decode().split("\r\n")

    def is_restored(self):
        return termios.tcgetattr(self.terminal) == self.before and self.seen.rstrip().endswith(b"\x1b[?25h\x1b[?1049l")

    def close(self):
        if self.top.poll() is None:
            self.top.kill()
        self.top.wait()
        os.close(self.main)
        os.close(self.terminal)


class SessionsTest(unittest.TestCase):
    def setUp(self):
        self.site = lab.Site(self, lab.Kernels("af_packet")).start()
        self.site.dial()
        time.sleep(1)

    def rpc(self, method, params):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.site.work / "adit.sock"))
            client.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
            return json.loads(client.makefile().readline())

    def adit_json(self, *words):
        done = self.site.adit(*words, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def check_pages(self):
        sids, after, pages = [], None, 0
        while True:
            page = self.rpc("show.sessions", {"columns": ["sid"], "limit": 7, "after": after})["result"]
            sids += [session["sid"] for session in page["sessions"]]
            pages, after = pages + 1, page["next"]
            if after is None:
                break
        self.assertEqual(len(sids), lab.CALLS)
        self.assertEqual(len(set(sids)), lab.CALLS)
        self.assertEqual(pages, -(-lab.CALLS // 7))

    def check_tables(self):
        table = self.site.adit("show", "sessions").stdout
        self.assertLessEqual(max(map(len, table.splitlines())), 80, table)
        rows = self.adit_json("show", "sessions", "ip,rx-bytes", "order", "rx-bytes", "limit", "5")["sessions"]
        self.assertEqual(len(rows), 5)
        self.assertEqual([row["rx_bytes"] for row in rows], sorted((row["rx_bytes"] for row in rows), reverse=True))
        address = rows[0]["ip"]
        found = self.adit_json("show", "sessions", "ip", "match", "ip", f"^{address.replace('.', '[.]')}$")["sessions"]
        self.assertEqual(found, [{"ip": address}])
        wrong = self.site.adit("show", "sessions", "match", "ip", "(")
        self.assertEqual((wrong.returncode, wrong.stderr),
                         (4, 'adit: aditd refused: match: the regular expression "(" is not one of RE2\'s: missing ): (; write a '
                          'backslash before a character that is meant as it stands\n'))

    def check_rates(self):
        """300 packets a second each way and call, as adit-blast was told: 346 octets on average. A busy machine sends fewer."""
        rows = self.adit_json("show", "sessions", "username,rx-rate,tx-pps")["sessions"]
        self.assertEqual(len(rows), lab.CALLS)
        packets = sum(row["tx_packets_per_second"] for row in rows)
        self.assertGreater(packets, 10)
        sample = self.adit_json("top")
        self.assertEqual(sample["calls"], lab.CALLS)
        self.assertGreater(sample["rx_packets_per_second"], 10)
        self.assertGreater(sample["rx_bits_per_second"], 8 * 40 * sample["rx_packets_per_second"])
        watch = subprocess.Popen(lab.inside(lab.SERVER, lab.ADIT, "--socket", self.site.work / "adit.sock", "show", "sessions", "limit", "3",
                                            "--watch", "1", "--json"), stdout=subprocess.PIPE, text=True)
        lines = [json.loads(watch.stdout.readline()) for _ in range(3)]
        watch.terminate()
        watch.wait()
        watch.stdout.close()
        self.assertTrue(all(len(line["sessions"]) == 3 for line in lines))
        self.assertIsNone(lines[0]["sessions"][0]["rx_bits_per_second"], "nobody knows yet")
        self.assertIsNotNone(lines[2]["sessions"][0]["rx_bits_per_second"])

    def check_one(self):
        some = self.adit_json("show", "sessions", "sid,ip", "limit", "1")["sessions"][0]
        one, = self.adit_json("show", "session", some["sid"])["sessions"]
        self.assertEqual(one["ip"], some["ip"])
        self.assertEqual({protocol: one[protocol]["state"] for protocol in ("lcp", "ccp", "ipcp")},
                         {"lcp": "opened", "ccp": "opened", "ipcp": "opened"})
        self.assertEqual(one["auth"], "mschap-v2")
        self.assertEqual(one["ccp"]["receive"], {"bits": 128, "stateful": False})
        self.assertEqual(one["ccp"]["send"], {"bits": 128, "stateful": False})
        self.assertTrue(one["ccp"]["mppe_required"])
        self.assertEqual(one["ipcp"]["address"], some["ip"])
        self.assertEqual(one["ipcp"]["gateway"], "10.64.0.1")
        gre = one["gre"]
        self.assertGreater(gre["next_sequence"], 10)
        self.assertGreater(gre["received"], 10)
        self.assertLessEqual(gre["acknowledged"], gre["received"])
        self.assertLess(gre["received"] - gre["acknowledged"], 1000)
        self.assertGreater(gre["mppe_packets_received"], 10)
        self.assertGreater(gre["peer_window"], 0)
        self.assertEqual(sum(one["drops_by_reason"].values()), one["drops"])
        by_address, = self.adit_json("show", "session", some["ip"])["sessions"]
        self.assertEqual(by_address["sid"], some["sid"])
        self.assertGreaterEqual(by_address["gre"]["next_sequence"], gre["next_sequence"])
        text = self.site.adit("show", "session", some["sid"]).stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        nobody = self.site.adit("show", "session", "nobody")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("no call has username nobody", nobody.stderr)

    def check_top(self):
        for end, status in ((b"q", 0), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, -signal.SIGINT)):
            screen = Screen(self.site)
            self.addCleanup(screen.close)
            screen.read_until(b"q quits")
            screen.seen = b""
            screen.read_until(b"q quits")
            screen.read_until(b"\x1b[J")
            lines = screen.last_lines() if screen.seen.count(b"\x1b[H") > 1 else \
                screen.seen.split(b"\x1b[H")[-1].replace(b"\x1b[K", b"").replace(b"\x1b[J", b"").decode().split("\r\n")
            self.assertLessEqual(len(lines), 24)
            self.assertLessEqual(max(map(len, lines)), 80, lines)
            self.assertRegex(lines[0], rf"{lab.CALLS} calls   up \S+ \S*bit/s")
            if isinstance(end, bytes):
                os.write(screen.main, end)
            else:
                screen.top.send_signal(end)
            screen.read_until(b"\x1b[?1049l")
            self.assertEqual(screen.top.wait(10), status)
            self.assertTrue(screen.is_restored(), screen.seen[-100:])

    def test_operators_see_calls_under_traffic(self):
        self.check_pages()
        self.check_tables()
        self.check_rates()
        self.check_one()
        self.check_top()
        self.site.generator.send_signal(signal.SIGINT)
        self.site.generator.wait(lab.TIMEOUT)
        self.site.assert_stops()


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    lab.ADITD, lab.ADIT, lab.BLAST = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab.remove_namespaces()
    try:
        unittest.main(verbosity=2)
    finally:
        lab.remove_namespaces()
