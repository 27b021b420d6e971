# SPDX-License-Identifier: Apache-2.0
"""How fast calls come up, with the same tool in the same guest: poptop, and aditd.

A guest has one CPU, and system calls are slow in a user-mode kernel: the figures only make sense compared with
each other.
"""
from abroad.aditd import Aditd
from abroad.place import TO_SERVER
from abroad.poptop import Poptop
from harness import blast
from harness.case import until

CALLS, CONCURRENCIES = 100, (8, 32)
SERVERS = {"poptop": Poptop, "aditd": Aditd}
ROW = "{:<8} {:>8} {:>6} {:>5} {:>7} {:>8} {:>9} {:>9} {:>9}"
SETTINGS = {**TO_SERVER, "mppe": "require", "auth": ["mschap-v2"]}


def row(server, set_up):
    time = set_up["time"]
    return {"server": server, "concurrency": set_up["concurrency"], "calls": set_up["dialled"], "up": set_up["up"],
            "failed": set_up["dialled"] - set_up["up"], "failures": set_up["failures"],
            "calls_per_second": set_up["calls_per_second"],
            "p50_ms": time["p50_ms"], "p99_ms": time["p99_ms"], "max_ms": time["max_ms"]}


def show(found):
    print(ROW.format(found["server"], found["concurrency"], found["calls"], found["up"], found["failed"],
                     f"{found['calls_per_second']:.1f}", f"{found['p50_ms']:.0f} ms", f"{found['p99_ms']:.0f} ms",
                     f"{found['max_ms']:.0f} ms"), *(f"  {end} x {why}" for why, end in found["failures"].items()),
          flush=True)


def measure(place, work_dir, servers):
    """Prints the table; returns its rows."""
    print(ROW.format("server", "at once", "calls", "up", "failed", "calls/s", "p50", "p99", "max"), flush=True)
    rows = []
    for name in servers:
        server = SERVERS[name](place.bridge, work_dir)
        try:
            server.start()
            server.ready_for_rates()
            for concurrency in CONCURRENCIES:
                phases = [{"kind": "set-up", "calls": CALLS, "concurrency": concurrency}]
                outcome = blast.run(place.bridge.command, work_dir, f"rates-{name}-{concurrency}", SETTINGS, phases,
                                    seconds=180)
                rows.append(row(name, outcome.phase("set-up")["set_up"]))
                show(rows[-1])
                until(f"{name}'s calls are gone", lambda server=server: not server.leftovers(), 60)
        finally:
            server.close()
    return rows
