# SPDX-License-Identifier: Apache-2.0
"""One line a case: its name, PASS or FAIL, how long it took, and what it found."""
import time


def attempt(name, function):
    """Runs one case; returns whether it passed. Its line is the table's row; what went wrong follows below."""
    print(f"{name:<42}", end="", flush=True)
    started = time.monotonic()
    try:
        verdict, detail = "PASS", function() or ""
    except Exception as error:  # whatever it was, it is this case's failure, and the next one runs
        verdict, detail = "FAIL", str(error)
    row, *more = detail.splitlines() or [""]
    print(f"{verdict}  {time.monotonic() - started:5.1f} s  {row}", flush=True)
    print("".join(f"    {line}\n" for line in more), end="", flush=True)
    return verdict == "PASS"
