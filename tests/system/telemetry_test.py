#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/adit/... in DPDK's telemetry, asked over the socket of a real aditd, and show.metrics of the same. Needs root; exit 77
(skipped) otherwise.
    telemetry_test.py ADITD ADIT [unittest arguments]
"""
import json
import os
import re
import socket
import time
import unittest

import daemon
from daemon import Daemon

FILE_PREFIX = f"adit-telemetry-{os.getpid()}"
# Telemetry has its socket in EAL's directory, which --no-shconf does without.
daemon.EAL = ("--", "--no-huge", "--file-prefix", FILE_PREFIX, "-m", "448")


class Telemetry(Daemon):
    def setUp(self):
        super().setUp()
        self.write(self.text)
        self.start()
        self.directory = os.path.join(os.environ.get("RUNTIME_DIRECTORY", "/var/run"), "dpdk", FILE_PREFIX)
        self.addCleanup(lambda: os.system(f"rm -rf '{self.directory}'"))

    def ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
            asked.settimeout(daemon.TIMEOUT)
            asked.connect(os.path.join(self.directory, "dpdk_telemetry.v2"))
            most = json.loads(asked.recv(1024))["max_output_len"]
            asked.send(command.encode())
            return json.loads(asked.recv(most))[command.partition(",")[0]]

    def test_tells_what_adit_tells(self):
        self.assertLessEqual({"/adit/sessions", "/adit/drops", "/adit/workers", "/adit/ports"}, set(self.ask("/")))
        self.assertEqual(self.ask("/adit/sessions"),
                         {"starting": 0, "active": 0, "finishing": 0, "calls_total": 0, "connections": 0, "connections_total": 0,
                          "auth_accepted": 0, "auth_rejected": 0})
        self.assertEqual(list(self.ask("/adit/drops")), list(self.json("show", "drops")["drops"]))
        self.assertEqual(self.ask("/adit/workers"), [0])
        self.assertEqual(set(self.ask("/adit/workers,0")), {"calls"} | set(self.json("show", "workers")["workers"][0]) - {"busy"})
        self.assertEqual(self.ask("/adit/ports"), ["access1", "core1"])
        self.assertEqual(self.ask("/adit/ports,core1")["role"], "core")
        for wrong in ("/adit/workers,1", "/adit/workers,x", "/adit/ports,x"):
            self.assertIsNone(self.ask(wrong), wrong)
        self.assertGreater(self.later("/adit/workers,0", "loops"), 0, "it is a second old at most")
        self.stop()

    def later(self, command, key):
        """How much it has grown after two seconds."""
        before = self.ask(command)[key]
        time.sleep(2.2)
        return self.ask(command)[key] - before

    def test_metrics_of_a_real_process(self):
        families = {one["name"]: one for one in self.json("show", "metrics")["families"]}
        value = lambda name: families[name]["samples"][0]["value"]
        self.assertGreater(value("process_resident_memory_bytes"), 1e6)
        self.assertGreater(value("process_cpu_seconds"), 0)
        self.assertAlmostEqual(value("adit_start_time_seconds"), time.time(), delta=daemon.TIMEOUT)
        self.assertEqual(value("adit_config_reload_success"), 1)
        self.assertEqual([sample["labels"]["port"] for sample in families["adit_port_up"]["samples"]], ["access1", "core1"])
        self.assertGreater(families["adit_control_turn_seconds"]["samples"][0]["count"], 0)
        self.write(self.text + "nonsense\n")
        self.assertNotEqual(self.adit("reload").returncode, 0)
        families = {one["name"]: one for one in self.json("show", "metrics")["families"]}
        self.assertEqual(value("adit_config_reload_success"), 0)
        table = self.adit("show", "metrics").stdout
        self.assertLessEqual(max(map(len, table.splitlines())), 80, table)
        self.assertTrue(re.search(r"(?m)^ adit_pool_addresses +\| pool=default state=", table), table)
        self.stop()


if __name__ == "__main__":
    daemon.run_tests([lambda path: setattr(Daemon, "ADITD", path), lambda path: setattr(Daemon, "ADIT", path)])
