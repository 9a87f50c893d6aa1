#!/usr/bin/env bash
# All checks that need no build: format, direction of includes, file sizes, error numbers, lines of prose, shell scripts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [[ ! -d /dev/fd ]]; then
  printf 'lint: this system has no /dev/fd, which the checks need (is /proc mounted?)\n' >&2
  exit 1
fi

failed=()
check() {
  local name=$1
  shift
  if "$@"; then printf 'lint: %-12s ok\n' "$name"; else failed+=("$name"); fi
}

check format scripts/format.sh --check
check includes scripts/check-includes.sh
check file-sizes scripts/check-file-sizes.sh
check errors scripts/check-errors.sh
check prose scripts/check-prose.sh
if command -v shellcheck >/dev/null; then
  mapfile -d '' -t scripts < <(find scripts tests -name '*.sh' -print0)
  check shell shellcheck -x chainrule .ci/run "${scripts[@]}"
else
  printf 'lint: shell        skipped, shellcheck is not installed\n'
fi

if ((${#failed[@]})); then
  printf 'lint: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
