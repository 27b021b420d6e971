# SPDX-License-Identifier: Apache-2.0
"""A dial-up from a guest: stock pptp and pppd with the kernel's PPP and MPPE."""
import itertools
import json
import shlex
import time

from harness.guest import GuestError
from harness.lab import CORE, SERVER

# pppd's option names for a method that it should not accept (pppd(8)).
METHODS = {"pap": "pap", "chap-md5": "chap", "mschap-v1": "mschap", "mschap-v2": "mschap-v2"}
# pppd has no "if the server wants it": without a require option it rejects MPPE.
MPPE = {
    "128": ["require-mppe-128"], "128-stateful": ["require-mppe-128", "mppe-stateful"],
    "40": ["require-mppe-40", "nomppe-128"], "40-stateful": ["require-mppe-40", "nomppe-128", "mppe-stateful"],
    "40 or 128": ["require-mppe"], "none": ["nomppe"]}

# pppd's exit statuses (pppd(8)).
EXIT_USER_REQUEST, EXIT_NEGOTIATION_FAILED, EXIT_PEER_AUTH_FAILED = 5, 10, 11
EXIT_IDLE, EXIT_CONNECT_TIME, EXIT_NO_ECHO, EXIT_HANGUP, EXIT_AUTH_TO_PEER_FAILED = 12, 13, 15, 16, 19


# What pppd needs of the guest in another root; its /etc/ppp is the guest's, too.
TREES = (("/dev", "/dev"), ("/proc", "/proc"), ("/sys", "/sys"), ("/run", "/run"), ("/run", "/var/run"), ("/mnt/ppp", "/etc/ppp"),
         ("/mnt", "/mnt"))


def entering(root):
    """Lines before a command that begins with chroot; the mounts are made once in a guest."""
    mounts = "".join(f"/bin/busybox mount -o rbind {tree} {root}{at}\n" for tree, at in TREES)
    return f"if ! [ -d {root}/mnt/job ]; then\n{mounts}fi\n"


class DialError(Exception):
    """The dial did not go as expected; says how, with the end of pppd's log."""


class Link:
    """What ip-up reported about the link, as attributes: interface, local, remote, dns1, dns2, mtu, seconds_to_up."""

    def __init__(self, guest, words, started):
        fields = dict(word.split("=", 1) for word in words.split())
        self.guest = guest
        self.interface, self.local, self.remote = fields["interface"], fields["local"], fields["remote"]
        self.dns1, self.dns2, self.mtu = fields["dns1"], fields["dns2"], int(fields["mtu"])
        self.seconds_to_up = float(fields["uptime"]) - started

    def route(self, address):
        self.guest.run(f"/bin/busybox ip route replace {address}/32 dev {self.interface}", "route")

    def ping(self, address=CORE, lengths=(84, 1028), count=3, wait=2):
        """Pings with DF; {length: "received/count" or "too-big MTU"}. Lengths are of the IP packet; `wait` is the time in
        seconds to wait for each reply."""
        self.route(address)
        words = " ".join(map(str, lengths))
        lines = self.guest.run(f"python3 /mnt/guest/ping.py {address} {count}@{wait} {words}", "ping", 60).splitlines()
        return {int(length): result for length, result in (line.split(" ", 1) for line in lines)}

    def iperf_tcp(self, seconds=2, down=False):
        """TCP with the core host's iperf3, up or down; Mbit/s as the receiver saw it, and segments that were sent again."""
        self.route(CORE)
        command = f"iperf3 -c {CORE} -J -t {seconds} {'-R' if down else ''}"
        end = json.loads(self.guest.run(command, "iperf", seconds + 20))["end"]
        return end["sum_received"]["bits_per_second"] / 1e6, end["sum_sent"]["retransmits"]

    def iperf(self, seconds=2, down=False):
        """Its Mbit/s alone."""
        return self.iperf_tcp(seconds, down)[0]

    def iperf_udp(self, offered, seconds):
        """UDP up, offered in Mbit/s of IP; Mbit/s of IP that arrived."""
        payload, headers = 1300, 28
        self.route(CORE)
        rate = int(offered * 1e6 * payload / (payload + headers))
        report = json.loads(self.guest.run(f"iperf3 -c {CORE} -J -u -t {seconds} -l {payload} -b {rate}", "iperf", seconds + 20))
        total = report["end"]["sum"]
        return (total["packets"] - total["lost_packets"]) * (payload + headers) * 8 / seconds / 1e6


dial_numbers = itertools.count(1)


class Dial:
    """Starts to dial at once. `auth` lists the methods that the client accepts; None: all. `eap`: EAP alone, with any method.
    `root`: of another release, whose pppd and pptp dial."""

    def __init__(self, guest, user="alice", password="secret", auth=None, mppe="128", options=(), server=SERVER, eap=False,
                 root=None):
        self.guest, self.user, self.link = guest, user, None
        self.name = f"dial-{next(dial_numbers)}"
        accepted = [] if eap else METHODS if auth is None else auth
        refused = [f"refuse-{METHODS[m]}" for m in METHODS if m not in accepted] + ([] if eap else ["refuse-eap"])
        words = [
            "pppd", "pty", f"pptp {server} --nolaunchpppd --loglevel 1", "ipparam", self.name,
            "noauth", "nodetach", "nodefaultroute", "noipv6", "nobsdcomp", "nodeflate", "novj", "usepeerdns",
            "user", user, "password", password, "remotename", "adit", "debug", "logfile", f"/mnt/job/{self.name}.log",
            *refused, *MPPE[mppe], *options]
        if root:
            words = ["chroot", str(root), *words]
        self.job = guest.start(
            f"{entering(root) if root else ''}read -r uptime _ </proc/uptime; echo $uptime $$ >/mnt/job/{self.name}.started\n"
            f"exec {shlex.join(words)}", "pppd")

    def _file(self, kind):
        path = self.guest.job_dir / f"{self.name}.{kind}"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self):
        """pppd's debug log."""
        return self._file("log")

    def _error(self, what):
        end = "\n".join(self.log().splitlines()[-25:])
        return DialError(f"{self.guest.name}: {what}\n{self.job.tail(5)}\n--- the end of pppd's log\n{end}")

    def up(self, seconds=60):
        """Waits for the network phase; returns the Link."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if words := self._file("up"):
                self.link = Link(self.guest, words, float(self._file("started").split()[0]))
                return self.link
            if self.guest.gone:
                raise self.guest.is_gone(f"while {self.name} came up")
            if not self.job.running:
                raise self._error(f"no link, pppd exited with {self.job.status}")
            time.sleep(0.05)
        raise self._error(f"no link within {seconds} s")

    def exit_status(self, seconds=60):
        """Waits for pppd to end."""
        try:
            return self.job.wait(seconds)
        except GuestError:
            raise self._error(f"pppd still ran after {seconds} s") from None

    def hang_up(self):
        """SIGTERM to pppd, as an operator would; returns its exit status."""
        self.guest.run(f"kill {self._file('started').split()[1]}", "hang-up")
        return self.exit_status(30)
