#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `aditd --check` says of a configuration and its chap-secrets, a start that is refused says in its log and on standard error,
word for word, in a network namespace of this test's own. Refused for a spool that cannot be, before it touches DPDK. Needs root; exit
77 (skipped) otherwise.

check_test.py ADITD SAMPLES"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from daemon import inside, make_namespace, remove_namespaces

CONFIG = """
[[port]]
interface = "access1"
role = "access"
[[port]]
interface = "core1"
role = "core"
[core]
user = "root"
[pptp]
bind = ["198.18.0.1"]
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
address = "127.0.0.1"
secret = "s"
[cli]
socket = "{work}/adit.sock"
[radius]
spool = "{work}/spool"
"""
LOG = '[log]\nlog-file = "{work}/adit.log"\n'
USERS = {"accel-isp": 4, "accel-pools": 3, "accel-special": 9, "poptop-howto": 3, "poptop-mixed": 1, "pppd-dialin": 4}
DIALECTS = {"accel": "accel-ppp", "poptop": "poptop", "pppd": "pppd"}
PROBLEM = re.compile(r'event=config problem="(.*)"$', re.MULTILINE)


def run(aditd, config, *options):
    return subprocess.run(inside(aditd, "--config", config, *options), capture_output=True, text=True, timeout=60)


def write(file, octets):
    file.write_bytes(octets)
    file.chmod(0o600)


def refused(aditd, text, work):
    """What the check and the start say of `text`, for want of a spool, besides that: (check, log, standard error)."""
    write(work / "adit.toml", text.replace(f"{work}/spool", f"{work}/adit.toml/spool").encode())
    check, start = run(aditd, work / "adit.toml", "--check"), run(aditd, work / "adit.toml")
    assert check.returncode == 3, check.stderr
    assert start.returncode == 2 and "adit.toml/spool" in start.stderr, start.stderr
    log = (work / "adit.log").read_text() if (work / "adit.log").exists() else ""
    logged = [re.sub(r"\\(.)", r"\1", problem) for problem in PROBLEM.findall(log)]
    return tuple([line for line in lines if "adit.toml/spool" not in line]
                 for lines in (check.stderr.splitlines(), logged, start.stderr.splitlines()))


def try_sample(aditd, sample, users, work):
    text = CONFIG.format(dialect=DIALECTS[sample.name.split("-")[0]], work=work)
    write(work / "chap-secrets", sample.read_bytes())
    write(work / "adit.toml", text.encode())
    check = run(aditd, work / "adit.toml", "--check")
    assert check.returncode == 0, check.stderr
    assert f"users in chap-secrets: {users};" in check.stdout, f"{sample.name}: {check.stdout}"
    told = check.stderr.splitlines()
    assert told, f"{sample.name}: there is a warning of PAP at least"
    checked, _, said = refused(aditd, text, work)
    assert checked == said == told, f"{sample.name}: a good one\n{told}\nthe check says\n{checked}\nthe start says\n{said}"
    checked, logged, said = refused(aditd, text + LOG.format(work=work), work)
    assert checked == logged == said == told, f"{sample.name}: the check says\n{checked}\nthe log\n{logged}\nthe start\n{said}"
    return len(told)


def main(aditd, samples):
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # meson's timeout: the clean-up still runs
    remove_namespaces()
    told = 0
    try:
        make_namespace()
        for name, users in USERS.items():
            with tempfile.TemporaryDirectory() as work:
                told += try_sample(os.path.abspath(aditd), pathlib.Path(samples) / name, users, pathlib.Path(work))
    finally:
        remove_namespaces()
    print(f"{told} problems of {len(USERS)} configurations, the same by the check, the log and the start")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
