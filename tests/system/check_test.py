#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `aditd --check` says of a configuration and its chap-secrets, the start says in its log, word for word. The start
ends at a spool that cannot be, before it touches DPDK.

check_test.py ADITD SAMPLES"""

import pathlib
import re
import subprocess
import sys
import tempfile

CONFIG = """
[[port]]
interface = "access0"
role = "access"
[[port]]
interface = "core0"
role = "core"
[core]
user = "root"
[pptp]
bind = ["192.0.2.1"]
[ip]
gw-ip-address = "10.64.0.1"
[[ip-pool]]
ranges = ["10.64.0.2-10.64.255.254"]
[[ip-pool]]
name = "gold"
ranges = ["10.70.0.0/24"]
[auth]
methods = ["mschap-v2", "pap"]
chap-secrets-dialect = "{dialect}"
[chap-secrets]
chap-secrets = "{work}/chap-secrets"
[[radius-server]]
address = "192.0.2.10"
secret = "s"
[radius]
spool = "{work}/adit.toml/spool"
[cli]
socket = "{work}/adit.sock"
"""
USERS = {"accel-isp": 4, "accel-pools": 3, "accel-special": 9, "poptop-howto": 3, "poptop-mixed": 1, "pppd-dialin": 4}
DIALECTS = {"accel": "accel-ppp", "poptop": "poptop", "pppd": "pppd"}
PROBLEM = re.compile(r'event=config problem="(.*)"$', re.MULTILINE)


def run(aditd, config, *options):
    return subprocess.run([aditd, "--config", str(config), *options], capture_output=True, text=True, timeout=60)


def try_sample(aditd, sample, users, work):
    dialect = DIALECTS[sample.name.split("-")[0]]
    for name, octets in (("chap-secrets", sample.read_bytes()),
                         ("adit.toml", CONFIG.format(dialect=dialect, work=work).encode())):
        file = work / name
        file.write_bytes(octets)
        file.chmod(0o600)
    check = run(aditd, work / "adit.toml", "--check")
    assert check.returncode == 0, check.stderr
    assert f"users in chap-secrets: {users};" in check.stdout, f"{sample.name}: {check.stdout}"
    start = run(aditd, work / "adit.toml")
    assert start.returncode == 2 and "adit.toml/spool" in start.stderr, start.stderr
    logged = [re.sub(r"\\(.)", r"\1", text) for text in PROBLEM.findall(start.stderr)]
    checked = check.stderr.splitlines()
    assert checked, f"{sample.name}: there is a warning of PAP at least"
    assert logged == checked, f"{sample.name}: the check says\n{checked}\nthe start says\n{logged}"
    return len(checked)


def main(aditd, samples):
    told = 0
    for name, users in USERS.items():
        with tempfile.TemporaryDirectory() as work:
            told += try_sample(aditd, pathlib.Path(samples) / name, users, pathlib.Path(work))
    print(f"{told} problems of {len(USERS)} configurations, the same twice")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
