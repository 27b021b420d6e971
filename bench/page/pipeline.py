# SPDX-License-Identifier: Apache-2.0
"""The plots of bench/pipeline_bench.cpp's results: a packet's whole way through one worker, and its stages. TSC cycles."""
from rows import CYCLES, STAGES, row_of

DIRECTIONS = {"BM_Uplink_Burst": "up", "BM_Downlink_Burst": "down"}
CIPHERS = {"clear": "Clear", "mppe": "MPPE"}
CHOSEN = (576, 1024)  # octets and calls of the stages that are shown first


def bursts(data):
    """(cipher, direction, octets, calls) -> row"""
    found = {}
    for benchmark in data["benchmarks"]:
        subject, *rest = row_of(benchmark)
        if subject in DIRECTIONS and len(rest) == 3 and not benchmark.get("error_occurred"):
            cipher, octets, calls = rest
            found[cipher, DIRECTIONS[subject], int(octets), int(calls)] = benchmark
    return found


def distinct(rows, part):
    return sorted({case[part] for case in rows})


def ways(rows, panel):
    """A group for clear and one for MPPE, each with a panel for up and one for down, as far as they were measured."""
    groups = []
    for cipher, title in CIPHERS.items():
        here = [way for way in DIRECTIONS.values() if any(case[:2] == (cipher, way) for case in rows)]
        if here:
            groups.append({"title": title, "panels": [panel(cipher, way) for way in here]})
    return groups


def by_calls(rows):
    sizes, counts = distinct(rows, 2), distinct(rows, 3)

    def panel(cipher, way):
        series = []
        for at, octets in enumerate(sizes):
            for which in ("median", "best"):
                here = [rows.get((cipher, way, octets, calls)) for calls in counts]
                series.append({"name": f"{octets:,} octets", "look": f"size{at}", "which": which, "dashed": which == "best",
                               "values": [row and row[CYCLES[which]] for row in here]})
        return {"title": way.capitalize(), "x": [{"label": f"{calls:,}", "at": at} for at, calls in enumerate(counts)],
                "series": series}

    return {"kind": "lines", "title": "Worker: cycles a packet by number of calls", "unit": "TSC cycles a packet", "x_title": "calls",
            "scale": "group",
            "how_to_read": "Lower is faster: from the receive ring to the transmit ring of one worker, calls visited in a random order. "
                           "Solid: the median batch; dashed: the best. Where a line climbs to the right, more calls' state has to come "
                           "from memory; a gap between solid and dashed is a machine or a core that had better moments. Up and down "
                           "have one scale; clear and MPPE do not.",
            "groups": ways(rows, panel)}


def by_stage(rows):
    def panel(cipher, way, octets, calls):
        row = rows[cipher, way, octets, calls]
        stages = [{"name": stage, "at": at, "cycles": row["stage_" + stage]} for at, stage in enumerate(STAGES) if "stage_" + stage in row]
        return {"title": f"{CIPHERS[cipher]}, {way}", "total": row[CYCLES["median"]], "stages": stages}

    choices = []
    for octets in distinct(rows, 2):
        for calls in distinct(rows, 3):
            panels = [panel(*case) for case in rows if case[2:] == (octets, calls) and any("stage_" + one in rows[case] for one in STAGES)]
            if panels:
                choices.append({"name": f"{octets:,} octets, {calls:,} call" + ("s" if calls > 1 else ""), "case": [octets, calls],
                                "panels": panels})
    chosen = next((at for at, choice in enumerate(choices) if tuple(choice["case"]) == CHOSEN), 0)
    return {"kind": "stages", "title": "Worker: where the cycles go, stage by stage", "unit": "TSC cycles a packet",
            "how_to_read": "The bar at the top is a packet's way from left to right; below it the same parts one by one, each beginning "
                           "where the one before it ends. Stages are measured in rounds of their own, as reading the clock between "
                           "them costs cycles too: together they need not be the whole, which is named above. Each plot has its "
                           "own scale.",
            "choices": choices, "chosen": chosen}


def plots(data):
    rows = bursts(data)
    made = [by_calls(rows)] if rows else []
    stages = by_stage(rows)
    return made + ([stages] if stages["choices"] else [])
