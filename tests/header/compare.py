#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Compares two PKCS #11 headers, which cannot be included in one source.

  compare.py facts --cc CC --header NAME -I DIR... --out FILE
      at build time: write a C program that, compiled with that header, prints what it defines
  compare.py check OURS THEIRS --as NAME --allowed FILE --least KIND=N...
      at test time: run two such programs and compare their output
  compare.py missing TEXT
      skip the test, saying why

A fact is a line "KIND NAME VALUE":

  value   a CK* macro whose expansion is an integer
  text    a CK* macro whose expansion is something else; the value is 0
  size    sizeof of a type; of a member too, as TYPE.MEMBER
  offset  offsetof, of TYPE.MEMBER
  slot    index of a function in a function table, as TABLE.FUNCTION; C_Initialize is 0
"""
import argparse
import re
import subprocess
import sys

SKIPPED = 77  # SKIP_RETURN_CODE of the tests
KINDS = ("value", "size", "offset", "slot")

CONSTANT = re.compile(r"#define (CK[A-Z]?_\w+)(?: |$)")  # no parameter list
INTEGER_TOKEN = re.compile(r"\b(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b|\b(?:unsigned|long|int)\b|<<|[()~|+\-\s]")
STRUCT = re.compile(r"\bstruct\s+(\w*)\s*\{([^{}]*)\}\s*(\w*)\s*;")
TYPEDEF = re.compile(r"\btypedef\s+(struct\s+)?(\w+)\s+(CK_\w+)\s*;")
OTHER_TYPEDEF = re.compile(r"\btypedef\s+[^;{}]*?[\s*](CK_\w+)\s*(?:\)\s*\([^;{}]*\))?\s*;")
MEMBER = re.compile(r"[\w\s*]*?\b(\w+)\s*(?:\[[^\]]*\])?")

PROGRAM = """\
/* Made by compare.py from <%s>. */
#include <%s>

#include <stddef.h>
#include <stdio.h>

#define SLOT(table, name) ((offsetof(table, name) - offsetof(table, C_Initialize)) / sizeof(CK_C_Initialize))

static void print(const char *kind, const char *name, unsigned long long value)
{
    printf("%%s %%s %%#llx\\n", kind, name, value);
}

int main(void)
{
%s
    return 0;
}
"""


class Preprocessor:
    def __init__(self, args):
        self.include = f"#include <{args.header}>\n"
        self.command = [args.cc, "-E", "-x", "c"] + [f"-I{d}" for d in args.directories]

    def run(self, text, *flags):
        return subprocess.run(self.command + [*flags, "-"], input=self.include + text, text=True, check=True,
                              stdout=subprocess.PIPE).stdout


def constants(cpp):
    """{name: whether it is an integer} of the CK* macros; CK_PTR, for one, is none."""
    names = sorted({m[1] for m in map(CONSTANT.match, cpp.run("", "-dM").splitlines()) if m})
    expanded = cpp.run("".join(f'expand "{n}" {n}\n' for n in names), "-P")
    found = re.findall(r'^expand "(\w+)" ?(.*)$', expanded, re.M)
    if len(found) != len(names):
        sys.exit(f"{len(names)} macros, {len(found)} expansions")
    return {n: re.search(r"[0-9]", e) is not None and INTEGER_TOKEN.sub("", e) == "" for n, e in found}


def types(cpp):
    """Structures as {name: members}, and the names of all other complete types, of the CK_ types defined."""
    text = cpp.run("", "-P")
    tags, structs, others = {}, {}, set()
    for tag, body, name in STRUCT.findall(text):
        declarations = [d for d in map(str.strip, body.split(";")) if d]
        members = [MEMBER.fullmatch(d) for d in declarations]
        if not all(members):  # not of the simple form that PKCS #11 uses throughout
            if any(n.startswith("CK_") for n in (tag, name)):
                sys.exit(f"cannot read struct {tag} {name}: {declarations}")
            continue
        members = [m[1] for m in members]
        if tag:
            tags[tag] = members
        if name.startswith("CK_"):
            structs[name] = members
    incomplete = set()
    for struct, old, new in TYPEDEF.findall(text):
        if struct and old not in tags:
            incomplete.add(new)
        elif struct or old in structs:
            structs[new] = tags[old] if struct else structs[old]
    for name in OTHER_TYPEDEF.findall(text):
        if name not in structs and name not in incomplete:
            others.add(name)
    return structs, others


def write_facts(args):
    cpp = Preprocessor(args)
    structs, others = types(cpp)
    lines = []
    for name, integer in constants(cpp).items():
        kind, value = ("value", f"(unsigned long long)({name})") if integer else ("text", "0")
        lines.append(f'    print("{kind}", "{name}", {value});')
    lines += [f'    print("size", "{n}", sizeof({n}));' for n in sorted(others)]
    for name, members in sorted(structs.items()):
        lines.append(f'    print("size", "{name}", sizeof({name}));')
        for m in members:
            lines.append(f'    print("size", "{name}.{m}", sizeof((({name} *)0)->{m}));')
            lines.append(f'    print("offset", "{name}.{m}", offsetof({name}, {m}));')
            if m.startswith("C_") and "C_Initialize" in members:  # an extension's table has none
                lines.append(f'    print("slot", "{name}.{m}", SLOT({name}, {m}));')
    with open(args.out, "w", encoding="ascii") as out:
        out.write(PROGRAM % (args.header, args.header, "\n".join(lines)))


def read_facts(program):
    """{(kind, name): value} as the program prints it."""
    facts = {}
    output = subprocess.run([program], text=True, check=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        kind, name, value = line.split()
        facts[kind, name] = int(value, 0)
    return facts


def read_allowed(path, foreign):
    """{(kind, name): (ours, theirs)}, the lines of the list that are about this foreign header."""
    allowed = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.partition("#")[0].split()
            if words and words[0] == foreign:
                _, kind, name, *pair = words
                allowed[kind, name] = tuple(None if v == "-" else int(v, 0) for v in pair)
    return allowed


def comparable(facts, others):
    """The facts of one header about names that the other header has too, be it with other facts."""
    structs = {n.partition(".")[0] for k, n in others if k == "offset"}
    for kind, name in facts:
        if ((kind, name) in others or (kind == "value" and ("text", name) in others)
                or (kind == "offset" and name.partition(".")[0] in structs)):
            yield kind, name


def shown(value):
    return "-" if value is None else f"{value:#x}"


def check(args):
    ours, theirs = read_facts(args.ours), read_facts(args.theirs)
    allowed = read_allowed(args.allowed, args.foreign)
    failures = 0
    for fact in sorted({*comparable(ours, theirs), *comparable(theirs, ours)}):
        pair = (ours.get(fact), theirs.get(fact))
        if pair[0] != pair[1] and allowed.get(fact) != pair:
            print(f"differs: {fact[0]} {fact[1]}: ours {shown(pair[0])}, {args.foreign} {shown(pair[1])}")
            failures += 1
    for fact, pair in sorted(allowed.items()):
        if (ours.get(fact), theirs.get(fact)) != pair:
            print(f"note: the allowed difference of {fact[0]} {fact[1]} is not there")
    common = ours.keys() & theirs.keys()
    count = {k: sum(1 for kind, _ in common if kind == k) for k in KINDS}
    print(f"compared with {args.foreign}:", ", ".join(f"{n} {k}s" for k, n in count.items()))
    for kind, least in (limit.split("=") for limit in args.least):
        if count[kind] < int(least):
            print(f"only {count[kind]} {kind}s compared, expected at least {least}")
            failures += 1
    return 1 if failures else 0


def missing(args):
    print(f"skipped: {args.text}")
    return SKIPPED


def main():
    parser = argparse.ArgumentParser(description="Compares two PKCS #11 headers.")
    commands = parser.add_subparsers(required=True)
    sub = commands.add_parser("facts")
    sub.add_argument("--cc", required=True)
    sub.add_argument("--header", required=True)
    sub.add_argument("-I", dest="directories", action="append", default=[])
    sub.add_argument("--out", required=True)
    sub.set_defaults(run=write_facts)
    sub = commands.add_parser("check")
    sub.add_argument("ours")
    sub.add_argument("theirs")
    sub.add_argument("--as", dest="foreign", required=True)
    sub.add_argument("--allowed", required=True)
    sub.add_argument("--least", nargs="+", required=True)
    sub.set_defaults(run=check)
    sub = commands.add_parser("missing")
    sub.add_argument("text")
    sub.set_defaults(run=missing)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
