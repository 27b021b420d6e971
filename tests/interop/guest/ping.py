# SPDX-License-Identifier: Apache-2.0
"""Pings with Don't Fragment, which busybox cannot, by IPv4 or IPv6: ping.py ADDRESS COUNT[@WAIT-SECONDS] IP-LENGTH...

One line per length: `LENGTH received/COUNT`, or `LENGTH too-big MTU` when the way does not take it: either this kernel
knows, or a router said so with ICMP "fragmentation needed" or "packet too big". Exit status 0 when the lines are printed.
"""
import os
import select
import socket
import struct
import sys
import time

IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_MTU = 10, 2, 14
IPV6_MTU_DISCOVER, IPV6_DONTFRAG, IPV6_MTU = 23, 62, 24
HEADERS, HEADERS6 = 28, 48  # IP and ICMP
WAIT_SECONDS = 2.0  # for each reply, unless given


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(ident, sequence, ip_length):
    payload = bytes(i & 0xFF for i in range(ip_length - HEADERS))
    header = struct.pack("!BBHHH", 8, 0, 0, ident, sequence)
    return struct.pack("!BBHHH", 8, 0, checksum(header + payload), ident, sequence) + payload


def echo_request6(ident, sequence, ip_length):
    """Its checksum is the kernel's to fill in: RFC 3542 §3.1."""
    return struct.pack("!BBHHH", 128, 0, 0, ident, sequence) + bytes(i & 0xFF for i in range(ip_length - HEADERS6))


def wait_for_reply(sock, request, seconds, ipv6):
    """True if exactly the same octets came back."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([sock], [], [], left)[0]:
            break
        packet = sock.recv(65535)
        icmp = packet if ipv6 else packet[(packet[0] & 15) * 4:]
        if icmp[:1] == (b"\x81" if ipv6 else b"\0") and icmp[4:] == request[4:]:
            return True
    return False


def open_socket(address, ipv6):
    if ipv6:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DONTFRAG, 1)
    else:
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    sock.connect(socket.getaddrinfo(address, 0)[0][4])
    return sock


def ping(address, count, seconds, ip_length):
    ipv6 = ":" in address
    with open_socket(address, ipv6) as sock:
        received = 0
        for sequence in range(count):
            request = (echo_request6 if ipv6 else echo_request)(os.getpid() & 0xFFFF, sequence, ip_length)
            try:
                sock.send(request)
                received += wait_for_reply(sock, request, seconds, ipv6)
            except OSError as error:
                if error.errno != 90:  # EMSGSIZE
                    raise
                known = (socket.IPPROTO_IPV6, IPV6_MTU) if ipv6 else (socket.IPPROTO_IP, IP_MTU)
                return f"too-big {sock.getsockopt(*known)}"
        return f"{received}/{count}"


if __name__ == "__main__":
    number, _, wait = sys.argv[2].partition("@")
    for length in map(int, sys.argv[3:]):
        print(length, ping(sys.argv[1], int(number), float(wait or WAIT_SECONDS), length), flush=True)
