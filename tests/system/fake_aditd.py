#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The part of aditd that adit-exporter asks, over its socket: show.metrics and show.sessions, of a concentrator that is busy.

Its counters are functions of the time, so that every rate is known. fake_aditd.py SOCKET runs one, for work on the page.
"""
import json
import math
import os
import re
import socketserver
import sys
import threading
import time

STAGES = {"control": 0.004, "lcp": 0.018, "auth": 0.012, "ccp": 0.03, "ipcp": 0.02}
SETUP_BOUNDS = (.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
TURN_BOUNDS = (.0001, .0005, .001, .005, .01, .05, .1, .5)
DROPS = {"gre_duplicate": 40, "rate_down": 900, "unknown_call": 12, "spoofed_source": 3, "ttl_expired": 1, "mppe_late": 7, "no_route": 2}
USERS = [f"user{i:05}" for i in range(9_000)] + ["alice", "<b>bold</b>"]
SLICE = 4096  # calls that a request looks at


def histogram(labels, bounds, per_second, typical, now):
    """Of exponential spread, so that it has a tail."""
    count = int(per_second * now)
    return {"labels": labels, "buckets": [[bound, int(count * (1 - math.exp(-bound / typical)))] for bound in bounds],
            "count": count, "sum": count * typical}


def family(name, kind, help_text, *samples):
    unit = next((unit for unit in ("seconds", "bytes") if name.endswith(unit)), "")
    return {"name": name, "type": kind, "unit": unit, "help": help_text,
            "samples": [sample if isinstance(sample, dict) else {"labels": sample[0], "value": sample[1]} for sample in samples]}


def families(now):
    """`now`: seconds since it started."""
    def count(rate):
        return int(rate * now)

    workers = ("0", "1", "2")
    yield family("adit_build", "info", "What runs.", {"labels": {"version": "0.1.0", "mppe_engine": "plain"}, "value": 1})
    yield family("adit_start_time_seconds", "gauge", "When aditd started, in UNIX time.", ({}, time.time() - now))
    yield family("process_cpu_seconds", "counter", "CPU time.", ({}, 2.5 * now))
    yield family("process_resident_memory_bytes", "gauge", "Memory.", ({}, 812_000_000))
    yield family("adit_sessions", "gauge", "Calls, by state.", ({"state": "starting"}, 12 + round(5 * math.sin(now))),
                 ({"state": "active"}, 8_990 + round(100 * math.sin(now / 9))), ({"state": "finishing"}, 2))
    yield family("adit_calls", "counter", "Calls that began.", ({}, count(120)))
    yield family("adit_calls_ended", "counter", "Calls that ended, by reason.", ({"reason": "user_request"}, count(100)),
                 ({"reason": "auth_failed"}, count(14)), ({"reason": "idle_timeout"}, count(3)), ({"reason": "lost_carrier"}, count(1.5)))
    yield family("adit_calls_refused", "counter", "Calls that were refused.", ({"why": "rate"}, count(2)), ({"why": "closed"}, 0))
    yield family("adit_auth", "counter", "Verdicts on logins.", ({"result": "accepted", "method": "mschap-v2"}, count(105)),
                 ({"result": "rejected", "method": "mschap-v2"}, count(14)))
    yield family("adit_call_setup_seconds", "histogram", "From SCCRQ to IP.", histogram({}, SETUP_BOUNDS, 105, 0.09, now))
    yield family("adit_call_setup_stage_seconds", "histogram", "Stages of dials.",
                 *(histogram({"stage": stage}, SETUP_BOUNDS, 110, typical, now) for stage, typical in STAGES.items()))
    yield family("adit_control_turn_seconds", "histogram", "Turns of the control thread.", histogram({}, TURN_BOUNDS, 5000, 4e-5, now))
    for way, rate in (("uplink", 400_000), ("downlink", 1_100_000)):
        yield family(f"adit_{way}_packets", "counter", f"Inner packets, {way}.", *(({"worker": w}, count(rate)) for w in workers))
        yield family(f"adit_{way}_bytes", "counter", f"Inner octets, {way}.", *(({"worker": w}, count(rate * 620)) for w in workers))
    yield family("adit_drops", "counter", "Packets that were dropped.",
                 *(({"reason": reason, "worker": w}, count(rate)) for reason, rate in DROPS.items() for w in workers))
    yield family("adit_worker_busy_seconds", "counter", "Time in passes that found work.",
                 *(({"worker": w}, now * (0.35 + 0.2 * int(w))) for w in workers))
    yield family("adit_worker_calls", "gauge", "Calls of a worker.", *(({"worker": w}, 3_000 + int(w)) for w in workers))
    yield family("adit_notices_lost", "counter", "Messages that found the ring full.", *(({"worker": w}, 0) for w in workers))
    yield family("adit_ppp_frames_dropped", "counter", "PPP frames for workers whose ring was full.", ({}, 0))
    yield family("adit_mppe_recoveries", "counter", "Decrypted after skipping keys.", *(({"worker": w}, count(3)) for w in workers))
    yield family("adit_packet_buffers", "gauge", "Packet buffers.", ({"pool": "packets 0"}, 65_536))
    yield family("adit_packet_buffers_free", "gauge", "Of those, free.", ({"pool": "packets 0"}, 50_000))
    server, kinds = "192.0.2.10:1812", ("auth", "acct")
    for name, kind, value in (("up", "gauge", 1), ("in_flight", "gauge", 7), ("timeouts", "counter", count(0.4)), ("repeats", "counter", count(1))):
        yield family(f"adit_radius_{name}", kind, "Of a RADIUS server.", ({"server": server}, value))
    yield family("adit_radius_requests", "counter", "Requests.", *(({"server": server, "kind": k}, count(119)) for k in kinds))
    yield family("adit_radius_round_trip_seconds", "histogram", "Round trips.",
                 *(histogram({"server": server, "kind": k}, SETUP_BOUNDS, 119, 0.011 * i, now) for i, k in enumerate(kinds, 1)))
    yield family("adit_accounting_stops_waiting", "gauge", "Stops that no server has taken yet.", ({}, 0))
    yield family("adit_accounting_spool_records", "gauge", "Room in the spool.", ({}, 100_000))
    yield family("adit_accounting_spool_used", "gauge", "Of those, taken.", ({}, 9_000))
    yield family("adit_accounting_stops_lost", "counter", "Stops that no server took.", ({}, 0))
    yield family("adit_config_reload_success", "gauge", "Whether the last reload was applied.", ({}, 1))
    yield family("adit_takes_calls", "gauge", "Whether new calls are taken.", ({}, 1))
    yield family("adit_pool_addresses", "gauge", "Addresses of a pool.",
                 *(({"pool": pool, "state": state}, value) for pool, used, free in (("main", 8_700, 1_300), ('"quoted"\\', 290, 710))
                   for state, value in (("used", used), ("quarantined", 20), ("available", free))))
    yield family("adit_pool_exhausted", "counter", "Times that a pool had none left.", ({"pool": "main"}, 0))
    yield family("adit_port", "info", "What a port is.",
                 *({"labels": {"port": p, "driver": "net_af_xdp", "role": p}, "value": 1} for p in ("access", "core")))
    for name, kind, value in (("up", "gauge", 1), ("speed_bytes_per_second", "gauge", 3_125_000_000), ("rx_bytes", "counter", count(9e8)),
                              ("tx_bytes", "counter", count(8e8)), ("rx_packets", "counter", count(1.5e6)), ("tx_packets", "counter", count(1.4e6)),
                              ("rx_missed", "counter", count(2)), ("rx_errors", "counter", 0), ("tx_errors", "counter", 0), ("flaps", "counter", 0)):
        yield family(f"adit_port_{name}", kind, "Of a port.", *(({"port": p}, value) for p in ("access", "core")))


def session(i):
    return {"sid": f"{i:016x}", "username": USERS[i], "ip": f"10.64.{i >> 8}.{i & 255}", "calling_sid": f"203.0.{i >> 8}.{i & 255}",
            "state": "active", "uptime_seconds": i * 3, "rx_bytes": i * 10_000, "tx_bytes": i * 90_000, "drops": i % 7}


def sessions(params):
    """A window of SLICE calls; `next` is where the following one begins, as worker and place."""
    match, begin = params.get("match"), int(params.get("after", "0.0").split(".")[1])
    wanted = re.compile(match["regex"]) if match else None
    found, at = [], begin
    while at < min(len(USERS), begin + SLICE) and len(found) < params.get("limit", 100):
        row = session(at)
        if wanted is None or wanted.search(row[match["column"]]):
            found.append({name: row[name] for name in params["columns"]})
        at += 1
    return {"sessions": found, "next": f"0.{at}" if at < len(USERS) else None}


class FakeAditd(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        self.started = time.time() - 600
        self.asked = {"show.metrics": 0, "show.sessions": 0}
        self.more = []  # further families, for a test
        super().__init__(path, Answer)
        os.chmod(path, 0o666)  # the exporter is nobody
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def result(self, method, params):
        self.asked[method] += 1
        if method == "show.metrics":
            return {"families": [*families(time.time() - self.started), *self.more]}
        return sessions(params)

    def close(self):
        self.shutdown()
        self.server_close()
        os.unlink(self.server_address)


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            request = json.loads(line)
            reply = {"jsonrpc": "2.0", "id": request["id"]}
            if request["method"] in self.server.asked:
                reply["result"] = self.server.result(request["method"], request.get("params"))
            else:
                reply["error"] = {"code": -32601, "message": "no such method"}
            self.wfile.write(json.dumps(reply).encode() + b"\n")


if __name__ == "__main__":
    FakeAditd(sys.argv[1])
    threading.Event().wait()
