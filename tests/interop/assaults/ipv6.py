# SPDX-License-Identifier: Apache-2.0
"""The forms of IPv6 packets that subscribers send, for the files of assaults; and how two answers are read."""
import ipaddress
import struct

from attacks.gre import checksum

UDP, ICMPV6 = 17, 58
HEADER, UDP_HEADER = 40, 8
GATEWAY, ALL_NODES, ALL_ROUTERS, ALL_DHCP_AGENTS = "fe80::1", "ff02::1", "ff02::2", "ff02::1:2"
ECHO_REQUEST, ECHO_REPLY, ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION = 128, 129, 133, 134, 135
ON_LINK = 255  # the hop limit that says: no router has passed this on (RFC 4861)
CLIENT_PORT, SERVER_PORT = 546, 547
SOLICIT, REPLY = 1, 7
CLIENT_ID, IA_NA, ELAPSED_TIME, RAPID_COMMIT, IA_PD, IA_PREFIX = 1, 3, 8, 14, 25, 26
# In a Solicit of `solicit`: 16 octets behind the header of the packet, of UDP, of DHCPv6, of the option and the DUID's type.
CLIENT_UUID = HEADER + UDP_HEADER + 4 + 4 + 2


def packed(address):
    return ipaddress.IPv6Address(address).packed


def ipv6(source, destination, payload, next_header, hop_limit=64):
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, hop_limit) + packed(source) + packed(destination) + payload


def _checksum(source, destination, payload, protocol):
    """RFC 8200 §8.1."""
    pseudo = packed(source) + packed(destination) + struct.pack("!II", len(payload), protocol)
    return struct.pack("!H", checksum(pseudo + payload + bytes(len(payload) % 2)))


def icmpv6(source, destination, kind, body, hop_limit=ON_LINK):
    message = struct.pack("!BBH", kind, 0, 0) + body
    message = message[:2] + _checksum(source, destination, message, ICMPV6) + message[4:]
    return ipv6(source, destination, message, ICMPV6, hop_limit)


def udp(source, destination, ports, data):
    datagram = struct.pack("!HHHH", *ports, UDP_HEADER + len(data), 0) + data
    total = _checksum(source, destination, datagram, UDP)
    return ipv6(source, destination, datagram[:6] + (total if any(total) else b"\xff\xff") + datagram[8:], UDP)


def echo(source, destination, number=1, data=bytes(32)):
    return icmpv6(source, destination, ECHO_REQUEST, struct.pack("!HH", 1, number) + data, hop_limit=64)


def router_solicitation(source):
    return icmpv6(source, ALL_ROUTERS, ROUTER_SOLICITATION, bytes(4))


def router_advertisement(source, destination, prefix):
    """A router for half an hour, with a /64 for addresses."""
    information = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86_400, 14_400, 0) + packed(prefix)
    return icmpv6(source, destination, ROUTER_ADVERTISEMENT, struct.pack("!BBHII", 64, 0, 1800, 0, 0) + information)


def neighbour_solicitation(source, target):
    """To the solicited-node group, RFC 4291 §2.7.1."""
    group = packed("ff02::1:ff00:0")[:13] + packed(target)[13:]
    return icmpv6(source, group, NEIGHBOUR_SOLICITATION, bytes(4) + packed(target))


def _option(kind, data):
    return struct.pack("!HH", kind, len(data)) + data


def solicit(source, uuid, transaction=b"\0\0\1", rapid_commit=False):
    """For an address and a prefix, by a client whose DUID is this UUID (RFC 6355)."""
    message = (bytes([SOLICIT]) + transaction + _option(CLIENT_ID, b"\0\4" + uuid) + _option(IA_NA, bytes(12)) +
               _option(IA_PD, bytes(12)) + _option(ELAPSED_TIME, bytes(2)) + (_option(RAPID_COMMIT, b"") if rapid_commit else b""))
    return udp(source, ALL_DHCP_AGENTS, (CLIENT_PORT, SERVER_PORT), message)


# ---- what is heard ----------------------------------------------------------------------------------------------

def heard(payload):
    """The IPv6 packet of a PPP frame; empty: it has none."""
    payload = payload.removeprefix(b"\xff\x03").removeprefix(b"\0")
    return payload[1:] if payload[:1] == b"\x57" and len(payload) > HEADER else b""


def is_icmpv6(packet, kind):
    return packet[6:7] == bytes([ICMPV6]) and packet[HEADER:HEADER + 1] == bytes([kind])


def advertised(packet):
    """The /64 of a Router Advertisement; None: it is something else, or has none."""
    if not is_icmpv6(packet, ROUTER_ADVERTISEMENT):
        return None
    options = packet[HEADER + 16:]
    while len(options) >= 2 and options[1]:
        if options[0] == 3 and options[2] == 64:
            return ipaddress.IPv6Network((options[16:32], 64))
        options = options[8 * options[1]:]
    return None


def _options(data):
    while len(data) >= 4:
        kind, length = struct.unpack("!HH", data[:4])
        yield kind, data[4:4 + length]
        data = data[4 + length:]


def delegated(packet):
    """The prefix that a DHCPv6 Reply delegates; None: it is something else, or does not."""
    message = packet[HEADER + UDP_HEADER:]
    if packet[6:7] != bytes([UDP]) or packet[HEADER:HEADER + 2] != struct.pack("!H", SERVER_PORT) or message[:1] != bytes([REPLY]):
        return None
    for kind, ia in _options(message[4:]):
        for inner, data in _options(ia[12:]) if kind == IA_PD else ():
            if inner == IA_PREFIX:
                return ipaddress.IPv6Network((data[9:25], data[8]))
    return None
