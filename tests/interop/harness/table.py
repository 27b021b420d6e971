# SPDX-License-Identifier: Apache-2.0
"""One line per case: its name, PASS or FAIL, its duration, and its result."""
import time

failures = []  # (name, what was wrong in one line), of all that attempt() ran


def raise_if_ended(error):
    """Whoever ended the run means all of it, also where tidying up after that has failed."""
    while error is not None:
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise error
        error = error.__context__


def attempt(name, function):
    """Runs one case; returns whether it passed. Prints its row of the table, followed by what went wrong."""
    print(f"{name:<42}", end="", flush=True)
    started = time.monotonic()
    try:
        verdict, detail = "PASS", function() or ""
    except Exception as error:  # any failure is this case's, and the next one runs
        raise_if_ended(error)
        verdict, detail = "FAIL", str(error)
    row, *more = detail.splitlines() or [""]
    if verdict == "FAIL":
        failures.append((name, row))
    print(f"{verdict}  {time.monotonic() - started:5.1f} s  {row}", flush=True)
    print("".join(f"    {line}\n" for line in more), end="", flush=True)
    return verdict == "PASS"
