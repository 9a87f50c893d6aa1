#!/usr/bin/env bash
# Installs what the project needs and is not there yet:  scripts/install-deps.sh [GROUP...]
#
#   build   compiler, build tools, libraries          test    GoogleTest, Google Benchmark
#   lint    clang-format                              bench   NumPy and OpenBLAS, as a peer to compare with
#   plot    rsvg-convert, for plots as PNG            site    MkDocs and Doxygen, for the documentation as pages
#   cross   what C for 32 bits and for ARM is tested with
#   torch   PyTorch, which reads and writes what the tests of its names compare
#   dist    Open MPI, for training on several machines
#   onnx    ONNX and protobuf, ONNX's own tests    python  Python's headers, pybind11, NumPy, pytest
#   web     Emscripten, Node.js and npm, and Chromium, in which the pages are tested
#
# Without a group: build and test. What is there is found by looking (commands on the PATH, headers that the
# compiler finds), not by asking the package manager: so when nothing is missing, this takes a moment, needs
# no root, and works on any system. Only what is missing is installed, by apt-get; a person at a terminal is
# asked first (not with CI=true).
set -euo pipefail

# Debian package, group, and how to see that it is there: a command, a header, or a function below.
readonly kNeeds='
g++                   build  have_compiler
cmake                 build  have_cmake
ninja-build           build  command:ninja
ccache                build  command:ccache
pkg-config            build  command:pkg-config
libhwy-dev            build  header:hwy/highway.h
libeigen3-dev         build  have_eigen
zlib1g-dev            build  header:zlib.h
libpng-dev            build  header:png.h
libjpeg62-turbo-dev   build  header:jpeglib.h
libfmt-dev            build  header:fmt/format.h
libcli11-dev          build  header:CLI/CLI.hpp
nlohmann-json3-dev    build  header:nlohmann/json.hpp
libtomlplusplus-dev   build  header:toml++/toml.h
libzip-dev            build  header:zip.h
libcurl4-openssl-dev  build  have_curl
libgtest-dev          test   header:gtest/gtest.h
libbenchmark-dev      test   header:benchmark/benchmark.h
clang-format          lint   command:clang-format
python3-numpy         bench  have_numpy
libopenblas0-pthread  bench  have_openblas
librsvg2-bin          plot   command:rsvg-convert
mkdocs-material       site   have_material
doxygen               site   command:doxygen
doxygen-awesome-css   site   have_doxygen_style
gcc-12-multilib       cross  have_32_bits
gcc-12-arm-linux-gnueabihf cross command:arm-linux-gnueabihf-gcc-12
libc6-dev-armhf-cross cross  have_arm_headers
qemu-user             cross  command:qemu-arm
python3-torch         torch  have_torch
libonnx-dev           onnx   header:onnx/onnx_pb.h
libprotobuf-dev       onnx   header:google/protobuf/message.h
protobuf-compiler     onnx   command:protoc
python3-onnx          onnx   have_python_onnx
libopenmpi-dev        dist   have_mpi
openmpi-bin           dist   command:mpirun
python3-mpi4py        dist   have_module_mpi4py
python3-dev           python have_python_headers
pybind11-dev          python have_pybind11
python3-numpy         python have_numpy
python3-pytest        python have_module_pytest
python3-setuptools    python have_module_setuptools
python3-wheel         python have_module_wheel
python3-pip           python have_module_pip
python3-sklearn       python have_module_sklearn
mypy                  python command:mypy
emscripten            web    command:em++
nodejs                web    command:node
npm                   web    command:npm
chromium              web    command:chromium
'

compiler() { command -v "${CXX:-c++}" || command -v g++ || command -v clang++; }

have_compiler() { compiler >/dev/null; }

have_cmake() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version //p')
  [[ -n $version && $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) == 3.25 ]]
}

have_numpy() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("numpy") is None)' 2>/dev/null && return
  done
  return 1
}

have_torch() { /usr/bin/python3 -c 'import torch' 2>/dev/null; }

have_32_bits() { echo 'int main(void) { return 0; }' | gcc -m32 -x c - -o /dev/null 2>/dev/null; }

have_arm_headers() { [[ -f /usr/arm-linux-gnueabihf/include/math.h ]]; }

# Whichever Python it is for: Debian's is not always the first on the PATH.
have_python_onnx() { PYTHONPATH='' /usr/bin/python3 -c 'import onnx' 2>/dev/null; }

# has_module NAME: whether a Python that has NumPy has it.
has_module() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c "import importlib.util as u, sys; sys.exit(None in map(u.find_spec, ['numpy', '$1']))" 2>/dev/null &&
      return
  done
  return 1
}
have_module_pytest() { has_module pytest; }
have_module_setuptools() { has_module setuptools; }
have_module_wheel() { has_module wheel; }
have_module_pip() { has_module pip; }
have_module_mpi4py() { has_module mpi4py; }
have_module_sklearn() { has_module sklearn; }

have_python_headers() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import os, sys, sysconfig as s; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' \
      2>/dev/null && return
  done
  return 1
}

have_pybind11() { [[ -e /usr/include/pybind11/pybind11.h ]]; }

# Its headers lie in a folder of their own, which its compiler knows.
have_mpi() { command -v mpicxx >/dev/null && mpicxx --showme:version >/dev/null 2>&1; }

# Its headers lie in a folder of their own, which CMake finds.
have_eigen() { pkg-config --exists eigen3 2>/dev/null; }

have_material() { command -v mkdocs >/dev/null && [[ -d /usr/share/mkdocs/themes/material ]]; }

have_doxygen_style() { [[ -e /usr/share/doxygen-awesome-css/doxygen-awesome.css ]]; }

# Its headers lie in the folder of the architecture.
have_curl() { pkg-config --exists libcurl 2>/dev/null; }

have_openblas() { PATH=$PATH:/sbin ldconfig -p 2>/dev/null | grep -q libopenblas; }

# The headers among the arguments that the compiler does not find, one a line: a single preprocessor run.
missing_headers() {
  local cxx header
  if ! cxx=$(compiler); then
    printf '%s\n' "$@"
    return
  fi
  for header in "$@"; do
    printf '#if !__has_include(<%s>)\n"%s"\n#endif\n' "$header" "$header"
  done | "$cxx" -x c++ -std=c++20 -E -P - | tr -d '"'
}

# The packages of the given groups that are not there, one a line.
missing_packages() {
  local groups=" $* " package group test absent
  local -a headers=()
  while read -r package group test; do
    if [[ $groups == *" $group "* && $test == header:* ]]; then headers+=("${test#header:}"); fi
  done <<<"$kNeeds"
  absent=$'\n'$(missing_headers ${headers[@]+"${headers[@]}"})$'\n'
  while read -r package group test; do
    [[ -n $package && $groups == *" $group "* ]] || continue
    case $test in
      header:*) [[ $absent != *$'\n'"${test#header:}"$'\n'* ]] ;;
      command:*) command -v "${test#command:}" >/dev/null ;;
      *) "$test" ;;
    esac || printf '%s\n' "$package"
  done <<<"$kNeeds"
}

# find_missing GROUP...: sets missing. Not by < <(...), which needs /dev/fd: a plain chroot has none.
find_missing() { read -r -d '' -a missing <<<"$(missing_packages "$@")" || true; }

# say LINE...
say() { printf '%s\n' "$@" >&2; }

# Whether a person agrees. Nobody is asked where nobody sits at a terminal, and in CI.
agreed() {
  local answer
  [[ ${CI:-} != true && -t 0 && -t 2 ]] || return 0
  printf 'Install them with %s? [Y/n] ' "${as_root}apt-get" >&2
  if ! read -r answer; then
    say ''
    return 1
  fi
  [[ $answer =~ ^[[:space:]]*([Yy]([Ee][Ss])?)?[[:space:]]*$ ]]
}

# apt ARGUMENT...: apt-get as root, who gets the proxies of this user; what it prints goes to the log.
apt() {
  local -a settings=(DEBIAN_FRONTEND=noninteractive)
  local name
  for name in http_proxy https_proxy no_proxy; do
    if [[ -n ${!name:-} ]]; then settings+=("$name=${!name}"); fi
  done
  # shellcheck disable=SC2086  # as_root is one word or none
  $as_root env "${settings[@]}" apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

# install PACKAGE...: asks, installs, and says how to do it by hand where that is not to be or fails.
install() {
  local may_install=true
  as_root=''
  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null; then as_root='sudo '; else may_install=false; fi
  fi
  local get=${as_root}apt-get
  local by_hand="  $get update && $get install --no-install-recommends $*"
  say "Missing: $*"
  if ! $may_install; then
    say 'Not root, and there is no sudo. As root, run:' "$by_hand"
    return 1
  fi
  if ! agreed; then
    say 'Nothing was installed. To do it yourself:' "$by_hand"
    return 1
  fi
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  say "Installing them with $get. This can take some minutes."
  # The lists of a fresh machine are empty or stale. Where they cannot be fetched, the old ones may do.
  apt update || say 'apt-get update failed; trying with the package lists that are there.'
  if ! apt install -y --no-install-recommends "$@"; then
    say 'apt-get failed. The end of what it said:'
    tail -n 20 "$log" >&2
    say 'Is this machine offline, or behind a proxy (http_proxy)? To try again by hand:' "$by_hand"
    return 1
  fi
}

main() {
  local -a groups=("$@")
  ((${#groups[@]})) || groups=(build test)
  local group known
  known=$(awk 'NF { print $2 }' <<<"$kNeeds" | uniq | tr '\n' ' ')
  for group in "${groups[@]}"; do
    if [[ " $known" != *" $group "* ]]; then
      say "Unknown group \"$group\". The groups are: ${known% }."
      return 2
    fi
  done
  find_missing "${groups[@]}"
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    say "Missing, by the names that Debian gives them: ${missing[*]}"
    say 'Please install them with the package manager of this system (cmake must be 3.25 or newer).'
    return 1
  fi
  install "${missing[@]}"
  find_missing "${groups[@]}"
  if ((${#missing[@]})); then
    say "Installed, but still not found (cmake must be 3.25 or newer): ${missing[*]}"
    return 1
  fi
}

main "$@"
