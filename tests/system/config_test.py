#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--check, the start and a reload of a real aditd say the same of one file on one machine, a network namespace of this test's
own; what a reload applies, what waits, and the log over a rotation. Needs root; exit 77 (skipped) otherwise.
    config_test.py PATH_OF_aditd PATH_OF_adit PACKAGING [unittest arguments]
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from daemon import SPACE, TIMEOUT, Daemon, inside, ip, run_tests

PACKAGING = ""
SERVER = '[[radius-server]]\nname = "aaa1"\naddress = "127.0.0.1"\nsecret = "one"\n'
DAE = '[[dae-client]]\naddress = "127.0.0.1"\nsecret = "one"\n'
# Each would stop the start: what is put into the file for what, and the line that all three say.
FAULTS = {
    "a missing interface": ('"core1"', '"core9"', r':7:13:{w} port.interface: value "core9": there is no such interface'),
    "a foreign bind address": ('"198.18.0.1"', '"198.18.9.9"', r':16:8:{w} pptp.bind: value "198.18.9.9": is no address'),
    "a log directory below a file": ("/log/adit.log", "/chap-secrets/adit.log", r":28:12:{w} log.log-file: value .*: Not a directory"),
    "a socket without a directory": ("/adit.sock", "/no/where/adit.sock", r":26:10:{w} cli.socket: value .*there is no directory"),
    "a spool without a directory": ("/spool", "/no/where/spool", r":24:9:{w} radius.spool: value .*there is no directory"),
    "hugepages that are not": ("max-sessions = 100\n", 'max-sessions = 4000000\n[dpdk]\nhugepages = "require"\n',
                               r":16:13:{w} dpdk.hugepages: value .require.: needs 5330 MB"),
    "no route to a RADIUS server": ('"127.0.0.1"', '"192.0.2.10"', r":31:11:{w} radius-server.address: value .*no route"),
    "two routing tables on a side": ('role = "core"\n', 'role = "both"\ntable = 7\n', r":9:9:{w} port.table: value 7: port 'access1'"),
}


class ConfigTest(Daemon):
    def test_what_check_calls_good_starts(self):
        self.write(self.text)
        checked = self.check()
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertIn(": good; ", checked.stdout)
        self.start()
        self.stop()

    def dial(self):
        """A control connection from the access side: it holds aditd without a call."""
        words = inside("python3", "-c", "import socket, sys; s = socket.create_connection(('198.18.0.1', 1723)); print('in', flush=True); sys.stdin.read()")
        client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(client.communicate)
        return client

    def test_shutdown_soft_waits_for_the_last_call(self):
        self.write(self.text)
        self.start()
        guest = self.dial()
        self.assertEqual(guest.stdout.readline(), "in\n")
        self.until("it is served", lambda: self.json("show", "stat")["pptp"]["connections"] == 1)
        self.assertEqual(self.adit("shutdown", "cancel").returncode, 4)
        self.assertIn("no new calls are taken", self.adit("shutdown", "soft").stdout)
        self.assertIn("ConnectionRefusedError", self.dial().communicate()[1])
        self.assertIn("takes no new calls", self.adit("show", "stat").stdout)
        self.assertEqual(self.adit("shutdown", "soft").returncode, 4, "it is under way")
        self.assertEqual(self.adit("shutdown", "cancel").returncode, 0)
        late = self.dial()
        self.assertEqual(late.stdout.readline(), "in\n")
        late.communicate()
        self.assertEqual(self.json("shutdown", "soft")["connections"], 1)
        self.assertIsNone(self.aditd.poll())
        guest.communicate()
        self.assertEqual(self.aditd.wait(TIMEOUT), 0, self.logged()[-3000:])
        self.assertRegex(self.logged(), 'event=draining why="shutdown soft, and the last call has ended"')
        self.assertNotIn("system_call_refused", self.logged())

    def test_shutdown_ends_it(self):
        for words in (["shutdown"], ["shutdown", "hard"]):
            with self.subTest(words):
                self.write(self.text)
                self.start()
                self.assertEqual(self.adit(*words).returncode, 0)
                self.assertEqual(self.aditd.wait(TIMEOUT), 0)
                self.log.unlink()

    def test_what_does_not_start_is_called_good_by_nobody(self):
        for what, (old, new, line) in FAULTS.items():
            with self.subTest(what):
                text = self.text + SERVER
                self.assertIn(old, text)
                self.write(text.replace(old, new, 1))
                checked = self.check()
                self.assertEqual(checked.returncode, 3, checked.stdout + checked.stderr)
                self.assertRegex(checked.stderr, line.format(w=" warning:"))
                self.assertNotIn("good", checked.stdout)
                self.log.unlink(missing_ok=True)
                self.launch()
                self.assertEqual(self.aditd.wait(TIMEOUT), 2, what)
                said = (self.work / "stderr").read_text()
                self.assertRegex(said, line.format(w=""))
                if "log" not in what:
                    self.assertRegex(self.logged(), r"level=error event=start_failed why=")
                    self.assertNotIn("event=started", self.logged())

    def test_no_second_aditd_prepares_what_another_uses(self):
        """It would take the other's XDP programs for those of a killed one."""
        self.write(self.text)
        self.start()
        for option in (["--prepare"], []):
            second = subprocess.run(inside(self.ADITD, "--config", self.config, *option), capture_output=True, text=True, timeout=TIMEOUT)
            self.assertEqual((second.returncode, second.stdout), (2, ""))
            self.assertEqual(second.stderr, f'aditd: cli.socket: value "{self.work}/adit.sock": another aditd answers there; '
                                            "stop it, or set another path\n")
        self.assertEqual(self.logged().count("event=start"), 1, "nor does it write into the other's log")
        self.stop()

    def test_a_start_that_is_refused_makes_no_directory(self):
        """It would be root's, and the next start could not write there as its user."""
        text = self.text.replace("/log/adit.log", "/new/adit.log")
        self.write(text.replace('"198.18.0.1"', '"198.18.9.9"'))
        self.launch()
        self.assertEqual(self.aditd.wait(TIMEOUT), 2)
        self.assertFalse((self.work / "new").exists())

    def test_a_reload_refuses_what_would_not_start(self):
        self.write(self.text + SERVER)
        self.start()
        before = self.json("show", "config")
        for what, (old, new, line) in FAULTS.items():
            with self.subTest(what):
                self.write((self.text + SERVER).replace(old, new, 1).replace('"one"', '"changed"'))
                (self.work / "chap-secrets").write_text("carol * three *\n")
                refused = self.adit("reload")
                self.assertEqual((refused.returncode, refused.stdout), (4, ""))
                self.assertRegex(refused.stderr, line.format(w=""))
                self.assertNotIn('\\"', refused.stderr)
                self.assertEqual(self.json("show", "config"), before)
        self.assertEqual(len(re.findall("event=reload_refused", self.logged())), len(FAULTS))
        self.assertNotIn('..."', self.logged(), "the log says all of it")
        self.write(self.text + SERVER)
        self.assertEqual(self.json("reload")["changes"], [], "nothing was half applied")
        self.stop()

    def test_a_reload_applies_the_rest_when_the_machine_has_changed(self):
        """The file still says what runs; what is gone matters to the next start."""
        self.write(self.text + SERVER)
        self.start()
        ip("-n", SPACE, "addr", "del", "198.18.0.1/24", "dev", "access1")
        self.addCleanup(ip, "-n", SPACE, "addr", "add", "198.18.0.1/24", "dev", "access1")
        self.write(self.text + SERVER.replace('"one"', '"changed"'))
        reloaded = self.json("reload")
        self.assertEqual([change["key"] for change in reloaded["changes"]], ["secret"])
        self.assertRegex("\n".join(reloaded["warnings"]), 'pptp.bind: value "198.18.0.1": is no address of this machine')
        self.write(self.text.replace('"198.18.0.1"', '"198.18.0.9"') + SERVER)
        self.assertRegex(self.adit("reload").stderr, 'pptp.bind: value "198.18.0.9": is no address of this machine')
        self.stop()

    def test_a_reload_leaves_a_server_to_whom_radius_is_asked(self):
        self.write(self.text + '[auth]\nbackend = "radius"\n' + SERVER)
        self.start()
        for servers, why in (("", "asks RADIUS, and there is no server; .*waits for the next start"),
                             (SERVER + "auth-port = 0\n", "asks RADIUS until the next start, and no server would be left")):
            self.write(self.text + servers)
            for words in (("reload",), ("reload", "--dry-run")):
                refused = self.adit(*words)
                self.assertEqual(refused.returncode, 4, refused.stdout)
                self.assertRegex(refused.stderr, "auth.backend: .*" + why)
            self.assertEqual(len(self.json("show", "radius")["servers"]), 1)
        self.stop()

    def test_a_reload_says_what_becomes_of_each_key(self):
        self.write(self.text + SERVER)
        self.start()
        self.write((self.text + SERVER + DAE).replace('"one"', '"two"') + '[dns]\ndns1 = "192.0.2.53"\n[mss]\nclamp = false\n')
        (self.work / "chap-secrets").write_text("carol * three *\n")
        before = self.json("show", "config")
        would = self.json("reload", "--dry-run")
        self.assertFalse(would["reloaded"])
        self.assertEqual(self.json("show", "config"), before, "a dry run changes nothing")
        self.assertNotIn("event=reloaded", self.logged())
        told = self.json("reload")
        self.assertEqual({**would, "reloaded": True}, told)
        changed = {(row["section"], row["table"], row["key"]): (row["was"], row["is"], row["effect"]) for row in told["changes"]}
        self.assertEqual(changed, {("radius-server", "aaa1", "secret"): ("(secret)", "(secret)", "applied"),
                                   ("dae-client", "127.0.0.1", "address"): (None, "127.0.0.1", "applied"),
                                   ("dae-client", "127.0.0.1", "secret"): (None, "(secret)", "applied"),
                                   ("dns", "", "dns1"): ("", "192.0.2.53", "new_calls"),
                                   ("mss", "", "clamp"): (True, False, "next_start")})
        self.assertEqual(told["users"], 1)
        self.assertRegex(self.logged(), r"event=config_changed key=dns.dns1 was=\"\" is=192.0.2.53 effect=new_calls")
        rows = {(row["section"], row["key"]): row for row in self.json("show", "config")["settings"]}
        self.assertEqual([key for key, row in rows.items() if row["pending"]], [("mss", "clamp")])
        self.assertEqual((rows["mss", "clamp"]["value"], rows["mss", "clamp"]["next"]), (True, False))
        self.assertEqual(rows["dns", "dns1"]["value"], "192.0.2.53")
        table = self.adit("reload").stdout
        self.assertRegex(table, r"mss\.clamp +\| true +\| false +\| at the next start")
        self.assertIn("reloaded, with 1 user of chap-secrets", table)
        for secret in ("one", "two", "three"):
            self.assertNotIn(secret, self.adit("show", "config").stdout.split(), "a secret is shown")
        self.stop()
        self.start()
        self.assertNotIn("at the next start", self.adit("show", "config").stdout)
        self.stop()

    def test_an_own_address_in_a_pool_is_told_and_never_given_out(self):
        """From the kernel to the pool, as the machine's addresses come and go."""
        self.write(self.text.replace("10.64.0.2-10.64.0.254", "198.19.0.1-198.19.0.9"))
        checked = self.check()
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertRegex(checked.stderr, r"warning: ip-pool\.ranges: .*holds 198\.19\.0\.1, the address of core1")
        self.start()
        self.assertIn("holds 198.19.0.1, the address of core1", self.logged())

        def used():
            return self.json("show", "pools")["pools"][0]["used"]
        self.until("the machine's address is taken", lambda: used() == 1)
        ip("-n", SPACE, "addr", "add", "198.19.0.7/24", "dev", "core1")
        self.until("so is one that it gets later", lambda: used() == 2)
        ip("-n", SPACE, "addr", "del", "198.19.0.7/24", "dev", "core1")
        self.until("and is the pool's again when the machine has it no more", lambda: used() == 1)
        self.stop()

    def test_a_users_own_address_in_a_pool_is_reserved(self):
        def reserved():
            return self.json("show", "pools")["pools"][0]["reserved"]
        users = self.work / "chap-secrets"
        users.write_text("alice * one 10.64.0.9\n")
        self.write(self.text)
        self.start()
        self.assertEqual(reserved(), 1)
        users.write_text("alice * one 10.64.0.9\nbob * two 10.64.0.8\n")
        self.assertEqual(self.adit("reload").returncode, 0)
        self.assertEqual(reserved(), 2)
        self.stop()

    def test_what_a_user_is_granted_of_the_machines_is_told(self):
        (self.work / "chap-secrets").write_text("alice * one 198.19.0.1\nbob * two * * 198.19.0.0/24\n")
        self.write(self.text)
        checked = self.check()
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertRegex(checked.stderr, r"line 1: user 'alice': 198\.19\.0\.1 is the machine's own: core1")
        self.assertRegex(checked.stderr, r"line 2: user 'bob': 198\.19\.0\.0/24 shares addresses .* of core1")
        self.start()
        self.assertIn("line 1: user 'alice': 198.19.0.1 is the machine's own: core1", self.logged())
        self.assertIn("line 2: user 'bob': 198.19.0.0/24 shares addresses", "\n".join(self.json("reload")["warnings"]))
        self.stop()

    def test_the_places_of_disconnect_requests_move_with_a_reload(self):
        def port():
            return re.findall(r"(?:0\.0\.0\.0|127\.0\.0\.1):(3799|3800)\b",
                              subprocess.run(inside("ss", "-lnuH"), capture_output=True, text=True, check=True).stdout)
        self.write(self.text + DAE)
        self.start()
        self.assertEqual(port(), ["3799"])
        self.write(self.text.replace("[radius]", "[radius]\ndae-port = 3800") + DAE)
        self.assertEqual([row["effect"] for row in self.json("reload")["changes"]], ["applied"])
        self.assertEqual(port(), ["3800"])
        self.stop()

    def test_the_log_is_reopened_by_reload_and_by_sighup(self):
        self.write(self.text)
        self.start()
        for number, reopen in enumerate((lambda: self.assertEqual(self.adit("reload").returncode, 0),
                                         lambda: self.aditd.send_signal(signal.SIGHUP))):
            self.log.rename(self.work / "log" / f"old.{number}")
            reopen()
            self.until("it goes on in the new file", lambda: "event=reloaded" in self.logged())
        self.stop()
        self.assertIn("event=stopped", self.logged())

    @unittest.skipUnless(shutil.which("logrotate") or os.path.exists("/usr/sbin/logrotate"), "no logrotate (Debian: logrotate)")
    def test_logrotate(self):
        """packaging/logrotate, with this test's own places for those of a machine."""
        rules = (pathlib.Path(PACKAGING) / "logrotate" / "adit").read_text()
        for installed, here in (("/var/log/adit/", f"{self.work}/log/"), ("su adit adit", "su root root"),
                                ("/run/adit/adit.sock", f"{self.work}/adit.sock"),
                                ("adit reload", f"{self.ADIT} --socket {self.work}/adit.sock reload")):
            self.assertIn(installed, rules)
            rules = rules.replace(installed, here)
        (self.work / "logrotate").write_text(rules)
        self.write(self.text)
        self.start()
        rotate = ["logrotate", "--force", "--state", self.work / "state", self.work / "logrotate"]
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        for count in (1, 2):
            done = subprocess.run(rotate, capture_output=True, text=True, timeout=TIMEOUT, env=environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("event=reloaded", self.until("a new log", self.logged))
            self.assertEqual(len(list((self.work / "log").iterdir())), 1 + count)
        self.assertIn("event=started", subprocess.run(["zcat", self.work / "log" / "adit.log.2.gz"], capture_output=True, text=True).stdout)
        self.stop()
        self.assertIn("event=stopped", self.logged())


def take_packaging(path):
    global PACKAGING
    PACKAGING = path


if __name__ == "__main__":
    run_tests([lambda path: setattr(Daemon, "ADITD", path), lambda path: setattr(Daemon, "ADIT", path), take_packaging])
