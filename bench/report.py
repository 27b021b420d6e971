#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Results as tables, or as one page: bench/report.py [--html PAGE.html] FILE.json ...
bench/report.py --merge FILE.json PROCESS.json ...: one result of one or several processes', with the CPU's name

Google Benchmark's files are printed as tables; adit-blast has already printed its own. With --html both kinds go into one
self-contained page: adit-blast's report, with plots of the benchmarks (bench/page/).
"""
import copy
import json
import pathlib
import re
import statistics
import sys

from page import write_page
from rows import CYCLES, STAGES, deciles_of, row_of


def print_rows(rows, columns):
    widths = [max(len(row[i]) for row in [columns] + rows) for i in range(len(columns))]
    for row in [columns] + rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))
    print()


# The mix of bench/mppe_bench.cpp in a burst of 64 packets.
IMIX = {"64": 37, "576": 22, "1400": 5}
YARDSTICKS = ["kernel_style", "openssl_lowlevel"]


def report_mppe(data):
    """Implementations as rows, one table per size and number of calls, with ratios to the reference implementations."""
    core = float(data["context"]["core_per_tsc"])
    best = data["context"]["mppe_implementation"]
    print(f"in use: {best}; core cycles (one TSC cycle is {core:.3f} of them): median round, first decile, best")
    if "processes" in data["context"]:
        print(f"median and decile: the middle one of {data['context']['processes']} processes; "
              "by process: their deciles, lowest to highest")
    print()
    tables = {}
    for benchmark in data["benchmarks"]:
        subject, name, *case = row_of(benchmark)
        if benchmark.get("error_occurred"):
            print(f"{benchmark['name']}: {benchmark['error_message']}")
            continue
        tables.setdefault((subject, *case), {})[name] = benchmark
    for case, rows in tables.items():
        print_case(case, rows, core, float(data["context"]["tsc_mhz"]))
    predicted = []
    for (subject, *case), rows in tables.items():
        if case[:1] == ["imix"] and all((subject, size, case[1]) in tables for size in IMIX):
            for name, row in rows.items():
                parts = [tables[subject, size, case[1]][name]["cycles_per_packet"] * n for size, n in IMIX.items()]
                sum_of_parts = sum(parts) / sum(IMIX.values())
                predicted.append([f"{subject}/{name}/{case[1]}", f"{row['cycles_per_packet'] * core:.0f}",
                                  f"{sum_of_parts * core:.0f}", f"{row['cycles_per_packet'] / sum_of_parts:.2f}"])
    if predicted:
        print_rows(predicted, ["imix, against what its lengths alone would cost", "cycles", "predicted", "ratio"])


HANDOFF = ("cycles_at_owner", "cycles_at_other", "cycles_per_handoff")


def print_case(case, rows, core, tsc_mhz):
    yardsticks = [name for name in YARDSTICKS if name in rows]
    lines = []
    for name, row in rows.items():
        line = [name] + [f"{row[key] * core:.0f}" for key in CYCLES.values()]
        deciles = deciles_of(row)
        line += [f"{min(deciles) * core:.0f}-{max(deciles) * core:.0f}",
                 f"{tsc_mhz / row['cycles_per_packet']:.3f}", f"{row.get('bytes_per_second', 0) * 8 / 1e9:.2f}"]
        for other in yardsticks:
            line += [f"{rows[other][key] / row[key]:.2f}" for key in CYCLES.values()]
        lines.append(line)
    columns = ["/".join(case), *CYCLES, "by process", "M/s", "Gbit/s"]
    for other in yardsticks:
        columns += ["x " + other, "p10", "best"]
    print_rows(lines, columns)


def report_mppc(data):
    """A table for each direction: octets after compression of one before, cycles an octet, how many times as fast as FreeRDP."""
    core = float(data["context"]["core_per_tsc"])
    print(f"core cycles an octet (one TSC cycle is {core:.3f} of them): median round, first decile, best")
    print()
    tables = {}
    for benchmark in data["benchmarks"]:
        subject, name, corpus, octets = row_of(benchmark)
        tables.setdefault(subject, {}).setdefault((corpus, octets), {})[name] = benchmark
    for subject, cases in tables.items():
        lines = []
        for case, rows in cases.items():
            for name, row in rows.items():
                keys = ("cycles_per_octet", "cycles_per_octet_p10", "cycles_per_octet_best")
                lines.append(["/".join((name, *case)), f"{row['ratio']:.3f}"] + [f"{row[key] * core:.2f}" for key in keys] +
                             [f"{rows['freerdp'][key] / row[key]:.2f}" for key in keys])
        print_rows(lines, [subject, "ratio", "median", "p10", "best", "x freerdp", "p10", "best"])


def cpu_model(cpuinfo):
    """As Linux names it; None where it names only numbers, as on Arm."""
    found = re.search(r"^model name\s*:\s*(\S.*)$", cpuinfo, re.MULTILINE)
    return found and found[1].strip()


def merge(target, paths):
    """A process that was unlucky with where its tables lie stays so: figures are the middle process's, the best is that
    of all, and each process's decile is kept."""
    processes = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in paths]
    merged = copy.deepcopy(processes[0])  # which stays one of the processes
    merged["context"]["processes"] = len(processes)
    # Google Benchmark does not tell what it ran on, and figures without that cannot be compared.
    if model := cpu_model(pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")):
        merged["context"]["cpu_model"] = model
    for index, row in enumerate(merged["benchmarks"]):
        rows = [process["benchmarks"][index] for process in processes]
        if any(other["name"] != row["name"] or "error_occurred" in other for other in rows):
            continue
        for key in ("cycles_per_packet", "cycles_per_packet_p10", "bytes_per_second"):
            if key in row:
                row[key] = statistics.median(other[key] for other in rows)
        if CYCLES["best"] in row:
            row[CYCLES["best"]] = min(other[CYCLES["best"]] for other in rows)
        if CYCLES["p10"] in row:
            row["p10_of_processes"] = [other[CYCLES["p10"]] for other in rows]
    pathlib.Path(target).write_text(json.dumps(merged, indent=1), encoding="utf-8")


def report(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    context = data["context"]
    print(f"{path}: {context['date']}, {context.get('cpu_model', 'CPU not named')}, {context['num_cpus']} CPUs, TSC {context.get('tsc_mhz', '?')} MHz, "
          f"load {context.get('load_avg', ['?'])[0]}")
    if "data_plane_octets_per_call" in context:
        print(f"state of one call: {context['data_plane_octets_per_call']} octets on the data plane, both directions; "
              f"{context['control_octets_per_call']} on the control side")
    print()
    if "mppe_implementation" in context:
        return report_mppe(data)
    if any("ratio" in row for row in data["benchmarks"]):
        return report_mppc(data)
    total, stages, workers, handoffs = [], {}, [], []
    for row in data["benchmarks"]:
        name = row["name"].replace("/manual_time", "").split("/min_time")[0]
        if row.get("error_occurred"):
            total.append([name, row.get("error_message", "error"), "", "", ""])
            continue
        if "mpps" in row:
            workers.append([name, f"{row['mpps']:.2f}", f"{row['mpps_best']:.2f}"])
            continue
        if "cycles_per_handoff" in row:
            handoffs.append([name] + [f"{row[key]:.0f}" for key in HANDOFF])
            continue
        # From the median batch, like the cycles; the mean would include other processes' time slices.
        rate = float(context["tsc_mhz"]) * 1e6 / row["cycles_per_packet"]
        octets = int(name.split("/")[2])
        total.append([name, f"{row['cycles_per_packet']:.0f}", f"{row['cycles_per_packet_best']:.0f}",
                      f"{rate / 1e6:.3f}", f"{rate * octets * 8 / 1e9:.2f}"])
        here = {stage: row["stage_" + stage] for stage in STAGES if "stage_" + stage in row}
        stages.setdefault(tuple(here), []).append([name] + [f"{value:.0f}" for value in here.values()])
    print_rows(total, ["row", "cycles/packet", "best", "Mpacket/s", "Gbit/s inner"])
    if workers:
        print_rows(workers, ["together", "Mpacket/s", "best"])
    if handoffs:
        print_rows(handoffs, ["cycles/packet"] + [key.replace("cycles_", "").replace("_", " ") for key in HANDOFF])
    print("cycles per packet of each stage:")
    for columns, rows in stages.items():
        print_rows(rows, ["row"] + list(columns))


def main(arguments):
    if arguments[:1] == ["--html"]:
        return write_page(arguments[1], arguments[2:])
    if arguments[:1] == ["--merge"]:
        return merge(arguments[1], arguments[2:])
    for path in arguments:
        report(path)


if __name__ == "__main__":
    main(sys.argv[1:])
