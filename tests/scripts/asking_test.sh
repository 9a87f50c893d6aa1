#!/usr/bin/env bash
# A person at a terminal is asked before something is installed:  tests/scripts/asking_test.sh WORK_FOLDER
# Skipped (exit code 77) where the system gives no pseudo-terminal.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/fresh_machine.sh"

if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  echo 'skipped: this system gives no pseudo-terminal (is /dev/pts mounted?)'
  exit 77
fi

# answer KEYS [SETTING...]: ./chainrule lint at a terminal where these keys are pressed; sets out and code.
answer() {
  local keys=$1
  shift
  fresh_machine
  out=$(printf '%b' "$keys" | env -i PATH="$work/bin" SHELL="$work/bin/sh" TMPDIR="$work" "$@" \
    script -qec "$work/tree/chainrule lint" /dev/null | tr -d '\r')
  code=$?
}

installs() {
  same "$1: code" 0 "$code"
  same "$1: apt-get is called" 2 "$(grep -c apt-get "$work/calls")"
  same "$1: goes on" linted "${out##*$'\n'}"
}

for keys in '\n' 'y\n' 'Yes\n' ' y \n'; do
  answer "$keys"
  installs "answer $keys"
  same "$keys: asks" yes "$(grep -qF 'Install them with apt-get? [Y/n] ' <<<"$out" && echo yes)"
done

for keys in 'n\n' 'no\n' 'yn\n' 'what?\n' ''; do
  answer "$keys"
  same "answer $keys: code" 1 "$code"
  same "answer $keys: apt-get is not called" '' "$(calls)"
  same "answer $keys: says how" 'Nothing was installed. To do it yourself:
  apt-get update && apt-get install --no-install-recommends clang-format' "Nothing${out#*Nothing}"
done

answer '' CI=true
installs 'CI'
same 'CI: does not ask' '' "$(grep '?' <<<"$out")"

finish
