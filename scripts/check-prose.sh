#!/usr/bin/env bash
# Checks that lines of prose in Markdown are short enough to read and to compare:  scripts/check-prose.sh [ROOT]
#
# At most 120 columns, of which a Chinese character takes two, but for tables, code, what cannot be broken (a link alone on its line, a mark), and pages that
# begin with the words that a program has written them.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

find . -name '*.md' -not -path './build/*' -not -path '*/node_modules/*' -print0 | LC_ALL=C sort -z |
  LC_ALL=C xargs -0 -r awk '
    FNR == 1 { fenced = 0; written = /^<!-- Written by/ }
    /^ *```/ { fenced = !fenced; next }
    written || fenced || /^\|/ || /^    / || /^\{\{/ || /^<!--/ || !/ .* / { next }
    { gsub(/[\343-\351][\200-\277][\200-\277]|\357[\274-\277][\200-\277]/, "ww") }  # Chinese, and its marks
    { gsub(/[\200-\277]/, "") }  # all but the first byte of another character
    length > 120 { printf "%s:%d: %d columns, more than 120\n", FILENAME, FNR, length; failed = 1 }
    END { exit failed }'
