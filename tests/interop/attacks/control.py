# SPDX-License-Identifier: Apache-2.0
"""Hostile input on TCP port 1723 (RFC 2637 §2, §3)."""
import socket
import struct
import time

from attacks import pptp
from attacks.attack import attack, matches
from attacks.pptp import echo_request, exchange, message, ocrq, sccrq, summary

AREA = "control"
CLOSED = r"closed|reset"


def refused(what, *pieces, wanted=CLOSED, reason="malformed"):
    """An attack that must close the connection at once, with a reason in the log."""
    @attack(AREA, what)
    def run(target):
        mark = target.mark()
        got = matches(wanted, summary(exchange(*pieces)))
        return f"{got}; log: {mark.reason(reason)}"
    return run


def answered(what, wanted, *pieces):
    """An attack with a defined answer, after which we end the connection."""
    @attack(AREA, what)
    def run(target):
        return matches(wanted, summary(exchange(*pieces)))
    return run


AFTER_START = r"SCCRP\(1\), (closed|reset)"
CALL_THEN_CLOSED = r"SCCRP\(1\), OCRP\(1\), (closed|reset)"

refused("64 octets of noise", bytes(range(64, 128)))
refused("an HTTP request", b"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n")
refused("a TLS ClientHello", bytes.fromhex("16030100c8010000c40303") + bytes(200))
refused("wrong magic in the first message", message(1, magic=0xDEADBEEF))
refused("wrong magic in the second message", sccrq() + message(7, magic=0), wanted=AFTER_START)
refused("length 0", message(1, length=0))
refused("length 1", message(1, length=1))
refused("length 11, below the header", message(1, length=11))
refused("length 65535", message(1, length=65535))
refused("a length that is not the type's, and its body not sent", message(7, length=167)[:12])
refused("an Echo-Request as long as an SCCRQ", sccrq() + message(5, length=156).ljust(156, b"\0"), wanted=AFTER_START)
refused("PPTP message type 2, management", message(1, pptp_type=2))
refused("control message type 0", sccrq() + message(0, length=16), wanted=AFTER_START)
refused("control message type 16", sccrq() + message(16, length=16), wanted=AFTER_START)
refused("control message type 65535", sccrq() + message(65535, length=16), wanted=AFTER_START)
refused("protocol version 0.0", sccrq(version=0), wanted=r"SCCRP\(5\), (closed|reset)", reason="unsupported_version")

# Before SCCRQ nothing is served; start-timeout closes the connection.
answered("OCRQ before SCCRQ", r"OCRP\(2/1\), open", ocrq())
answered("CCRQ before SCCRQ", "open", message(12))
answered("Echo-Request before SCCRQ", "open", echo_request())
answered("SCCRQ twice", r"SCCRP\(1\), SCCRP\(3\), (open|closed)", sccrq(), sccrq())
answered("host name of 64 control characters, reserved fields set", r"SCCRP\(1\), open",
         sccrq(host=b"\x1b[2J\n\r\x00\xff=\"'" * 7, reserved=0xFFFF))
answered("version 2.0, a vendor's newer one", r"SCCRP\(1\), open", sccrq(version=0x0200))
answered("OCRQ whose phone number claims 65535 octets", r"SCCRP\(1\), OCRP\(1\), open",
         sccrq(), ocrq(phone_length=65535))
answered("OCRQ twice with one call ID", r"SCCRP\(1\), OCRP\(1\), OCRP\(.*\), open", sccrq(), ocrq(), ocrq())
answered("every reply that only servers send", r"SCCRP\(1\),.*(open|closed)",
         sccrq(), message(2), message(4), message(6), message(8), message(11), message(14))
answered("incoming call (ICRQ)", r"SCCRP\(1\), (ICRP\([23].*\), )?(open|closed)", sccrq(), message(9))
answered("CCRQ for a call that is not there", r"SCCRP\(1\), open", sccrq(), message(12, b"\x43\x21"))
answered("Set-Link-Info for somebody else's call", r"SCCRP\(1\), open", sccrq(), message(15, b"\x43\x21"))
answered("StopCCRQ with reason 255", r"SCCRP\(1\), StopCCRP\(1\), closed", sccrq(), message(3, b"\xff"))
answered("SCCRQ, OCRQ and CCRQ in one segment", r"SCCRP\(1\), OCRP\(1\), CDN\(4\).*",
         sccrq() + ocrq(0x00FF) + message(12, b"\x00\xff"))
answered("a call, an octet a segment", r"SCCRP\(1\), OCRP\(1\), open",
         *(bytes([octet]) for octet in sccrq() + ocrq()))


@attack(AREA, "half a message, then FIN")
def half_a_message(target):
    mark = target.mark()
    got = exchange(sccrq()[:100], end=lambda stream: stream.shutdown(socket.SHUT_WR))
    return f"{matches(CLOSED, summary(got))}; log: {mark.reason('peer_closed', 'malformed')}"


@attack(AREA, "a call, then FIN of the client's half alone")
def half_closed(target):
    mark = target.mark()
    got = exchange(sccrq() + ocrq(), end=lambda stream: stream.shutdown(socket.SHUT_WR))
    return f"{matches(CALL_THEN_CLOSED, summary(got))}; log: {mark.reason('peer_closed')}"


@attack(AREA, "RST in the middle of a call's set-up")
def reset(target):
    mark = target.mark()
    with pptp.dial() as stream:
        stream.sendall(sccrq() + ocrq())
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return f"log: {mark.reason('peer_closed')}"


@attack(AREA, "50 OCRQ with different call IDs on one connection")
def many_calls(target):
    got = exchange(sccrq() + b"".join(ocrq(call_id) for call_id in range(1, 51)))
    accepted = got.count("OCRP(1)")
    matches("1", str(accepted))
    return summary(got)


@attack(AREA, "2,000 Echo-Requests at once")
def echo_flood(target):
    mark = target.mark()
    got = exchange(sccrq(), echo_request() * 2000)
    return f"{matches(r'SCCRP.1.*(closed|reset)', summary(got))}; log: {mark.reason('limit')}"


@attack(AREA, "Echo-Requests, and the replies never read")
def never_reads(target):
    mark = target.mark()
    with pptp.dial() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stream.sendall(sccrq())
        try:
            for _ in range(100):
                stream.sendall(echo_request() * 100)
                time.sleep(0.01)
        except OSError:
            pass
        return f"log: {mark.reason('limit', 'output_overflow')}"


@attack(AREA, "nothing at all is said")
def silence(target):
    mark = target.mark()
    with pptp.dial() as stream:
        return f"{matches(CLOSED, pptp.answers(stream, quiet=8)[1])}; log: {mark.reason('start_timeout')}"


@attack(AREA, "SCCRQ, and then no call")
def no_call(target):
    mark = target.mark()
    with pptp.dial() as stream:
        stream.sendall(sccrq())
        octets, fate = pptp.answers(stream, quiet=8, seconds=16)
        got = summary([*pptp.names(octets), fate])
        return f"{matches(r'SCCRP.1., (StopCCRQ, )?(closed|reset)', got)}; log: {mark.reason('start_timeout')}"


@attack(AREA, "a call, and then no PPP")
def no_ppp(target):
    mark = target.mark()
    with pptp.dial() as stream:
        stream.sendall(sccrq() + ocrq())
        octets, fate = pptp.answers(stream, quiet=12, seconds=16)
        return f"{summary([*pptp.names(octets), fate])}; log: {mark.reason('lcp_timeout', seconds=15)}"


@attack(AREA, "300 connections at once, all silent")
def many_connections(target):
    mark = target.mark()
    streams = [pptp.dial() for _ in range(300)]
    fates = [pptp.answers(stream, quiet=8)[1] for stream in streams]
    for stream in streams:
        stream.close()
    closed = sum(fate != "open" for fate in fates)
    matches("300", str(closed))
    return f"{closed} closed; log: {mark.reason('start_timeout', 'limit')}"
