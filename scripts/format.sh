#!/usr/bin/env bash
# Formats all C++ sources in place; with --check, changes nothing and fails where something would change.
set -euo pipefail
cd "$(dirname "$0")/.."

# Formatters of different versions disagree: the sources are in the form of this one (Debian 12, Ubuntu 22.04).
readonly kVersion=14
formatter=clang-format
if command -v "clang-format-$kVersion" >/dev/null; then formatter=clang-format-$kVersion; fi
if [[ $("$formatter" --version) != *" version $kVersion."* ]]; then
  printf 'warning: the sources are formatted with clang-format %s, this is %s\n' "$kVersion" "$("$formatter" --version)" >&2
fi

mapfile -d '' -t sources < <(find include src cli tests bench fuzz examples python web \
  \( -name '*.h' -o -name '*.cpp' \) -print0 2>/dev/null | LC_ALL=C sort -z)

if [[ ${1:-} != --check ]]; then
  "$formatter" -i "${sources[@]}"
elif ! findings=$("$formatter" --dry-run -Werror "${sources[@]}" 2>&1); then
  awk -F : '/clang-format-violations/ { if (!($1 in seen)) print $1 ": not formatted; make format does it"; seen[$1] }
            !/clang-format-violations/ && /error:/' <<<"$findings" >&2
  exit 1
fi
