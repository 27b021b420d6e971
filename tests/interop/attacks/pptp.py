# SPDX-License-Identifier: Apache-2.0
"""PPTP as bytes: the messages that attacks start from, and the answers (RFC 2637 §2)."""
import socket
import struct
import time

from harness.lab import SERVER
from harness.namespace import connect

MAGIC = 0x1A2B3C4D
PORT = 1723
NAMES = {1: "SCCRQ", 2: "SCCRP", 3: "StopCCRQ", 4: "StopCCRP", 5: "EchoRequest", 6: "EchoReply", 7: "OCRQ", 8: "OCRP",
         9: "ICRQ", 10: "ICRP", 11: "ICCN", 12: "CCRQ", 13: "CDN", 14: "WEN", 15: "SLI"}
LENGTHS = {1: 156, 2: 156, 3: 16, 4: 16, 5: 16, 6: 20, 7: 168, 8: 32, 9: 220, 10: 24, 11: 28, 12: 16, 13: 148, 14: 40,
           15: 24}
# Offset of Result Code and Error Code, in messages that have them.
RESULT_AT = {2: 14, 4: 12, 6: 16, 8: 16, 10: 16, 13: 14}


def message(kind, body=b"", length=None, magic=MAGIC, pptp_type=1):
    """Header and body, the body padded with zeros to the message's length; `length` overrides the true one."""
    size = LENGTHS.get(kind, 16)
    header = struct.pack("!HHIHH", size if length is None else length, pptp_type, magic, kind, 0)
    return header + body.ljust(size - len(header), b"\0")


def sccrq(version=0x0100, host=b"client", reserved=0):
    return message(1, struct.pack("!HHIIHH64s64s", version, reserved, 3, 3, 0, 1, host, b"attack"))


def ocrq(call_id=0x1234, phone_length=0):
    return message(7, struct.pack("!HHIIIIHHHH", call_id, 1, 300, 100_000_000, 3, 3, 64, 0, phone_length, 0))


def echo_request(identifier=1):
    return message(5, struct.pack("!I", identifier))


def names(octets):
    """What a server sent, as text: SCCRP(1), OCRP(2/4), CDN(4)."""
    words = []
    while len(octets) >= 12:
        length, _, magic, kind = struct.unpack("!HHIH", octets[:10])
        if magic != MAGIC or length < 12 or length > len(octets):
            return [*words, f"{len(octets)} octets of no message"]
        word = NAMES.get(kind, f"type {kind}")
        if kind in RESULT_AT:
            result, error = octets[RESULT_AT[kind]:RESULT_AT[kind] + 2]
            word += f"({result}/{error})" if error else f"({result})"
        words.append(word)
        octets = octets[length:]
    return words + ([f"{len(octets)} octets more"] if octets else [])


def answers(stream, quiet=1.0, seconds=6.0):
    """What arrives until the server closes or is silent for `quiet` seconds: (octets, "closed"|"reset"|"open")."""
    received, deadline = b"", time.monotonic() + seconds
    stream.settimeout(quiet)
    while time.monotonic() < deadline:
        try:
            octets = stream.recv(65536)
        except TimeoutError:
            return received, "open"
        except ConnectionResetError:
            return received, "reset"
        if not octets:
            return received, "closed"
        received += octets
    return received, "open"


def dial():
    """A connection to the lab's aditd, from the clients' namespace."""
    return connect("adit-clients", (SERVER, PORT))


def exchange(*pieces, quiet=1.0, end=None):
    """Sends the pieces, one segment each, and returns the answers as text, and what became of the connection."""
    with dial() as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                stream.sendall(piece)
                if len(pieces) > 1:
                    time.sleep(0.002)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed while we were sending: judge the answer
        if end is not None:
            end(stream)
        octets, fate = answers(stream, quiet)
    return [*names(octets), fate]


def summary(words):
    """The words as one line, with repetitions counted."""
    runs = []
    for word in words:
        if runs and runs[-1][0] == word:
            runs[-1][1] += 1
        else:
            runs.append([word, 1])
    return ", ".join(word if count == 1 else f"{count} x {word}" for word, count in runs)
