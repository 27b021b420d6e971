# SPDX-License-Identifier: Apache-2.0
"""The table of a siege: a line a row, and as JSON."""
import dataclasses
import json

COLUMNS = (("attack", 28), ("rate", 16), ("sent", 8), ("lost", 7), ("control", 8), ("calls", 6), ("dials", 6), ("failed", 7),
           ("p50 ms", 7), ("p99 ms", 7), ("MB", 12), ("descriptors", 16), ("buffers", 16), ("log", 8))


def _line(cells):
    return "".join(f"{cell:<{width}}" if number == 0 else f"{cell:>{width}}"
                   for number, (cell, (_, width)) in enumerate(zip(cells, COLUMNS)))


def head():
    return _line([name for name, _ in COLUMNS]) + "\n" + "-" * sum(width for _, width in COLUMNS)


def _rate(attack):
    unit = {"packets": "pps", "connections": "conn/s", "messages": "msg/s"}.get(attack["unit"], attack["unit"])
    return f"{attack['rate']:,.0f} {unit}"


def row(result):
    """Memory, descriptors and buffers are before/peak/after."""
    if result.window is None:
        return f"{result.name:<30}  FAIL: {result.trouble.splitlines()[0]}"
    held, dialled = result.window.held, result.window.dialled
    prints = [result.before, result.peak, result.after]

    def three(number):
        return "/".join("?" if each is None else str(number(each)) for each in prints)
    return _line([result.name, _rate(result.window.attack), held.sent, held.lost,
                  result.control.held.lost if result.control else "-", sum(held.calls_lost.values()), dialled.dials,
                  dialled.refused(), f"{dialled.p50_ms:.0f}", f"{dialled.p99_ms:.0f}", three(lambda p: p.rss_kb // 1024),
                  three(lambda p: p.descriptors), three(lambda p: p.buffers), result.log_lines]) + (
                      "  FAIL" if result.faults() else "")


def why(result):
    dropped = ", ".join(f"{name} {count:,}" for name, count in sorted(result.drops.items(), key=lambda each: -each[1])[:6])
    return f"{result.name}: {'; '.join(result.faults())}" + (f"\n    aditd's drops: {dropped}" if dropped else "")


def told_as_json(results):
    return json.dumps([{**dataclasses.asdict(each), "faults": each.faults()} for each in results], indent=1)
