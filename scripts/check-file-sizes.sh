#!/usr/bin/env bash
# Checks that no source file grows without end:  scripts/check-file-sizes.sh [ROOT]
#
# Over 500 lines: an error, unless scripts/large-files.txt names the file, with a reason.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

readonly kAllowed=scripts/large-files.txt
failures=0

complain() {
  printf '%s\n' "$1" >&2
  failures=$((failures + 1))
}

# The reason given for a file, empty if there is none.
reason_for() {
  [[ -f $kAllowed ]] || return 0
  awk -v path="$1" '$1 == path { $1 = ""; print substr($0, 2) }' "$kAllowed"
}

while IFS= read -r -d '' path; do
  lines=$(wc -l <"$path")
  if ((lines > 500)) && [[ -z $(reason_for "$path") ]]; then
    complain "$path: $lines lines, more than 500. Is it two ideas? If not, give the reason in $kAllowed."
  fi
done < <(find include src cli tests bench fuzz examples python web cmake scripts CMakeLists.txt Makefile -type f \
  ! -name '*.md' ! -name '*.txt' ! -path '*/data/*.csv' ! -path '*/__pycache__/*' -print0 2>/dev/null |
  LC_ALL=C sort -z)

# A reason outlives its file quickly: what is named must be there and must be large.
if [[ -f $kAllowed ]]; then
  while read -r path reason; do
    [[ -z $path || $path == \#* ]] && continue
    if [[ -z $reason ]]; then complain "$kAllowed: $path has no reason"; fi
    if [[ ! -f $path ]] || (($(wc -l <"$path") <= 500)); then
      complain "$kAllowed: $path does not need to be named any more"
    fi
  done <"$kAllowed"
fi

((failures == 0)) || {
  printf 'check-file-sizes: %d wrong\n' "$failures" >&2
  exit 1
}
