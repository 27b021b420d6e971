# SPDX-License-Identifier: Apache-2.0
"""Writes the TOML that aditd's config needs: tables, arrays of tables, strings, numbers, booleans and lists of them."""
import json


def _value(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)  # TOML's basic strings, integers and booleans are the same in JSON


def _table(table, path):
    lines, below = [], []
    for key, value in table.items():
        name = ".".join([*path, key])
        if isinstance(value, dict):
            below += [f"\n[{name}]", *_table(value, [*path, key])]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for element in value:
                below += [f"\n[[{name}]]", *_table(element, [*path, key])]
        else:
            lines.append(f"{key} = {_value(value)}")
    return lines + below


def dumps(document):
    return "\n".join(_table(document, [])) + "\n"
