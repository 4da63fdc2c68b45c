#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lengths of files and functions against the project's bars; exit status 1 when one is missed.

measure.py [--report] FILE...   C sources in the house format: a function's braces stand alone in column 0.
"""
import re
import sys

FUNCTION_MAX, FILE_MAX = 80, 600
BARS = {"functions": (15, 45, 80), "files": (250, 600, 600)}  # median, 90 %, 99 %
# Tables and interface lists grow by rows.
TABLES = re.compile(r"(_table\.(c|def)|pkcs11\.h|\.txt)$")


def functions(lines):
    """(name, length) of each function: from its signature's first line to its closing brace."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            top = start - 1
            while top > 0 and lines[top - 1] and not re.match(r"[#}/ *]|.*[;{}]$", lines[top - 1]):
                top -= 1
            signature = " ".join(lines[top:start])
            name = re.search(r"(\w+)\s*\(", signature)
            yield (name.group(1) if name else "?", number - start + 1 + start - top)
            start = None


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0


def main(arguments):
    report = "--report" in arguments
    paths = [path for path in arguments if path != "--report"]
    file_lengths, function_lengths, missed = [], [], []
    for path in paths:
        with open(path, encoding="utf-8") as source:
            lines = source.read().split("\n")
        if not TABLES.search(path):
            file_lengths.append(len(lines))
            if len(lines) > FILE_MAX:
                missed.append(f"{path}: {len(lines)} lines, at most {FILE_MAX}")
        for name, length in functions(lines):
            function_lengths.append(length)
            if length > FUNCTION_MAX:
                missed.append(f"{path}: {name}: {length} lines, at most {FUNCTION_MAX}")
    for what, values in (("functions", function_lengths), ("files", file_lengths)):
        got = tuple(share(values, part) for part in (0.5, 0.9, 0.99))
        if report:
            print(f"{what}: {len(values)}; lines median {got[0]}, p90 {got[1]}, p99 {got[2]}; bars {BARS[what]}")
        missed += [f"{what}: {value} lines, the bar is {bar}" for value, bar in zip(got, BARS[what]) if value > bar]
    print("\n".join(missed), file=sys.stderr, end="\n" if missed else "")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
