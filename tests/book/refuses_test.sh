#!/usr/bin/env bash
# write_lessons accepts the first lesson as it is, and says what is wrong of one that was tampered with:
#     refuses_test.sh WRITE_LESSONS SOURCE_FOLDER PROGRAMS WORK_FOLDER
# shellcheck disable=SC2016  # $0 is of the programs that are written here
set -euo pipefail
tool=$1 source=$2 programs=$3 work=$4
failed=0

# A copy of the tree, with the lesson's program in a folder of its own.
fresh() {
  rm -rf "$work"
  mkdir -p "$work/examples" "$work/docs" "$work/programs"
  cp -r "$source/examples/learn" "$work/examples"
  cp -r "$source/docs/learn" "$work/docs"
  cp "$programs/01_apples" "$work/programs"
}

# refuses WHAT CODE TEXT: the exit code, and what is said somewhere.
refuses() {
  local said code=0
  said=$("$tool" check "$work" "$work/programs" 01_apples 2>&1) || code=$?
  if [[ $code != "$2" || $said != *"$3"* ]]; then
    printf '%s: exit code %s, need %s; need "%s" in what it says:\n%s\n' "$1" "$code" "$2" "$3" "$said"
    failed=1
  fi
}

program() { printf '#!/bin/sh\n%s\n' "$1" >"$work/programs/01_apples"; }

fresh
refuses 'as it is' 0 ''
sed -i 's/220/221/' "$work/docs/learn/01_apples.md"
refuses 'another page' 1 '- two apples cost 221'
"$tool" write "$work" "$work/programs" 01_apples
refuses 'written anew' 0 ''
cmp "$source/docs/learn/zh/01_apples.md" "$work/docs/learn/zh/01_apples.md" || failed=1

fresh
program 'printf "passes 3, took %s ms\n\n" $$; exec "$(dirname "$0")/real" "$@"'
cp "$programs/01_apples" "$work/programs/real"
sed -i '1i {{output: passes}}\n' "$work/examples/learn/01_apples".*.md
"$tool" write "$work" "$work/programs" 01_apples
refuses 'another time' 0 ''
sed -i 's/passes 3/passes 4/' "$work/programs/01_apples"
refuses 'another number beside a time' 1 '+ passes 4, took'

fresh
sed -i 's/| 715.0/| 715.2/' "$work/examples/learn/01_apples.numbers"
refuses 'another number' 1 'three oranges it is 715, need 715.2'
fresh
echo >>"$work/docs/learn/pictures/01_apples_bill.svg"
refuses 'another picture' 1 '01_apples_bill.svg:'
fresh
sed -i '/^tax | /d' "$work/examples/learn/pictures.zh.words"
refuses 'a word that is missing' 1 'the words have no "tax", for 01_apples_bill.svg'
fresh
printf '//%.0s\n' {1..80} >>"$work/examples/learn/01_apples.cpp"
refuses 'a long program' 1 '01_apples.cpp: '
fresh
program 'echo half; exit 3'
refuses 'a program that fails' 1 'failed; it printed:'
program 'exec "$(dirname "$0")/real" "$@"'
cp "$programs/01_apples" "$work/programs/real"
refuses 'the same through another' 0 ''
program 'echo "(made here: nothing)"; exec "$(dirname "$0")/real" "$@"'
refuses 'data that were made' 77 'nothing): its page is left as it is'
program '"$(dirname "$0")/real" "$@"; echo "(left out: a part)"'
refuses 'a part that is not built' 77 '(left out: a part): its page is left as it is'
program 'exec "$(dirname "$0")/real"'
refuses 'a picture that is missing' 1 'the program draws no "bill"'
exit "$failed"
