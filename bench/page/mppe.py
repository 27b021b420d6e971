# SPDX-License-Identifier: Apache-2.0
"""The plots of bench/mppe_bench.cpp's results: Adit's engine, its kernels when forced, OpenSSL and kernel_style.

Cycles are the core's, as in the tables of bench/report.py. What stands for a row is the first decile of its rounds, in the middle
one of the processes: medians mix in what others did to the machine (bench/interleaved.hpp).
"""
from rows import CYCLES, deciles_of, row_of

REFERENCE = "kernel_style"
NAMES = {REFERENCE: REFERENCE, "openssl_lowlevel": "OpenSSL", "openssl_evp": "OpenSSL EVP"}
DIRECTIONS = {"BM_Mppe_Encrypt": "Encrypt", "BM_Mppe_Decrypt": "Decrypt"}
IMIX = "imix"

WHO = ("kernel_style is RC4 as Linux does it, one packet after the other; OpenSSL and OpenSSL EVP are its low-level and its EVP "
       "functions; Adit is what it chooses by itself.")


class Results:
    """The rows of one file by direction, size and calls."""

    def __init__(self, data):
        context = data.get("context", {})
        self.engine = context.get("mppe_implementation")
        self.core = float(context.get("core_per_tsc", 1))
        self.cells = {}
        for benchmark in data["benchmarks"]:
            subject, *rest = row_of(benchmark)
            if subject in DIRECTIONS and len(rest) == 3 and not benchmark.get("error_occurred"):
                name, size, calls = rest
                self.cells.setdefault((DIRECTIONS[subject], size, int(calls)), {})[name] = benchmark
        self.directions = [one for one in DIRECTIONS.values() if any(cell[0] == one for cell in self.cells)]
        self.sizes = sorted({size for _, size, _ in self.cells}, key=lambda size: (size == IMIX, size if size == IMIX else int(size)))
        self.calls = sorted({calls for _, _, calls in self.cells})
        measured = list(dict.fromkeys(name for cell in self.cells.values() for name in cell))
        self.main = [name for name in (self.engine, *NAMES) if name in measured]
        self.all = self.main + [name for name in measured if name not in self.main]  # the forced kernels last

    def who(self, name):
        """Its name for a reader, and whose colour it has."""
        if name == self.engine:
            return {"name": "Adit", "look": "adit"}
        return {"name": NAMES.get(name, f"Adit: {name}"), "look": name if name in NAMES else "forced"}

    def row(self, direction, size, calls, name):
        return self.cells.get((direction, size, calls), {}).get(name)

    def cycles(self, row, which):
        return row and row[CYCLES[which]] * self.core

    def processes(self, row):
        return [decile * self.core for decile in deciles_of(row)] if row else []


def calls_text(calls):
    return f"{calls:,} call" + ("s" if calls > 1 else "")


def by_direction(results, panel, cases):
    """A group of panels for each direction; `panel` makes one of a direction and a case."""
    return [{"title": direction, "panels": [panel(direction, case) for case in cases]} for direction in results.directions]


def size_axis(sizes):
    """To scale, so that a line's slope is the cost of an octet. The mix stands apart."""
    numbers = [int(size) for size in sizes if size != IMIX]
    apart = max(numbers, default=0) * 1.35
    return [{"label": size, "at": apart, "apart": True} if size == IMIX else {"label": size, "at": int(size)} for size in sizes]


def by_size(results):
    def series(direction, calls, name):
        rows = [results.row(direction, size, calls, name) for size in results.sizes]
        processes = [results.processes(row) for row in rows]
        several = any(len(one) > 1 for one in processes)
        return {**results.who(name), "values": [results.cycles(row, "p10") for row in rows],
                **({"ranges": [[min(one), max(one)] if one else None for one in processes]} if several else {})}

    def panel(direction, calls):
        return {"title": calls_text(calls), "x": size_axis(results.sizes),
                "series": [series(direction, calls, name) for name in results.main]}

    return {"kind": "lines", "title": "MPPE: cycles a packet by packet size", "unit": "core cycles a packet", "x_title": "octets", "x_from_zero": True,
            "how_to_read": "Lower is faster. Where a line meets the left edge is the price of a packet's key, its slope that of an "
                           f"octet. {WHO} Whiskers reach from the luckiest process to the unluckiest one; where none is to be seen, they agree. "
                           "All plots have one scale.",
            "groups": by_direction(results, panel, results.calls)}


def ratio(results, direction, size, calls, name, which):
    base = results.cycles(results.row(direction, size, calls, REFERENCE), which)
    own = results.cycles(results.row(direction, size, calls, name), which)
    return base / own if base and own else None


def against_kernel_style(results):
    def panel(direction, size):
        series = []
        for name in results.main:
            if name == REFERENCE:
                continue
            for which in ("best", "median"):
                series.append({**results.who(name), "which": which, "dashed": which == "median",
                               "values": [ratio(results, direction, size, calls, name, which) for calls in results.calls]})
        return {"title": size if size == IMIX else f"{size} octets",
                "x": [{"label": f"{calls:,}", "at": at} for at, calls in enumerate(results.calls)], "series": series,
                "reference": {"value": 1, **results.who(REFERENCE)}}

    return {"kind": "lines", "title": "MPPE: how many times as fast as kernel_style", "unit": "times kernel_style's packets",
            "x_title": "calls",
            "how_to_read": "Higher is faster; 2 means that kernel_style needs twice the cycles for the same packets. Solid lines "
                           "compare the best round of each with the best, dashed ones the median with the median: where they part, "
                           "one of the two has bad rounds, or the machine was busy. The 64 packets of a round belong to so many "
                           "calls; more calls are more chains of keys that do not wait for each other.",
            "groups": by_direction(results, panel, results.sizes)}


def placement(results):
    def panel(direction, calls):
        return {"title": calls_text(calls), "rows": [
            {**results.who(name), "marks": [
                {"label": size, "middle": results.cycles(row, "p10"), "values": sorted(results.processes(row))}
                for size in results.sizes if (row := results.row(direction, size, calls, name))]}
            for name in results.all]}

    return {"kind": "ranges", "title": "MPPE: luck with where tables lie, process by process", "unit": "slower than the fastest process",
            "how_to_read": "Shorter is steadier. Each dot is a process, the fastest at the left edge; the upright mark is the middle "
                           "one, which the other plots show. In each row from the top: " + ", ".join(results.sizes) + ". A long bar "
                           "is an implementation that depends on where its stack and tables happen to lie, or a machine that was "
                           "busy. All plots have one scale.",
            "groups": by_direction(results, panel, results.calls)}


def every_kernel(results):
    def row(direction, name):
        values = []
        for calls in results.calls:
            for size in results.sizes:
                own, engine = (results.cycles(results.row(direction, size, calls, who), "p10") for who in (name, results.engine))
                values.append(own / engine if own and engine else None)
        return {**results.who(name), "values": values}

    columns = [{"title": calls_text(calls), "names": results.sizes} for calls in results.calls]
    return {"kind": "matrix", "title": "MPPE: every implementation against what Adit chooses",
            "how_to_read": "A number is the cycles of this row for each cycle of Adit's own choice: 1.30 needs 30 % more, 0.90 would "
                           "have been 10 % cheaper (ADIT_MPPE forces it). Rows from \"Adit:\" on are one fixed set of kernels each. "
                           "The darker the blue, the slower than Adit's choice; orange is faster than it.",
            "groups": [{"title": direction, "panels": [{"columns": columns, "rows": [row(direction, name) for name in results.all]}]}
                       for direction in results.directions]}


def plots(data):
    results = Results(data)
    if not results.cells:
        return []
    made = [by_size(results)]
    if REFERENCE in results.main:
        made.append(against_kernel_style(results))
    if results.engine in results.main:
        made.append(every_kernel(results))
    if any(len(results.processes(row)) > 1 for cell in results.cells.values() for row in cell.values()):
        made.append(placement(results))
    return made
