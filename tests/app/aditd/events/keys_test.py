#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scripts read the log and `adit events`: the keys of each event, as the sources write them, against a golden list.
    keys_test.py SOURCE_ROOT      ADIT_WRITE_GOLDEN=1: writes the list
"""
import collections
import os
import pathlib
import re
import sys

# What the sources name by a variable.
NAMED_ELSEWHERE = {
    "event.what": ("link_down", "link_up", "port_restarted", "port_restart_failed"),
    "event": ("auth_failed", "login_refused", "login_unavailable"),
}
CALL = re.compile(r"(?:\blog_?(?:\.|->)|\(\*log\)->|return )event\(")
SEVERITY = re.compile(r"Severity::k\w+")
NAME = re.compile(r'"([a-z_][a-z0-9_]*)"')
KEY = re.compile(r'\{\s*"([a-z_][a-z0-9_]*)",|\.key = "([a-z_][a-z0-9_]*)"')


def call_text(text, begin):
    """From behind the parenthesis to the one that closes it."""
    depth, quoted, at = 1, False, begin
    while depth:
        if text[at] == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return text[begin:at - 1]


def events_in(text):
    for found in CALL.finditer(text):
        call = call_text(text, found.end())
        if not SEVERITY.search(call):
            continue
        head = call[:call.index("{")]
        if "{" not in call or ", event," in head or ", event.what," in head:
            names = NAMED_ELSEWHERE["event.what" if "event.what" in head else "event"]
        else:
            names = NAME.findall(head)
        yield names, [one or other for one, other in KEY.findall(call)]


def all_events(root):
    events = collections.defaultdict(list)
    for folder in ("app/aditd", "app/host", "controlplane"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            for names, keys in events_in(path.read_text()):
                for name in names:
                    events[name] += [key for key in keys if key not in events[name]]
    return "".join(f"{name}: {' '.join(keys)}\n" for name, keys in sorted(events.items()))


def main():
    root = pathlib.Path(sys.argv[1])
    golden = root / "tests/app/aditd/events/golden/keys.txt"
    found = all_events(root)
    if os.environ.get("ADIT_WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found)
    if found != golden.read_text():
        print(f"the events' keys are not those of {golden}; they are an API. If that is meant: ADIT_WRITE_GOLDEN=1, and CHANGELOG.md")
        sys.stdout.writelines(sorted(set(found.splitlines(True)) ^ set(golden.read_text().splitlines(True))))
        return 1
    for name in ("call_dialled", "call_up", "dae_change", "call_ended", "auth_failed", "radius_server_dead", "radius_server_alive",
                 "pool_low", "link_down", "link_up", "connection_refused", "admission_scarce", "login_delayed"):
        if f"\n{name}: " not in "\n" + found:
            print(f"no such event any more: {name}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
