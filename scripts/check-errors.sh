#!/usr/bin/env bash
# Checks that the error numbers in the code and in docs/errors.md agree:  scripts/check-errors.sh [ROOT]
#
# A number is used where an error is made, in one of these ways:
#   ShapeError(12, ...)    op_error<ShapeError>(12, ...)    FileError error{60, ...}    return {60, cat(...    throw any_name(60, ...
# Where an error is thrown in another way, the file lists its numbers in a comment: // check-errors: E060 E061
#
# - Each number used has a section "## E012 Title" with paragraphs that begin with Cause, Example and Fix.
# - Each section's number is used, unless its title ends in "(reserved)".
# - Sections are in ascending order, each number once.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

mapfile -d '' -t sources < <(find include src cli python web -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.def' \) \
  -print0 2>/dev/null | LC_ALL=C sort -z)

awk '
function fail(message) {
  print message
  ++failures
}

# Notes the numbers in a text without line breaks and comments, wherever the pattern, which ends in a number and
# what follows it, matches.
function scan(path, text, pattern, made) {
  while (match(text, pattern)) {
    made = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    match(made, /[0-9]+ *,/)
    used[sprintf("E%03d", substr(made, RSTART) + 0)] = path
  }
}

function scan_file(path, text) {
  scan(path, text, "(Error|NotDifferentiable)>?( +[a-z_]+)? *[({] *[0-9]+ *,")
  scan(path, text, "throw +[A-Za-z_:]+ *[({] *[0-9]+ *,")
  scan(path, text, "return *[{] *[0-9]+ *, *(cat *[(]|\"\\[)")
  if (!(path in listed) &&
      match(text, /throw +([A-Za-z_]+::)*[A-Za-z_]*(Error|NotDifferentiable) *[({] *[^0-9 ]/))
    fail(path ": an error whose number is not a literal; list the numbers: // check-errors: E060 E061")
}

function compare(number, i) {
  if (number in used && !(number in documented)) {
    fail(used[number] ": " number " has no section in docs/errors.md")
  } else if (number in used && documented[number] ~ /\(reserved\)$/) {
    fail("docs/errors.md: " number " is used by " used[number] ": take \"(reserved)\" from its title")
  } else if (number in documented) {
    if (!(number in used) && documented[number] !~ /\(reserved\)$/) fail("docs/errors.md: " number " is nowhere used")
    for (i = 1; i <= 3; ++i)
      if (!((number, words[i]) in has)) fail("docs/errors.md: " number " has no " words[i])
  }
}

BEGIN { split("Cause Example Fix", words, " ") }

FNR == 1 { file = FILENAME; if (file != "docs/errors.md") files[++file_count] = file }

file == "docs/errors.md" {
  if (/^## E[0-9][0-9][0-9]( |$)/) {
    section = $2
    if (section in documented) fail("docs/errors.md: " section " has two sections")
    else if (section < last) fail("docs/errors.md: " section " stands after " last)
    documented[section] = $0
    last = section
    if (NF < 3) fail("docs/errors.md: " section " has no title")
  } else if (/^## /) {
    section = ""
  } else if (section != "" && /^[*_# -]*(Cause|Example|Fix)/) {
    word = $0
    sub(/^[*_# -]*/, "", word)
    match(word, /^(Cause|Example|Fix)/)
    has[section, substr(word, 1, RLENGTH)] = 1
  }
  next
}

{
  line = $0
  if (match(line, /\/\/ *check-errors:/)) {
    count = split(substr(line, RSTART + RLENGTH), list, " ")
    for (i = 1; i <= count; ++i) used[list[i]] = file
    listed[file] = 1
  }
  sub(/(^|[^:"])\/\/.*/, "", line)
  text_of[file] = text_of[file] " " line
}

END {
  for (i = 1; i <= file_count; ++i) scan_file(files[i], text_of[files[i]])
  for (i = 0; i < 1000; ++i) compare(sprintf("E%03d", i))
  if (failures) printf "check-errors: %d wrong\n", failures
  exit failures > 0
}' "${sources[@]}" docs/errors.md >&2
