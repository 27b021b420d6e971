# SPDX-License-Identifier: Apache-2.0
"""aditd in place of poptop: in the same guest with its one CPU, on the guest's eth0 by AF_PACKET."""
from harness.build import BUILD
from abroad.place import ACCESS, CLIENTS, CORE_GATEWAY, SERVER
from abroad.poptop import GATEWAY, PASSWORD, USER
from harness import toml
from harness.case import Unmet, until
from harness.guest import Guest

MEMORY = "900M"  # packet buffers and tables; no hugepages in the guest
CONFIG = {
    "core": {"workers": 1},
    "common": {"max-sessions": 1000},
    "dpdk": {"hugepages": "never"},
    "port": [{"interface": "eth0", "role": "both", "driver": "af_packet"}],
    "pptp": {"bind": [SERVER]},
    "ppp": {"mppe": "require"},
    "auth": {"methods": ["mschap-v2"]},
    "chap-secrets": {"chap-secrets": "/tmp/chap-secrets"},
    "ip": {"gw-ip-address": GATEWAY},
    "ip-pool": [{"name": "default", "ranges": ["10.9.0.2-10.9.255.254"]}],
    "cli": {"socket": "/run/adit.sock"},
    "log": {"level": "warning"},
}
SET_UP = f"""set -e
ip addr add {CORE_GATEWAY}/24 dev eth0
ip route add {CLIENTS} via {ACCESS}
echo 1 >/proc/sys/net/ipv4/ip_forward
echo '{USER} * "{PASSWORD}" *' >/tmp/chap-secrets
chmod 600 /tmp/chap-secrets
mkdir /mnt/build
/bin/busybox mount -t hostfs none /mnt/build -o {BUILD} -r
"""


class Aditd:
    def __init__(self, bridge, work_dir):
        self.guest = Guest(bridge, "aditd", SERVER, work_dir, MEMORY)

    def start(self):
        self.guest.wait_ready()
        self.guest.run(SET_UP, "set-up")
        (self.guest.job_dir / "adit.toml").write_text(toml.dumps(CONFIG))
        job = self.guest.start("exec /mnt/build/app/aditd/aditd --config /mnt/job/adit.toml", "aditd")

        def listens():
            if not job.running:
                raise Unmet(f"aditd exited with {job.status}\n{job.tail()}")
            return ":06BB" in self.guest.run("cat /proc/net/tcp", "listens")
        until("aditd listens", listens, 30)
        return self

    def ready_for_rates(self):
        """Everything is in its config."""

    def leftovers(self):
        return []  # a call that ended leaves nothing

    def close(self):
        self.guest.close()
