#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ports, XDP program and kernel mirror on real kernel interfaces: two network namespaces of this test's own, joined by
two veth pairs; port_probe opens the server's ends as aditd does. Needs root; exit 77 (skipped) otherwise.
    ports_test.py PATH_OF_port_probe [unittest arguments]
"""
import ctypes
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

PROBE = ""
PREFIX = "adit-sys-"
SERVER = f"{PREFIX}{os.getpid()}-s"
PEER = f"{PREFIX}{os.getpid()}-p"
LOCAL, CLIENT = "192.0.2.1", "192.0.2.2"
CORE, HOST = "198.51.100.1", "198.51.100.2"
HAS_IPV6 = os.path.exists("/proc/net/if_inet6")
CORE6, HOST6, POOL6 = "2001:db8:100::1", "2001:db8:100::2", "2001:db8:64::/48"
TIMEOUT = 30  # seconds to wait for what must come; a loaded machine is slow

# What adit.service grants. CAP_PERFMON: without it the kernel refuses programs that compute packet offsets. Nothing of it
# opens another process's BPF programs, which takes CAP_SYS_ADMIN.
CAPABILITIES = "-all,+net_admin,+net_raw,+bpf,+perfmon"
try:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # LimitMEMLOCK
except (ValueError, OSError):
    CAPABILITIES += ",+ipc_lock"  # in a container
AS_SERVICE = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--inh-caps", CAPABILITIES,
              "--ambient-caps", CAPABILITIES, "--bounding-set", CAPABILITIES, "--no-new-privs"]

libc = ctypes.CDLL(None, use_errno=True)


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


def socket_in(namespace, *arguments):
    """A socket lives in the namespace where it was made, wherever its process goes afterwards."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        return socket.socket(*arguments)
    finally:
        if libc.setns(home, 0) != 0:
            os._exit(1)
        os.close(home)
        os.close(there)


def packet_socket(interface):
    """Every frame of one of the peer's interfaces."""
    raw = socket_in(PEER, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((interface, 3))
    raw.settimeout(TIMEOUT)
    return raw


def mac_of(namespace, interface):
    text = ip("-n", namespace, "-o", "link", "show", interface)
    return bytes.fromhex(text.split("link/ether ")[1][:17].replace(":", ""))


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ipv4(source, destination, protocol, payload, fragment=0):
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol)
    return head + struct.pack(">H", checksum(head + b"\0\0" + addresses)) + addresses + payload


def ethernet(destination, source, payload, tags=()):
    kind = b"\x86\xdd" if payload[0] >> 4 == 6 else b"\x08\x00"
    return destination + source + b"".join(struct.pack(">HH", *tag) for tag in tags) + kind + payload


def ipv6(source, destination, protocol, payload):
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload


ENHANCED_GRE = bytes.fromhex("3001880b00040007 00000001 c021 0102")  # RFC 2637 §4.1: K, S, version 1; call 7, LCP
PLAIN_GRE = bytes.fromhex("00000800") + ipv4("10.1.1.1", "10.1.1.2", 1, b"\x08\0\xf7\xff\0\0\0\0")  # RFC 2784


class Probe:
    """port_probe in the server's namespace."""

    def __init__(self, *arguments, access="access0", environment=None, run_as=()):
        command = ["ip", "netns", "exec", SERVER, *run_as, PROBE, *arguments, "-a", access, "-c", "core0", "-l", LOCAL,
                   "-p", "10.64.0.2", "10.64.255.254", "-6", POOL6]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **(environment or {})})
        self.pending = b""
        self.before_ready = self.lines_until(lambda line: line == "ready")

    def lines_until(self, wanted):
        """All lines up to the first that is wanted."""
        lines = []
        deadline = time.monotonic() + TIMEOUT
        while not lines or not wanted(lines[-1]):
            while b"\n" not in self.pending:
                ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
                octets = os.read(self.process.stdout.fileno(), 4096) if ready else b""
                if not octets:
                    self.kill()
                    raise AssertionError(f"port_probe said only {lines}")
                self.pending += octets
            line, self.pending = self.pending.split(b"\n", 1)
            lines.append(line.decode())
        return lines

    def received(self, marker):
        """What DPDK received up to the packet whose line contains the marker, that one left out."""
        return self.lines_until(lambda line: line.startswith("rx ") and marker in line)[:-1]

    def ask(self, verb, address):
        self.process.stdin.write(f"{verb} {address}\n".encode())
        self.process.stdin.flush()
        return self.lines_until(lambda line: line.startswith(verb))[-1][len(verb) + 1:]

    def wait_for_hop(self, address, wanted):
        deadline = time.monotonic() + TIMEOUT
        while (hop := self.ask("hop", address)) != wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"next hop of {address} is '{hop}', not '{wanted}'")
            time.sleep(0.05)

    def close(self):
        self.process.stdin.close()
        self.lines_until(lambda line: line == "closed")
        self.process.stdout.close()
        return self.process.wait(TIMEOUT)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def remove_namespaces():
    """Ours, and those of runs that were killed: the process in the name is gone."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        if not name.startswith(PREFIX):
            continue
        pid = int(name[len(PREFIX):].split("-")[0])
        if pid == os.getpid() or not os.path.exists(f"/proc/{pid}"):
            ip("netns", "del", name, check=False)


def make_namespaces():
    for name in (SERVER, PEER):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        if HAS_IPV6:
            ip("netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")  # addresses are valid at once
    for near, far, near_address, far_address in (("access0", "client0", LOCAL, CLIENT), ("core0", "host0", CORE, HOST)):
        ip("-n", SERVER, "link", "add", near, "type", "veth", "peer", "name", far, "netns", PEER)
        ip("-n", SERVER, "addr", "add", f"{near_address}/24", "dev", near)
        ip("-n", PEER, "addr", "add", f"{far_address}/24", "dev", far)
        ip("-n", SERVER, "link", "set", near, "up")
        ip("-n", PEER, "link", "set", far, "up")
    for name, address, interface in ((SERVER, CORE6, "core0"), (PEER, HOST6, "host0")) if HAS_IPV6 else ():
        ip("-n", name, "addr", "add", f"{address}/64", "dev", interface, "nodad")


class PortsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make_namespaces()
        cls.addClassCleanup(remove_namespaces)
        cls.access_mac, cls.client_mac = mac_of(SERVER, "access0"), mac_of(PEER, "client0")
        cls.core_mac, cls.host_mac = mac_of(SERVER, "core0"), mac_of(PEER, "host0")

    def start(self, *arguments, **more):
        probe = Probe(*arguments, **more)
        self.addCleanup(probe.kill)
        return probe

    def open_socket(self, make, *arguments):
        made = make(*arguments)
        self.addCleanup(made.close)
        return made

    def setUp(self):
        self.client = self.open_socket(packet_socket, "client0")
        self.host = self.open_socket(packet_socket, "host0")

    def send_access(self, payload, protocol=47, destination=LOCAL, fragment=0, tags=(), mac=None):
        packet = ipv4(CLIENT, destination, protocol, payload, fragment)
        self.client.send(ethernet(mac or self.access_mac, self.client_mac, packet, tags))

    def send_core(self, destination, mac=None, tags=()):
        payload = b"\0" * 32
        packet = ipv6(HOST6, destination, 17, payload) if ":" in destination else ipv4(HOST, destination, 17, payload)
        self.host.send(ethernet(mac or self.core_mac, self.host_mac, packet, tags))

    def assert_kernel_answers(self):
        ping = self.open_socket(socket_in, PEER, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        ping.settimeout(TIMEOUT)
        echo = struct.pack(">BBHHH", 8, 0, 0, 77, 1)
        ping.sendto(echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:], (LOCAL, 0))
        while ping.recv(2048)[20:25] != b"\0\0" + struct.pack(">H", checksum(b"\0\0\0\0" + echo[4:])) + b"\0":
            pass
        server = self.open_socket(socket_in, SERVER, socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((LOCAL, 1723))
        server.listen()
        client = self.open_socket(socket_in, PEER, socket.AF_INET, socket.SOCK_STREAM)
        client.settimeout(TIMEOUT)
        client.connect((LOCAL, 1723))

    def assert_gre_reaches_dpdk(self, probe):
        self.send_access(ENHANCED_GRE)
        probe.received(f"access {LOCAL} 47 {34 + len(ENHANCED_GRE)}")

    def test_kernel_keeps_ping_and_tcp(self):
        self.start()
        self.assert_kernel_answers()

    def test_enhanced_gre_reaches_dpdk_and_goes_back(self):
        probe = self.start()
        self.assert_gre_reaches_dpdk(probe)
        while not (frame := self.client.recv(2048)).startswith(self.client_mac + self.access_mac + b"\x08\x00\x45"):
            pass
        self.assertEqual(frame[34:34 + len(ENHANCED_GRE)], ENHANCED_GRE)

    def test_queues_that_af_xdp_cannot_serve_are_told(self):
        queues = ("numrxqueues", "2", "numtxqueues", "2")
        ip("-n", SERVER, "link", "add", "wide0", *queues, "type", "veth", "peer", "wide1", *queues)
        self.addCleanup(ip, "-n", SERVER, "link", "del", "wide0")
        probe = self.start(access="wide0")
        self.assertIn("port access af_xdp 1", probe.before_ready)
        note = probe.before_ready[-4]
        self.assertIn("receives on 2 queues and only 1 is served", note)
        self.assertIn("ethtool -L wide0 rx 1", note)
        self.assertIn("wide0 is down", note)

    def test_tagged_and_fragmented_gre_reaches_dpdk(self):
        probe = self.start()
        self.send_access(ENHANCED_GRE, tags=[(0x8100, 5)])
        probe.received(f"access {LOCAL} 47 {38 + len(ENHANCED_GRE)}")
        self.send_access(ENHANCED_GRE, tags=[(0x88A8, 5), (0x8100, 6)])
        probe.received(f"access {LOCAL} 47 {42 + len(ENHANCED_GRE)}")
        self.send_access(b"\xff" * 40, fragment=100)
        probe.received(f"access {LOCAL} 47 74")
        self.send_access(ENHANCED_GRE + b"\0" * 8, fragment=0x2000)
        probe.received(f"access {LOCAL} 47 {42 + len(ENHANCED_GRE)}")

    def test_other_packets_stay_in_the_kernel(self):
        probe = self.start()
        in_kernel = self.open_socket(socket_in, SERVER, socket.AF_INET, socket.SOCK_RAW, 47)
        in_kernel.settimeout(TIMEOUT)
        self.send_access(ENHANCED_GRE, mac=b"\x02\0\0\0\0\x99")  # for another station
        self.send_access(ENHANCED_GRE, destination="192.0.2.77")  # for another address
        self.send_access(bytes.fromhex("30010800") + ENHANCED_GRE[4:])  # version 1, but no PPP
        self.send_access(bytes.fromhex("3000880b") + ENHANCED_GRE[4:])  # PPP, but version 0
        self.send_access(ENHANCED_GRE, protocol=17)
        self.send_access(ENHANCED_GRE[:3])
        self.send_access(PLAIN_GRE)
        self.assertEqual(in_kernel.recv(2048)[20:24], bytes.fromhex("30010800"))
        self.assertEqual(in_kernel.recv(2048)[20:24], bytes.fromhex("3000880b"))
        self.assertEqual(in_kernel.recv(2048)[20:23], ENHANCED_GRE[:3])
        self.assertEqual(in_kernel.recv(2048)[20:], PLAIN_GRE)
        self.send_access(ENHANCED_GRE + b"last")
        self.assertEqual(probe.received(f"access {LOCAL} 47 {38 + len(ENHANCED_GRE)}"), [])

    def test_core_side_takes_subscribers_only(self):
        probe = self.start()
        for address in ("10.64.0.1", "10.63.255.255", "10.65.0.0", CORE, LOCAL, "172.16.0.9"):
            self.send_core(address)
        self.send_core("10.64.0.2", mac=b"\x02\0\0\0\0\x99")
        self.send_core("10.64.0.2")
        self.assertEqual(probe.received("core 10.64.0.2 17"), [])
        self.send_core("10.64.255.254")
        self.assertEqual(probe.received("core 10.64.255.254 17"), [])

    def test_subscribers_outside_the_pool_come_and_go(self):
        probe = self.start()
        self.assertEqual(probe.ask("add", "172.16.0.9"), "ok")
        self.send_core("172.16.0.9")
        probe.received("core 172.16.0.9 17")
        probe.ask("remove", "172.16.0.9")
        probe.ask("remove", "10.64.0.2")  # inside the pool: stays
        self.send_core("172.16.0.9")
        self.send_core("10.64.0.2")
        self.assertEqual(probe.received("core 10.64.0.2 17"), [])

    def test_the_machines_own_address_in_a_subscribers_network_stays_with_the_kernel(self):
        probe = self.start()
        self.assertEqual(probe.ask("network", "198.51.0.0"), "ok")
        self.send_core(CORE)
        self.assertEqual(probe.received(f"core {CORE} 17"), [], "taken, if nobody says whose it is")
        for own in (CORE, "10.64.0.2"):
            self.assertEqual(probe.ask("machine", own), "ok")
        self.send_core(CORE)
        self.send_core("10.64.0.2")
        self.send_core("198.51.7.7")
        self.assertEqual(probe.received("core 198.51.7.7 17"), [])
        probe.ask("remove", "10.64.0.2")
        self.send_core("10.64.0.2")
        self.assertEqual(probe.received("core 10.64.0.2 17"), [], "the pool's again")
        self.assertEqual(probe.close(), 0)  # and takes its program along: only CAP_SYS_ADMIN could remove it later

    def test_core_side_takes_ipv6_of_subscribers_only(self):
        probe = self.start()
        for address in ("2001:db8:63:ffff:ffff:ffff:ffff:ffff", "2001:db8:65::", CORE6, "2001:db8:100::77", "2001:db8:56::1",
                        "fe80::1", "ff02::1", "::1"):
            self.send_core(address)
        self.send_core("2001:db8:64::", mac=b"\x02\0\0\0\0\x99")
        self.client.send(ethernet(self.access_mac, self.client_mac, ipv6(HOST6, "2001:db8:64::7", 47, ENHANCED_GRE)))
        self.host.send(ethernet(self.core_mac, self.host_mac, ipv6(HOST6, "2001:db8:64::8", 17, b"")[:39]))
        self.send_core("2001:db8:64::")
        self.assertEqual(probe.received("core 2001:db8:64:: 17"), [])
        self.send_core("2001:db8:64:ffff:ffff:ffff:ffff:ffff", tags=[(0x88A8, 5), (0x8100, 6)])
        self.assertEqual(probe.received("core 2001:db8:64:ffff:ffff:ffff:ffff:ffff 17 94"), [])
        self.send_core("10.64.0.2")
        self.assertEqual(probe.received("core 10.64.0.2 17"), [])

    def test_ipv6_subscribers_outside_the_pool_and_the_machines_own_come_and_go(self):
        probe = self.start()
        self.assertEqual(probe.ask("network", "2001:db8:56::"), "ok")
        self.send_core("2001:db8:56::1")
        self.assertEqual(probe.received("core 2001:db8:56::1 17"), [])
        self.assertEqual(probe.ask("add", "2001:db8:100::77"), "ok")  # of the network that the machine is in
        self.send_core("2001:db8:100::77")
        self.assertEqual(probe.received("core 2001:db8:100::77 17"), [])
        for own in ("2001:db8:56::1", "2001:db8:64::1"):
            self.assertEqual(probe.ask("machine", own), "ok")
            self.send_core(own)
        probe.ask("remove", "2001:db8:100::77")
        self.send_core("2001:db8:100::77")
        self.send_core("2001:db8:56::2")
        self.assertEqual(probe.received("core 2001:db8:56::2 17"), [])
        probe.ask("remove", "2001:db8:64::1")
        self.send_core("2001:db8:64::1")
        self.assertEqual(probe.received("core 2001:db8:64::1 17"), [], "the pool's again")

    def test_start_after_a_crash(self):
        first = self.start()
        self.assert_gre_reaches_dpdk(first)
        first.kill()
        self.assertIn("xdp", ip("-n", SERVER, "link", "show", "access0"), "the crash left its program")
        self.assert_kernel_answers()
        second = self.start()
        self.assert_gre_reaches_dpdk(second)
        self.assertEqual(second.close(), 0)
        self.assertNotIn("xdp", ip("-n", SERVER, "link", "show", "access0"), "an orderly end leaves nothing")

    def test_the_services_capabilities_suffice(self):
        for driver in ("af_xdp", "af_packet"):
            probe = self.start("-d", driver, run_as=AS_SERVICE)
            self.assertIn(f"port access {driver} 1", probe.before_ready)
            self.assert_gre_reaches_dpdk(probe)
            self.assertEqual(probe.ask("add", "172.16.0.9"), "ok")
            self.send_core("172.16.0.9")
            probe.received("core 172.16.0.9 17")
            self.assertEqual(probe.close(), 0)

    def test_af_packet(self):
        probe = self.start("-d", "af_packet")
        self.assertIn("port access af_packet 1", probe.before_ready)
        self.assert_kernel_answers()
        for _ in range(20):
            self.assert_gre_reaches_dpdk(probe)
        self.send_core("10.64.0.2")
        probe.received("core 10.64.0.2 17")
        self.client.settimeout(0.2)
        try:
            while True:
                frame = self.client.recv(2048)
                unreachable = frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] == 3
                self.assertFalse(unreachable, "the kernel answered GRE with ICMP")
        except TimeoutError:
            pass

    def test_fallback_says_why(self):
        probe = self.start("-d", "auto", environment={"ADIT_XDP_PROGRAM": "/dev/null"})
        self.assertIn("port access af_packet 1", probe.before_ready)
        notes = [line for line in probe.before_ready if line.startswith("note ")]
        self.assertEqual(len(notes), 2)
        self.assertIn("AF_XDP is not possible", notes[0])
        self.assert_gre_reaches_dpdk(probe)

    def test_failure_of_both_says_why_of_both(self):
        command = ["ip", "netns", "exec", SERVER, "setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", PROBE, "-d", "auto",
                   "-a", "access0", "-c", "core0", "-l", LOCAL, "-p", "10.64.0.2", "10.64.255.254"]
        done = subprocess.run(command, env={**os.environ, "ADIT_XDP_PROGRAM": "/nowhere/adit_xdp.o"}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, "AF_XDP: the XDP program '/nowhere/adit_xdp.o' does not exist; .*; then AF_PACKET: raw GRE")

    def test_missing_program_is_told(self):
        probe = self.start("-d", "auto", environment={"ADIT_XDP_PROGRAM": "/nowhere/adit_xdp.o"})
        self.assertIn("port access af_packet 1", probe.before_ready)
        self.assertIn("AF_XDP is not possible (the XDP program '/nowhere/adit_xdp.o' does not exist; "
                      "correct $ADIT_XDP_PROGRAM), so AF_PACKET is used", probe.before_ready[0])

    def test_routes_and_neighbours_are_mirrored(self):
        probe = self.start()
        host = "core " + self.host_mac.hex(":")
        self.assertEqual(probe.ask("hop", "203.0.113.9"), "none")
        ip("-n", SERVER, "route", "add", "203.0.113.0/24", "via", HOST)
        probe.wait_for_hop("203.0.113.9", host)  # the gateway was asked for without any packet
        ip("-n", SERVER, "route", "replace", "203.0.113.0/24", "via", CLIENT)
        probe.wait_for_hop("203.0.113.9", "access " + self.client_mac.hex(":"))
        ip("-n", SERVER, "route", "del", "203.0.113.0/24")
        probe.wait_for_hop("203.0.113.9", "none")
        ip("-n", SERVER, "neigh", "flush", "dev", "core0")
        probe.wait_for_hop(HOST, "unresolved")
        probe.ask("resolve", HOST)
        probe.wait_for_hop(HOST, host)

    @unittest.skipUnless(HAS_IPV6, "this kernel has no IPv6")
    def test_ipv6_routes_and_neighbours_are_mirrored(self):
        probe = self.start()
        host = "core " + self.host_mac.hex(":")
        router = ip("-n", PEER, "-6", "-o", "addr", "show", "dev", "host0", "scope", "link").split("inet6 ")[1].split("/")[0]
        self.assertEqual(probe.ask("hop", "2001:db8:203::9"), "none")
        ip("-n", SERVER, "route", "add", "2001:db8:203::/48", "via", router, "dev", "core0")
        probe.wait_for_hop("2001:db8:203::9", host)  # the gateway was asked for without any packet
        ip("-n", SERVER, "route", "replace", "2001:db8:203::/48", "via", HOST6)
        probe.wait_for_hop("2001:db8:203::9", host)
        ip("-n", SERVER, "route", "del", "2001:db8:203::/48")
        probe.wait_for_hop("2001:db8:203::9", "none")
        ip("-n", SERVER, "neigh", "flush", "dev", "core0")
        probe.wait_for_hop(HOST6, "unresolved")
        probe.ask("resolve", HOST6)
        probe.wait_for_hop(HOST6, host)

    def test_routes_that_go_with_the_link(self):
        probe = self.start()
        ip("-n", SERVER, "route", "add", "203.0.113.0/24", "via", HOST)
        probe.wait_for_hop("203.0.113.9", "core " + self.host_mac.hex(":"))
        ip("-n", SERVER, "link", "set", "core0", "down")  # the kernel sends no RTM_DELROUTE for this
        probe.wait_for_hop("203.0.113.9", "none")
        ip("-n", SERVER, "link", "set", "core0", "up")
        probe.wait_for_hop(HOST, "unresolved")

    def test_many_routes_at_once(self):
        probe = self.start()
        batch = "".join(f"route add 100.{64 + n // 256}.{n % 256}.0/24 via {HOST}\n" for n in range(5000))
        subprocess.run(["ip", "-n", SERVER, "-batch", "-"], input=batch, text=True, check=True)
        probe.wait_for_hop("100.83.135.1", "core " + self.host_mac.hex(":"))
        subprocess.run(["ip", "-n", SERVER, "route", "flush", "root", "100.64.0.0/10"], check=True)
        probe.wait_for_hop("100.83.135.1", "none")


def main():
    global PROBE
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        return 77
    PROBE = os.path.abspath(sys.argv.pop(1))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # meson's timeout: the clean-up still runs
    remove_namespaces()
    try:
        unittest.main(verbosity=2)
    finally:
        remove_namespaces()


if __name__ == "__main__":
    sys.exit(main())
