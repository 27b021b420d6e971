# SPDX-License-Identifier: Apache-2.0
"""What somebody on the path sees of the calls: who has which call ID, and how far its numbers are."""
import dataclasses
import ipaddress
import socket
import struct
import time

from harness.lab import SERVER
from harness.namespace import inside

ETH_P_ALL, GRE, MPPE = 3, 47, 0x00FD


@dataclasses.dataclass
class Call:
    source: str
    call_id: int  # aditd's, which its client sends
    sequence: int = 0
    count: int = 0  # MPPE's coherency count
    payload: bytes = b""  # of the last encrypted frame


def calls_seen(seconds):
    """The calls of adit-blast, by what it sends in this time."""
    seen, server = {}, ipaddress.ip_address(SERVER).packed
    with inside("adit-clients"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        tap.bind(("to-blast", 0))
        tap.settimeout(0.05)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                packet = tap.recv(2048)[14:]
            except TimeoutError:
                continue
            if len(packet) > 32 and packet[9] == GRE and packet[16:20] == server and packet[20] & 0x10:
                _note(seen, packet)
    return list(seen.values())


def _note(seen, packet):
    call_id, sequence = struct.unpack("!HI", packet[26:32])
    call = seen.setdefault((packet[12:16], call_id), Call(str(ipaddress.ip_address(packet[12:16])), call_id))
    call.sequence = sequence
    payload = packet[36 if packet[21] & 0x80 else 32:]
    at = 2 if payload[:2] == b"\xff\x03" else 0
    if len(payload) >= at + 4 and int.from_bytes(payload[at:at + 2], "big") == MPPE:
        call.count = int.from_bytes(payload[at + 2:at + 4], "big") & 0x0FFF
        call.payload = payload
