# SPDX-License-Identifier: Apache-2.0
"""The reference server: Debian's pptpd, with one pppd per call, in a guest with the Linux kernel's PPP and MPPE.

What it reports about a call is pppd's debug log and the guest kernel's counters.
"""
import re

from abroad.place import ACCESS, CLIENTS, CORE_GATEWAY, SERVER
from harness.case import until
from harness.guest import Guest

POOL, GATEWAY = "10.9.0.0/24", "10.9.0.1"
MOST_CALLS = 100
MEMORY = "320M"  # a call is two processes, 2 MB
USER, PASSWORD = "blast", "blast"

CONFIG = f"""option /etc/ppp/pptpd-options
localip {GATEWAY}
remoteip 10.9.0.2-250
listen {SERVER}
connections {MOST_CALLS}
"""
# pppd(8)'s option names. It asks for the first method that it requires, and refuses to authenticate itself by
# any.
METHODS = {"pap": "pap", "chap-md5": "chap", "mschap-v1": "mschap", "mschap-v2": "mschap-v2"}
MPPE = {"128": ["require-mppe-128"], "40": ["require-mppe-40", "nomppe-128"], "none": ["nomppe"],
        "any": ["require-mppe"], "128-stateful": ["require-mppe-128", "mppe-stateful"]}
OPTIONS = """name pptpd
auth
nobsdcomp
nodeflate
nologfd
nodefaultroute
lock
mtu 1436
mru 1436
"""
SET_UP = f"""set -e
ip addr add {CORE_GATEWAY}/24 dev eth0
ip route add {CLIENTS} via {ACCESS}
echo 1 >/proc/sys/net/ipv4/ip_forward
rm /etc/ppp/ip-up
mkdir -p /run/pptpd
echo '{USER} * "{PASSWORD}" *' >/etc/ppp/chap-secrets
cp /etc/ppp/chap-secrets /etc/ppp/pap-secrets
chmod 600 /etc/ppp/*-secrets
cat >/tmp/pptpd.conf <<end
{CONFIG}end
"""
ADDED_BY_CONTROL = 24  # a call's CCP and IPCP frames pass its ppp interface too


class Poptop:
    """A guest with pptpd; the options of its pppds are set before each case."""

    def __init__(self, bridge, work_dir):
        self.guest = Guest(bridge, "poptop", SERVER, work_dir, MEMORY)
        self._log = None

    def start(self):
        self.guest.wait_ready()
        self.guest.run(SET_UP, "set-up")
        self.demand("start")  # pptpd does not start without options
        self.guest.start("exec pptpd --fg -c /tmp/pptpd.conf", "pptpd")
        until("pptpd listens", lambda: ":06BB" in self.guest.run("cat /proc/net/tcp", "listens"))
        return self

    def demand(self, name, auth="mschap-v2", mppe="128", debug=True, options=()):
        """From now on, calls' pppds use these options and log to a file for this case."""
        self._log = self.guest.job_dir / f"{name}.pppd.log"
        words = [f"refuse-{word}" for method, word in METHODS.items() if method != auth]
        words += [f"require-{METHODS[auth]}", *MPPE[mppe], *options]
        words += ["debug", f"logfile /mnt/job/{self._log.name}"] if debug else []
        text = OPTIONS + "\n".join(words)
        self.guest.run(f"cat >/etc/ppp/pptpd-options <<end\n{text}\nend", "demand")

    def ready_for_rates(self):
        self.demand("rates", debug=False)

    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def said(self, words):
        """How many times its pppds logged this."""
        return self.log().count(words)

    def interfaces(self):
        """{name: {rx: packets, tx: packets, errors: count}} of its ppp interfaces."""
        found = {}
        for line in self.guest.run("cat /proc/net/dev", "counters").splitlines():
            if match := re.match(r"\s*(ppp\d+):(.*)", line):
                number = list(map(int, match[2].split()))
                found[match[1]] = {"rx": number[1], "tx": number[9], "errors": sum(number[i] for i in (2, 3, 10, 11))}
        return found

    def kernel(self):
        """Counters of the guest's IP and ICMP (/proc/net/snmp) as {"Ip.ForwDatagrams": 7}."""
        counts, names = {}, None
        for line in self.guest.run("cat /proc/net/snmp", "snmp").splitlines():
            group, words = line.split(": ")
            if names is None:
                names = words.split()
            else:
                counts.update({f"{group}.{name}": int(word) for name, word in zip(names, words.split())})
                names = None
        return counts

    def leftovers(self):
        """What calls have left behind: processes and interfaces, by name."""
        listing = self.guest.run("ps -o comm", "processes")
        return [word for word in listing.split() if word in ("pppd", "pptpctrl")] + sorted(self.interfaces())

    def close(self):
        self.guest.close()
