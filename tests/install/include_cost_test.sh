#!/usr/bin/env bash
# Fails if compiling nothing but `#include <chainrule/chainrule.h>` costs a LIMIT of CPU seconds or more:
#   include_cost_test.sh LIMIT INCLUDE_FOLDER WORK
# User and system time of the whole compiler run, the smallest of three; nothing is subtracted.
set -euo pipefail
limit=$1
include=$2
work=$3
compiler=${CXX:-c++}
mkdir -p "$work"
echo '#include <chainrule/chainrule.h>' >"$work/include.cpp"

TIMEFORMAT='%U %S'
for _ in 1 2 3; do
  { time "$compiler" -std=c++20 -fsyntax-only -I "$include" "$work/include.cpp" 2>"$work/messages.txt"; } 2>&1
done | awk -v limit="$limit" '
  { cost = $1 + $2; if (NR == 1 || cost < least) least = cost }
  END { printf "%.3f s of CPU, the limit is %.3f s\n", least, limit; exit NR != 3 || least >= limit }'
