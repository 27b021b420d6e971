#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/fail2ban against a real fail2ban and lines that aditd's log wrote (fail_lines.cpp): each failed login is found
once, with the address it came from; no name that a peer chose makes another address match; nobody is found whom aditd could
not serve.

fail2ban_test.py FAIL_LINES PACKAGING; skipped (77) without fail2ban-regex (Debian: fail2ban)."""

import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ATTEMPTS, GUESSES = 10, 7
PEER, VICTIM, GUESSER, STRANGER, CROWD = "192.0.2.66", "198.51.100.1", "192.0.2.67", "192.0.2.68", "192.0.2.69"
SUBSCRIBER = "192.0.2.77"
# What the subscriber suffers.
OUTAGES = ("event=login_unavailable .*reason=auth_unavailable", "event=login_unavailable .*reason=auth_timeout",
           "event=login_refused .*reason=auth_unusable", "event=login_refused .*E=646", "event=login_refused .*has a call already",
           "event=call_refused .*reason=no_resource", "event=call_ended .*reason=shutdown", "event=call_ended .*reason=no_gre",
           "event=connection_refused .*reason=shutdown")


def found(log, filter_file, mode):
    """Addresses that fail2ban finds in `log`, and how often."""
    command = ["fail2ban-regex", "--out", "ip", str(log), f"{filter_file}[mode={mode}]"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return collections.Counter(line for line in done.stdout.split() if line)


def main(fail_lines, packaging):
    if shutil.which("fail2ban-regex") is None:
        print("skipped: there is no fail2ban-regex")
        return 77
    filter_file = pathlib.Path(packaging) / "fail2ban/filter.d/adit.conf"
    with tempfile.TemporaryDirectory() as directory:
        log = pathlib.Path(directory) / "fail.log"
        subprocess.run([fail_lines, str(log)], check=True, stderr=subprocess.DEVNULL)
        text = log.read_text(errors="strict")
        assert VICTIM in text, "the names are to try it"
        assert "not asked" in text, "the guesser is to get as far"
        for outage in OUTAGES:
            words = outage.split(" ", 1)
            assert re.search(f"{words[0]} (sid=\\S+ )?peer={SUBSCRIBER} {words[1]}", text), f"no line of {outage}"
        wrong = {PEER: ATTEMPTS, GUESSER: GUESSES}
        logins = found(log, filter_file, "login")
        assert logins == wrong, f"mode login: {logins}"
        dials = found(log, filter_file, "dial")
        assert dials == {**wrong, STRANGER: 3, CROWD: 2}, f"mode dial: {dials}"
        prefixed = pathlib.Path(directory) / "syslog"
        prefixed.write_text("".join(f"Jan 31 12:00:00 host aditd[7]: {line}\n" for line in text.splitlines()))
        logins = found(prefixed, filter_file, "login")
        assert logins == wrong, f"syslog: {logins}"
    print(f"{ATTEMPTS} failed logins found, all from {PEER}; none of whom aditd did not serve")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
