#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a Google Benchmark JSON file as tables: bench/report.py FILE.json ..."""
import json
import sys

# In the packet's order.
STAGES = ["receive", "parse_outer", "find_calls", "accept_sequence", "strip_ppp", "decrypt", "commit", "up_inner",
          "forward", "find_subscribers", "down_inner", "clamp_mss", "encrypt", "push_ppp", "push_gre", "push_outer",
          "send"]


def print_rows(rows, columns):
    widths = [max(len(row[i]) for row in [columns] + rows) for i in range(len(columns))]
    for row in [columns] + rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))
    print()


def report(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    context = data["context"]
    print(f"{path}: {context['date']}, {context['num_cpus']} CPUs, TSC {context.get('tsc_mhz', '?')} MHz, "
          f"load {context.get('load_avg', ['?'])[0]}")
    if "data_plane_octets_per_call" in context:
        print(f"state of one call: {context['data_plane_octets_per_call']} octets on the data plane, both directions; "
              f"{context['control_octets_per_call']} on the control side")
    print()
    total, stages = [], {}
    for row in data["benchmarks"]:
        name = row["name"].replace("/manual_time", "").split("/min_time")[0]
        if row.get("error_occurred"):
            total.append([name, row.get("error_message", "error"), "", "", ""])
            continue
        # From the median batch, like the cycles; the mean would count other people's time slices.
        rate = float(context["tsc_mhz"]) * 1e6 / row["cycles_per_packet"]
        octets = int(name.split("/")[2])
        total.append([name, f"{row['cycles_per_packet']:.0f}", f"{row['cycles_per_packet_best']:.0f}",
                      f"{rate / 1e6:.3f}", f"{rate * octets * 8 / 1e9:.2f}"])
        here = {stage: row["stage_" + stage] for stage in STAGES if "stage_" + stage in row}
        stages.setdefault(tuple(here), []).append([name] + [f"{value:.0f}" for value in here.values()])
    print_rows(total, ["row", "cycles/packet", "best", "Mpacket/s", "Gbit/s inner"])
    print("cycles per packet of each stage:")
    for columns, rows in stages.items():
        print_rows(rows, ["row"] + list(columns))


for argument in sys.argv[1:]:
    report(argument)
