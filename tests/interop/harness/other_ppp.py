# SPDX-License-Identifier: Apache-2.0
"""pppd and pptp of the other release of Debian that we support: 2.5 where the machine's own pppd is 2.4, and the other way round.
They run in the guest, in a root of their own with nothing else in it, which is made once and kept."""
import os
import pathlib
import subprocess

from harness.build import TOP
from harness.lab import run

RELEASES = pathlib.Path(os.environ.get("ADIT_RELEASES", TOP / "build-releases"))
# What dependencies do not name, or name for a system that boots; guest/ip-up is busybox's.
PACKAGES = {"bookworm": ["ppp", "pptp-linux", "dash", "base-files", "busybox-static"],
            "trixie": ["ppp", "pptp-linux", "dash", "base-files", "busybox-static", "openssl-provider-legacy"]}


def own_release():
    words = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return words["VERSION_CODENAME"]


def other_root():
    release = "bookworm" if own_release() == "trixie" else "trixie"
    root = RELEASES / f"{release}-ppp"
    if not root.is_dir():
        # Packages are laid out, and their scripts are not run: half a minute.
        run("bash", "-euo", "pipefail", "-c", 'cd "$1"; shift; . scripts/root.sh; make_root "$@"', "other_ppp", str(TOP), release, str(root),
            "--variant=extract", "--include=" + ",".join(PACKAGES[release]), seconds=600)
    (root / "mnt").mkdir(exist_ok=True)  # by base-files' script
    return root


def version(root=None):
    """pppd's, for example "2.5.2": as a program says it, here or in a root."""
    enter = ["chroot", str(root)] if root else []
    done = subprocess.run([*enter, "/usr/sbin/pppd", "--version"], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).split()[-1]


def of_peap():
    """The root of the pppd that has PEAP, None: the machine's own. It is new in 2.5."""
    return None if version().startswith("2.5") else other_root()
