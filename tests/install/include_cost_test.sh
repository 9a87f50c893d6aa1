#!/usr/bin/env bash
# Fails if compiling nothing but `#include <HEADER>` costs LIMIT times as much as compiling the standard headers that
# its interface is made of, which a program that uses it has anyway:
#   include_cost_test.sh LIMIT HEADER INCLUDE_FOLDER WORK
# User and system time of the whole compiler run, the smallest of nine, the two taken turn by turn: a busy or
# slow machine takes longer for both.
set -euo pipefail
limit=$1
header=$2
include=$3
work=$4
compiler=${CXX:-c++}
mkdir -p "$work"
printf '#include <%s>\n' "$header" >"$work/chainrule.cpp"
printf '#include <%s>\n' span string vector >"$work/standard.cpp"

TIMEFORMAT='%U %S'
for _ in {1..9}; do
  for file in chainrule standard; do
    printf '%s ' "$file"
    { time "$compiler" -std=c++20 -fsyntax-only -I "$include" "$work/$file.cpp" 2>"$work/messages.txt"; } 2>&1
  done
done | awk -v limit="$limit" '
  { cost = $2 + $3; if (!($1 in least) || cost < least[$1]) least[$1] = cost }
  END {
    if (NR != 18) { print "a header does not compile: see messages.txt"; exit 1 }
    ratio = least["chainrule"] / least["standard"]
    printf "%.3f s of CPU, the standard headers %.3f: %.2f times as much, the limit is %.2f\n",
           least["chainrule"], least["standard"], ratio, limit
    exit ratio >= limit
  }'
