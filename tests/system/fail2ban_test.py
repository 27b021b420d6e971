#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/fail2ban against a real fail2ban and lines that aditd's log wrote: each failed login is found with the
address it came from, and no name that a peer chose makes another address match.

fail2ban_test.py FAIL_LINES PACKAGING; skipped (77) without fail2ban-regex (Debian: fail2ban)."""

import collections
import pathlib
import shutil
import subprocess
import sys
import tempfile

ATTEMPTS = 10
PEER, VICTIM = "192.0.2.66", "198.51.100.1"


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
        logins = found(log, filter_file, "login")
        assert logins == {PEER: ATTEMPTS}, f"mode login: {logins}"
        dials = found(log, filter_file, "dial")
        assert set(dials) == {PEER} and dials[PEER] > ATTEMPTS, f"mode dial: {dials}"
        prefixed = pathlib.Path(directory) / "syslog"
        prefixed.write_text("".join(f"Jan 31 12:00:00 host aditd[7]: {line}\n" for line in text.splitlines()))
        logins = found(prefixed, filter_file, "login")
        assert logins == {PEER: ATTEMPTS}, f"syslog: {logins}"
    print(f"{ATTEMPTS} failed logins found, all from {PEER}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
