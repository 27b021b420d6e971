#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""adit-exporter as its readers see it: promtool and a real Prometheus, clients that behave badly, an aditd that goes away; and the
board's queries and the alerts, over what it serves.
    exporter_test.py EXPORTER SOURCE_ROOT
Skipped (exit 77) without promtool and prometheus.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from fake_aditd import FakeAditd
from watchers import Exporter, Prometheus, until

EXPORTER = ROOT = None
OPEN = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


class ExporterTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="adit-exporter-"))
        self.work.chmod(0o755)  # the exporter is nobody
        self.addCleanup(shutil.rmtree, self.work)
        self.socket = self.work / "adit-read.sock"
        self.aditd = FakeAditd(str(self.socket))
        self.addCleanup(lambda: self.aditd and self.aditd.close())

    def exporter(self, *words):
        exporter = Exporter(EXPORTER, "--socket", self.socket, *words)
        self.addCleanup(exporter.close)
        return exporter

    def stop_aditd(self):
        self.aditd.close()
        self.aditd = None

    def test_promtool_finds_nothing_wrong(self):
        _, headers, text = self.exporter().get("/metrics")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        self.assertIn('adit_pool_addresses{pool="\\"quoted\\"\\\\",state="used"} 290\n', text)
        for user in ("alice", "user0"):
            self.assertNotIn(user, text)

    def test_openmetrics_for_who_accepts_it(self):
        _, headers, text = self.exporter().get("/metrics", Accept=OPEN)
        self.assertEqual(headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertIn("# TYPE adit_calls counter\n", text)
        self.assertIn("# UNIT adit_call_setup_seconds seconds\n", text)

    def test_many_scrapers_cost_aditd_one_request_a_second(self):
        exporter = self.exporter()
        begin, seen = time.monotonic(), set()
        asked = self.aditd.asked["show.metrics"]

        def scrape():
            for _ in range(10):
                status, _, text = exporter.get("/metrics")
                seen.add((status, re.search(r"^adit_up (\d)", text, re.MULTILINE)[1]))
        threads = [threading.Thread(target=scrape) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, {(200, "1")})
        self.assertLessEqual(self.aditd.asked["show.metrics"] - asked, time.monotonic() - begin + 1)

    def test_a_long_reply_costs_little_memory(self):
        self.aditd.more = [{"name": "adit_more", "type": "counter", "unit": "", "help": "More.",
                            "samples": [{"labels": {"reason": f"reason_{i}", "worker": str(i % 16)}, "value": i} for i in range(6_000)]}]
        exporter = self.exporter()
        for _ in range(4):
            text = exporter.get("/metrics")[2] + exporter.get("/metrics", Accept=OPEN)[2] + exporter.get("/api/metrics")[2]
            self.assertGreater(len(text), 900_000)
            time.sleep(1)
        print(f"{len(text)} octets in three forms, {exporter.resident_mb():.1f} MB", end=" ")
        sanitized = b"__asan_init" in pathlib.Path(EXPORTER).read_bytes()  # it keeps what was freed, and has a shadow of all
        self.assertLess(exporter.resident_mb(), 500 if sanitized else 50)

    def test_only_what_it_is_for(self):
        exporter = self.exporter()
        self.assertEqual(exporter.get("/metrics", "HEAD")[::2], (200, ""))
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            status, headers, _ = exporter.get("/metrics", method)
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)
        self.assertEqual(exporter.get("/nothing")[0], 404)
        self.assertEqual(exporter.get("/", Host="evil.example")[0], 421, "a name that a stranger made lead to loopback")
        self.assertEqual(exporter.get("/", Range="bytes=0-0,0-0,0-0")[0], 200, "many ranges would make a small request dear")
        _, headers, page = exporter.get("/", Accept_Encoding="br, gzip")
        self.assertIsNone(headers["Content-Encoding"])
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertTrue(page.startswith("<!doctype html>"))

    def test_sessions_only_when_asked_for(self):
        status, _, text = self.exporter().get("/api/sessions?column=username&text=ali")
        self.assertEqual(status, 403)
        self.assertIn("--sessions", text)
        self.assertEqual(self.aditd.asked["show.sessions"], 0)
        exporter = self.exporter("--sessions")
        reply = json.loads(exporter.get("/api/sessions?column=username&text=user0001")[2])
        self.assertEqual([call["username"] for call in reply["sessions"]], [f"user0001{i}" for i in range(10)])
        self.assertEqual(exporter.get("/api/sessions?column=password&text=x")[0], 400)

    def test_bad_clients_hold_nobody_up_for_long(self):
        exporter = self.exporter()
        slow = [exporter.connect() for _ in range(23)]  # all threads but one
        for client in slow:
            client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        self.assertEqual(exporter.get("/metrics")[0], 200)
        with exporter.connect() as endless:
            endless.sendall(b"GET / HTTP/1.1\r\n")
            with self.assertRaises(OSError):
                for _ in range(100):
                    endless.sendall(b"X: " + b"x" * 1_000 + b"\r\n")
                    time.sleep(0.01)
        with exporter.connect() as other:
            other.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
            self.assertIn(b" 400 ", other.recv(100))
        begin = time.monotonic()
        for client in slow:
            client.recv(1000)
            client.close()
        self.assertLess(time.monotonic() - begin, 10, "their time was up")
        self.assertEqual(exporter.get("/metrics")[0], 200)

    def test_half_sent_requests_keep_nobody_out(self):
        exporter = self.exporter()
        slow = [exporter.connect() for _ in range(200)]
        for client in slow:
            self.addCleanup(client.close)
            with contextlib.suppress(OSError):  # it has given way already
                client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        begin = time.monotonic()
        for path in ("/health", "/metrics"):
            self.assertEqual(exporter.get(path)[0], 200)
        self.assertLess(time.monotonic() - begin, 4, "before anybody's time was up")

    def test_aditd_comes_and_goes(self):
        exporter = self.exporter()
        self.assertEqual(exporter.get("/health")[0], 200)
        self.stop_aditd()
        until("aditd is down", lambda: exporter.get("/health")[0] == 503)
        status, _, text = exporter.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("\nadit_up 0\n", text)
        self.assertNotIn("adit_sessions", text)
        self.assertIn("cannot reach aditd", exporter.get("/health")[2])
        self.aditd = FakeAditd(str(self.socket))
        until("aditd is back", lambda: exporter.get("/health")[0] == 200)
        told = exporter.complaints().splitlines()
        self.assertEqual(len(told), 2, told)
        self.assertIn("cannot reach aditd", told[0])
        self.assertEqual(told[1], "adit-exporter: aditd answers again")

    def test_it_has_no_privileges(self):
        if os.geteuid() != 0:
            self.skipTest("only root has any to lose")
        status = pathlib.Path(f"/proc/{self.exporter().process.pid}/status").read_text()
        for line in ("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"):
            self.assertIn(line, status)
        self.assertNotIn("Uid:\t0", status)

    def test_signs_off(self):
        exporter = self.exporter()
        exporter.process.terminate()
        self.assertEqual(exporter.process.wait(10), 0)
        second = self.exporter()
        done = subprocess.run([EXPORTER, "--socket", self.socket, "--listen", f"127.0.0.1:{second.port}"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Address already in use; another place: --listen", done.stderr)

    def test_a_prometheus_has_data_for_the_board(self):
        exporter = self.exporter()
        rules = ROOT / "packaging/prometheus/adit.rules.yml"
        prometheus = Prometheus(f"127.0.0.1:{exporter.port}", rules)
        self.addCleanup(prometheus.close)
        until("four scrapes", lambda: (prometheus.ask("query", query="count_over_time(adit_up[1m])") or {"result": []})["result"]
              and int(prometheus.query("count_over_time(adit_up[1m])")[0]["value"][1]) >= 4)
        targets = prometheus.ask("targets")["activeTargets"]
        self.assertEqual([(target["health"], target["lastError"]) for target in targets], [("up", "")])
        for panel in json.loads((ROOT / "packaging/grafana/adit.json").read_text())["panels"]:
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "20s").replace("$instance", ".*")
                with self.subTest(panel["title"], query=query):
                    found = prometheus.query(query)
                    self.assertTrue(found)
                    self.assertNotIn("NaN", [row["value"][1] for row in found])
        groups = prometheus.ask("rules")["groups"]
        self.assertEqual([rule["lastError"] for group in groups for rule in group["rules"] if "lastError" in rule], [])
        self.assertEqual(len(groups[0]["rules"]), 12)


class AlertsTest(unittest.TestCase):
    def test_rules(self):
        for words in (("check", "rules", "packaging/prometheus/adit.rules.yml"), ("test", "rules", "tests/system/alerts_test.yml")):
            done = subprocess.run(["promtool", *words], cwd=ROOT, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_has_a_line_in_the_runbook(self):
        rules = (ROOT / "packaging/prometheus/adit.rules.yml").read_text()
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertEqual(re.findall(r"^## (\w+)$", (ROOT / "docs/alerts.md").read_text(), re.MULTILINE), alerts)
        self.assertEqual(re.findall(r"runbook: \"alerts.md#(\w+)\"", rules), [alert.lower() for alert in alerts])
        self.assertEqual(set(re.findall(r'alertname="(\w+)"', (ROOT / "tests/system/alerts_test.yml").read_text())), set(alerts))


if __name__ == "__main__":
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        print("skipped: no promtool or prometheus; they are in Debian's package prometheus (scripts/deps watch)")
        sys.exit(77)
    EXPORTER, ROOT = os.path.abspath(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
