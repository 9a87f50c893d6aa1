# Sourced by the tests of the set-up scripts: a machine of stand-ins. PATH holds one folder with the basic commands,
# and stubs for apt-get, sudo and the build tools, which write down how they were called.
# shellcheck shell=bash disable=SC2034  # what is set here is used by the tests
set -uo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${1:?the folder to work in}
failures=0
cases=0

# stub NAME: a command whose script is stdin.
stub() {
  {
    printf '#!/usr/bin/env bash\n'
    cat
  } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# A machine of root's where nothing is installed but the basics, and apt-get works. clang-format is all that `lint`
# needs, so that group stands for the others.
fresh_machine() {
  local name
  rm -rf "$work"
  mkdir -p "$work"/{bin,tree/scripts,elsewhere}
  for name in awk bash cat chmod cp dirname env grep head mkdir mktemp nproc readlink rm script sed sh sort tail tr uniq xargs; do
    ln -s "$(type -P "$name")" "$work/bin/$name"
  done
  cp "$source/chainrule" "$work/tree"
  cp "$source/scripts/install-deps.sh" "$work/tree/scripts"
  printf '#!/usr/bin/env bash\necho linted\n' >"$work/tree/scripts/lint.sh"
  chmod +x "$work/tree/scripts/lint.sh"
  : >"$work/calls"
  stub id <<<'echo 0'
  stub apt-get <<END
echo "apt-get \$* \${http_proxy:-}" >>"$work/calls"
echo 'Reading package lists...'
if [[ \$* == *install* ]]; then cp "$work/bin/id" "$work/bin/clang-format"; fi
END
}

not_root() {
  stub id <<<'echo 1000'
  stub sudo <<<"echo sudo >>'$work/calls'; exec env -i PATH=\"\$PATH\" \"\$@\""
}

# run COMMAND...: runs it on that machine; sets out, err and code.
run() {
  out=$(cd "$work/elsewhere" && env -i PATH="$work/bin" TMPDIR="$work" ${environment[@]+"${environment[@]}"} \
    "$@" 2>"$work/err" </dev/null)
  code=$?
  err=$(<"$work/err")
}
environment=()

# same WHAT EXPECTED FOUND
same() {
  cases=$((cases + 1))
  [[ $2 == "$3" ]] && return
  printf 'FAILED: %s\n  expected: %s\n  found:    %s\n' "$1" "$2" "$3"
  failures=$((failures + 1))
}

calls() { cat "$work/calls"; }

finish() {
  printf '%d cases, %d failed\n' "$cases" "$failures"
  ((failures == 0))
}
