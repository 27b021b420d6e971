#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""adit-blast against aditd inside a user-mode-linux guest, by memif, with a TCP connection for each call.

  bench/guest_scale.py [--calls N] [--out DIR]     131,072 calls take some 25 minutes; 2,000 one; 262,144 want 16 GB

For machines that limit a process to fewer descriptors and do not let it raise the limit: a guest's kernel has its own
limits. The run shows how many calls can be up at once, that each carries its packets, and what they use; its rates mean
nothing, with one CPU and a user-mode kernel. Clients use the android profile, which sends no echoes: this kernel could not
serve echoes from 131,072. Needs a build (ADIT_BUILD). The guest uses the host's root file system, read-only.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("ADIT_BUILD", "build-bench")
sys.path.insert(0, str(TOP / "tests" / "interop"))

from harness import uml  # noqa: E402
from harness.build import BUILD  # noqa: E402

SERVERS = [f"198.18.1.{host}" for host in range(1, 9)]
CONFIG = """
[core]
workers = 1
[common]
max-sessions = {sessions}
max-starting = {sessions}
[dpdk]
hugepages = "never"
[[port]]
interface = "access1"
driver = "dpdk"
device = "net_memif0,role=server,id=0,rsize=11,socket-abstract=no,socket=/run/adit/memif-0.sock"
role = "access"
[[port]]
interface = "core1"
driver = "dpdk"
device = "net_memif1,role=server,id=1,rsize=11,socket-abstract=no,socket=/run/adit/memif-1.sock"
role = "core"
[pptp]
bind = [{servers}]
max-connections = {sessions}
echo-interval = "600s"
[ppp]
mppe = "require"
lcp-echo-interval = "600s"
[auth]
methods = ["mschap-v2"]
[chap-secrets]
chap-secrets = "/run/adit/chap-secrets"
[ip]
gw-ip-address = "10.64.0.1"
[[ip-pool]]
name = "default"
ranges = ["10.64.0.2-10.71.255.254"]
[cli]
socket = "/run/adit/adit.sock"
[log]
log-file = "/run/adit/aditd.log"
"""
INIT = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
mount -t proc proc /proc; mount -t sysfs sys /sys
for dir in /tmp /run /var/log /var/lib /mnt; do mount -t tmpfs -o mode=1777 tmpfs $dir; done
mkdir -p /mnt/job /run/netns /run/adit
for word in $(</proc/cmdline); do case $word in job=*) job=${word#*=} ;; esac; done
mount -t hostfs none /mnt/job -o "$job"
/bin/bash /mnt/job/job.sh >/mnt/job/job.out 2>&1
/bin/busybox poweroff -f
"""
JOB = """
insmod /usr/lib/uml/modules/*/kernel/drivers/net/veth.ko
ip link set lo up
for ns in srv cli; do ip netns add $ns; ip -n $ns link set lo up; done
ip -n srv link add access1 type veth peer name access netns cli
ip -n srv link add core1 type veth peer name core netns cli
ip -n srv addr add 198.18.0.1/24 dev access1; ip -n srv addr add 198.19.0.1/24 dev core1
ip -n cli addr add 198.18.0.2/24 dev access; ip -n cli addr add 198.19.0.2/24 dev core
for link in access1 core1; do ip -n srv link set $link up; done
for link in access core; do ip -n cli link set $link up; done
for server in {servers}; do ip -n srv addr add $server/32 dev access1; done
ip -n srv route add 10.99.0.0/16 via 198.18.0.2
ip -n cli route add 10.64.0.0/13 via 198.19.0.1
ip -n cli route add 198.18.1.0/24 via 198.18.0.1
echo 'blast * blast *' >/run/adit/chap-secrets; chmod 600 /run/adit/chap-secrets
ip netns exec srv /mnt/job/aditd --config /mnt/job/adit.toml &
sleep 6
/mnt/job/adit-exporter --socket /run/adit/adit-read.sock &
exporter=$!
(while sleep 20; do
  ADIT_SOCKET=/run/adit/adit.sock /mnt/job/adit -t 120 show stat --json >/run/stat.json && cp /run/stat.json /mnt/job/
  python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:9617/metrics", timeout=15).read().decode())' \\
    >/run/scrape && cp /run/scrape /mnt/job/ && grep VmHWM /proc/$exporter/status >/mnt/job/exporter
done) &
ip netns exec cli /mnt/job/adit-blast hold --profile android --calls {calls} --for {seconds}s --up {pps}pps --down {pps}pps \\
  --size 128 --concurrency 256 --access access --clients 10.99.0.0/16 --server {first}-{last} --core core \\
  --core-address 198.19.0.2 --access-driver dpdk --core-driver dpdk \\
  --access-device net_memif0,role=client,id=0,rsize=11,socket-abstract=no,socket=/run/adit/memif-0.sock \\
  --core-device net_memif1,role=client,id=1,rsize=11,socket-abstract=no,socket=/run/adit/memif-1.sock \\
  --server-pid $(pgrep -x aditd) --json /mnt/job/blast.json 2>/mnt/job/progress >/mnt/job/blast.out
"""


def make_job(job, calls):
    for program in ("aditd", "adit", "adit-blast", "adit-exporter"):
        shutil.copy(BUILD / "app" / program / program, job)
    words = {"sessions": calls + calls // 16, "calls": calls, "seconds": 100, "pps": min(2000, max(100, calls // 60)),
             "first": SERVERS[0], "last": SERVERS[-1]}
    quoted = ", ".join(f'"{server}"' for server in ["198.18.0.1", *SERVERS])
    (job / "adit.toml").write_text(CONFIG.format(servers=quoted, **words))
    (job / "job.sh").write_text(JOB.format(servers=" ".join(SERVERS), **words))
    init = job / "init"
    init.write_text(INIT)
    init.chmod(0o755)
    return init


def boot(job, init, calls):
    memory = f"{4 + calls // 21000}G"  # 48 KiB a call: both ends of its socket, both programs
    with open(job / "console", "w") as console:
        return subprocess.Popen(uml.command(job, init, memory), stdin=subprocess.DEVNULL, stdout=console,
                                stderr=subprocess.STDOUT, start_new_session=True)


def watch(guest, job):
    """The generator's own progress line, as it grows."""
    while True:
        try:
            guest.wait(10)
            return
        except subprocess.TimeoutExpired:
            progress = job / "progress"
            if progress.exists():
                lines = [line for line in progress.read_text().replace("\r", "\n").split("\n") if line.strip()]
                print((lines or ["booting"])[-1].strip()[:100].ljust(100), end="\r", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--calls", type=int, default=131072)
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "bench" / "results")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="adit-scale-") as name:
        job = pathlib.Path(name)
        guest = boot(job, make_job(job, options.calls), options.calls)
        try:
            watch(guest, job)
        finally:
            with contextlib.suppress(ProcessLookupError):  # its processes, which would outlive it
                os.killpg(guest.pid, signal.SIGKILL)
        report, said = job / "blast.json", job / "job.out"
        console = (job / "console").read_text(errors="replace").splitlines()
        print(uml.preload_in_use(console), file=sys.stderr)
        if not report.exists():
            sys.exit(f"bench/guest_scale.py: no result; {uml.ending(guest.wait(), console)}\n--- the end of its job\n"
                     + (said.read_text()[-2000:] if said.exists() else "(it did not begin)"))
        options.out.mkdir(parents=True, exist_ok=True)
        shutil.copy(report, options.out / f"guest-scale-{options.calls}.json")
        print((job / "blast.out").read_text())
        if (job / "scrape").exists():
            print(f"the last scrape: {(job / 'scrape').stat().st_size} octets; adit-exporter: {(job / 'exporter').read_text().split()[1]} KiB at most")
        stat = job / "stat.json"
        if stat.exists():
            for table in json.loads(stat.read_text())["memory"]:
                print(f"{table['table']}: {table['bytes'] / 1e6:.1f} MB" + (f" for {table['entries']}" if table["entries"] else ""))


if __name__ == "__main__":
    main()
