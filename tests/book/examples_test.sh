#!/usr/bin/env bash
# The larger programs of examples/, shortly, with data that need no files from outside:
#     examples_test.sh PROGRAMS WORK_FOLDER
# lenet learns drawn digits and saves its net, read_digit reads a seven with it, tables learns three tables.
set -euo pipefail
programs=$1 work=$2
failed=0
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# above WHAT NUMBER BOUND
above() {
  awk -v is="$2" -v need="$3" 'BEGIN { exit !(is >= need) }' && return
  printf '%s: %s, need at least %s\n' "$1" "${2:-nothing}" "$3"
  failed=1
}

said=$("$programs/example_lenet" 1 0.3 digits)
above 'lenet, test.accuracy' "$(sed -n 's/.* test.accuracy \([0-9.]*\)$/\1/p' <<<"$said" | tail -n 1)" 0.9

# A seven of 28 x 28 as PGM: a bar, and a stroke down to the left.
{
  printf 'P5 28 28 255\n'
  for ((y = 0; y < 28; ++y)); do
    for ((x = 0; x < 28; ++x)); do
      left=$((17 - (y - 9) / 2)) # of the stroke
      if ((y >= 6 && y < 9 && x >= 8 && x < 20)) || ((y >= 9 && y < 23 && x >= left && x < left + 3)); then
        printf '\377'
      else
        printf '\0'
      fi
    done
  done
} >seven.pgm
read=$("$programs/example_read_digit" lenet.safetensors seven.pgm)
if [[ $read != *7* ]]; then
  printf 'read_digit: "%s", need 7\n' "$read"
  failed=1
fi

# Three kinds of flowers and birds that lie apart, and cars that need more the heavier they are.
awk 'BEGIN {
  print "length,width,species" >"iris.csv"
  print "species,bill,sex" >"penguins.csv"
  print "mpg,weight,power,name" >"mpg.csv"
  for (i = 0; i < 150; ++i) {
    kind = i % 3
    wave = (i * 7 % 11) / 11
    printf "%.3f,%.3f,%s\n", kind + 0.5 * wave, 2 - kind + 0.3 * wave, "k" kind >"iris.csv"
    printf "%s,%.3f,%s\n", "k" kind, 10 * kind + 3 * wave, i % 2 ? "MALE" : (i % 14 ? "FEMALE" : "") >"penguins.csv"
    printf "%.3f,%.3f,%.3f,car %d\n", 40 - 20 * wave - kind, 1000 + 2000 * wave, 50 + 10 * kind, i >"mpg.csv"
  }
}'
said=$("$programs/example_tables" .)
for name in iris penguins mpg; do
  above "tables, $name" "$(sed -n "s/^$name //p" <<<"$said")" 0.95
done
exit "$failed"
