#!/usr/bin/env bash
# What scripts/install-deps.sh does where nobody sits at a terminal:  tests/scripts/install_test.sh WORK_FOLDER
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/fresh_machine.sh"
readonly kUpdate='apt-get -q -o DPkg::Lock::Timeout=300 update '
readonly kInstall='apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends clang-format '
readonly kByHand='apt-get update && apt-get install --no-install-recommends clang-format'
readonly kTried="Missing: clang-format
Installing them with apt-get. This can take some minutes."

install() { run "$work/tree/scripts/install-deps.sh" "$@"; }

# said NAME CODE TEXT: the exit code, and all that was said, on stderr.
said() {
  same "$1: code" "$2" "$code"
  same "$1: stderr" "$3" "$err"
  same "$1: stdout" '' "$out"
}

fresh_machine
install lint
said 'installs' 0 "$kTried"
same 'calls' "$kUpdate"$'\n'"$kInstall" "$(calls)"
same 'no log is left' '' "$(find "$work" -name 'tmp.*')"

: >"$work/calls"
install lint
said 'nothing is missing' 0 ''
same 'apt-get is not called' '' "$(calls)"

install lint window
said 'unknown group' 2 'Unknown group "window". The groups are: build test lint bench plot site cross torch onnx dist python web.'

fresh_machine
not_root
environment=(http_proxy=http://proxy:3142)
install lint
said 'sudo' 0 "${kTried/with /with sudo }"
same 'sudo and the proxy' "sudo
${kUpdate}http://proxy:3142
sudo
${kInstall}http://proxy:3142" "$(calls)"
environment=()

fresh_machine
not_root
rm "$work/bin/sudo"
install lint
said 'neither root nor sudo' 1 "Missing: clang-format
Not root, and there is no sudo. As root, run:
  $kByHand"
same 'apt-get is not called' '' "$(calls)"

fresh_machine
rm "$work/bin/apt-get"
install lint
said 'another system' 1 'Missing, by the names that Debian gives them: clang-format
Please install them with the package manager of this system (cmake must be 3.25 or newer).'

install build
same 'another system, without a compiler: code' 1 "$code"
for package in g++ cmake ninja-build zlib1g-dev libhwy-dev; do
  same "$package is named" yes "$(grep -qwF -- "$package" <<<"$err" && echo yes)"
done

fresh_machine
stub apt-get <<<'echo "E: Temporary failure resolving deb.debian.org" >&2; exit 100'
install lint
said 'offline' 1 "$kTried
apt-get update failed; trying with the package lists that are there.
apt-get failed. The end of what it said:
E: Temporary failure resolving deb.debian.org
E: Temporary failure resolving deb.debian.org
Is this machine offline, or behind a proxy (http_proxy)? To try again by hand:
  $kByHand"

fresh_machine
cp "$work/bin/apt-get" "$work/bin/apt-get.works"
stub apt-get <<<'[[ $* != *update* ]] && exec apt-get.works "$@"'
install lint
said 'old lists do' 0 "$kTried
apt-get update failed; trying with the package lists that are there."

fresh_machine
stub apt-get <<<'exit 0'
install lint
said 'installed in vain' 1 "$kTried
Installed, but still not found (cmake must be 3.25 or newer): clang-format"

finish
