#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every key of adit.toml has a reader: its field, as the rows of config/sections/ name it, is read somewhere else than by checks.
readers_test.py [SOURCE_ROOT]; exit 1: lists the keys that nobody reads.

Types tell fields of one name apart: [dpdk] hugepages is `hugepages` of a DpdkSettings, so what counts as reading it is
`x.hugepages` where x is what some source declares as a DpdkSettings, or a function returns as one.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[4]
ROW = re.compile(r'ADIT_KEY\(\s*k\w+,\s*"([^"]+)",\s*"(?:[^"\\]|\\.)*",\s*([a-z_0-9.()]+),')
STRUCT = re.compile(r"^struct (\w+) \{.*?^\};", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"^  ([\w:<>, ]+?) ?\*?&? (\w+(?:, \w+)*)(?:\{|;| =|$)", re.MULTILINE)
SETTINGS = ("app/aditd/config/config.hpp", "controlplane/base/settings.hpp", "controlplane/radius/settings.hpp",
            "controlplane/radius/rates.hpp", "dataplane/base/settings.hpp", "dataplane/contract/reorder_policy.hpp",
            "dataplane/ports/ports.hpp")


def plain(name):
    """control::radius::ServerSettings, or a vector of them: the last word."""
    return re.sub(r"^std::vector<(.*)>$", r"\1", name.strip()).split("::")[-1]


def structs():
    """Type -> member -> type. Config is `Config`; both Settings are told apart by their folder."""
    found = {}
    for path in SETTINGS:
        text = (ROOT / path).read_text()
        for struct in STRUCT.finditer(text):
            of_workers = path.startswith("dataplane/base") and struct[1] == "Settings"
            name = "dataplane::Settings" if of_workers else struct[1]
            members = found.setdefault(name, {})
            for kind, names in MEMBER.findall(struct[0]):
                for member in names.split(", "):
                    members[member] = "dataplane::Settings" if kind == "dataplane::Settings" else plain(kind)
    return found


def keys():
    files = sorted((ROOT / "app/aditd/config/sections").glob("*.cpp"))
    assert files, "there are no sections"
    for path in files:
        section = path.stem
        rows = ROW.findall(path.read_text())
        written = path.read_text().count("ADIT_KEY(")
        assert len(rows) == written, f"{path}: {written} rows, of which {len(rows)} were understood"
        for key, field in rows:
            yield f"{section}: {key}", field.replace(".back()", "").split(".")


def main():
    types = structs()
    sources = {path.relative_to(ROOT).as_posix(): path.read_text()
               for folder in ("app", "controlplane", "dataplane") for path in (ROOT / folder).rglob("*.[ch]pp")}
    all_text = "\n".join(sources.values())
    checks = re.compile(r"app/aditd/config/(sections/.*|sections|section|machine)\.cpp")
    readers = "\n".join(text for path, text in sources.items() if not checks.fullmatch(path))

    @functools.cache
    def holders_of(kind):
        """What variables, members, parameters and functions of that type are called."""
        return set(re.findall(rf"\b{kind.split('::')[-1]}>?(?:&&|&)? ?(\w+(?:\(\))?)(?![\w(])", all_text))

    unread, count = [], 0
    for name, path in keys():
        count += 1
        kind = "Config"
        for member in path[:-1]:
            kind = types[kind][member]
        assert path[-1] in types[kind], f"{name}: {kind} has no {path[-1]}"
        owners = holders_of(kind) | set(path[-2:-1])
        holders = "|".join(sorted(re.escape(owner) for owner in owners))
        if not re.search(rf"(?<!\w)(?:{holders})(?:\.|->){path[-1]}\b(?! =[^=])", readers):
            unread.append(f"{name}: nobody reads {'.'.join(path)}, a {kind}")
    assert count > 100, f"only {count} keys were found"
    print("\n".join(unread) or f"{count} keys, and a reader for each")
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())
