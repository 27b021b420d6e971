# SPDX-License-Identifier: Apache-2.0
"""How mppe_bench and pipeline_bench name what they measured, for bench/report.py's tables and its page."""

# In the order in which a packet passes them.
STAGES = ["receive", "parse_outer", "find_calls", "accept_sequence", "strip_ppp", "decrypt", "decompress", "commit",
          "up_inner", "forward", "find_subscribers", "down_inner", "clamp_mss", "compress", "encrypt", "push_ppp",
          "push_gre", "push_outer", "send"]

# Of several rounds, or batches.
CYCLES = {"median": "cycles_per_packet", "p10": "cycles_per_packet_p10", "best": "cycles_per_packet_best"}


def row_of(benchmark):
    """The name's parts, without those that Google Benchmark appends."""
    return [part for part in benchmark["name"].split("/")
            if part != "manual_time" and not part.startswith(("min_time", "iterations"))]


def deciles_of(row):
    """Each process's first decile; of one process, its only one."""
    return row.get("p10_of_processes", [row[CYCLES["p10"]]])
