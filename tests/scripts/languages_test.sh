#!/usr/bin/env bash
# README.zh.md says what README.md says: the same headings, programs, commands, tables and links, in their order.
set -euo pipefail
cd "$(dirname "$0")/../.."

# parts FILE: what does not depend on the language. Of commands, what stands before a comment.
parts() {
  sed -E -e '/^<!--/,/-->$/d' -e '/^\[(中文|English)\]/,/^$/d' "$1" | awk '
    /^```/ { fenced = !fenced; print; next }
    fenced { print; next }
    /^    / { sub(/ +#.*/, ""); print; next }
    /^#+ / { print $1; next }
    /^\|/ { print "row of " gsub(/\|/, "|"); next }
    /^- / { print "item" }
    { while (match($0, /\]\([^)]+\)/)) { print substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }
  ' | sed 's#docs/learn/zh/#docs/learn/#'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
parts README.md >"$work/README.md"
parts README.zh.md >"$work/README.zh.md"
if [[ $(wc -l <"$work/README.md") -lt 50 ]]; then
  echo 'README.md has hardly any parts: is this test reading it right?' >&2
  exit 1
fi
diff -u "$work/README.md" "$work/README.zh.md"
