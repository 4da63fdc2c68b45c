#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# self.sh <C compiler> <C++ compiler> <include folder>
# Compiles self.c in every language that the header is for.
set -eu
cc=$1 cxx=$2 include=$3
source=$(dirname "$0")/self.c
warnings="-pedantic-errors -Wall -Wextra -Wpedantic -Wundef -Werror"

compile() {
    echo "$*"
    "$@" $warnings -I "$include" -fsyntax-only "$source"
    "$@" $warnings -I "$include" -fsyntax-only -DOWN_MACROS "$source"
}

for std in c99 c11 c17 c2x; do
    compile "$cc" -std=$std -Wstrict-prototypes
done
if ! command -v "$cxx" >/dev/null; then
    echo "skipped: no C++ compiler; the C part passed"
    exit 77
fi
for std in c++11 c++17; do
    compile "$cxx" -std=$std -x c++
done
