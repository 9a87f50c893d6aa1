#!/usr/bin/env bash
# The script ./chainrule, between stand-ins for CMake and the tool:  tests/scripts/chainrule_test.sh WORK_FOLDER
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/fresh_machine.sh"
readonly kBuild='cmake --build --preset release -j 3 --target'

# A machine with all that the build and the tests need, and no apt-get.
ready_machine() {
  local name
  fresh_machine
  rm "$work/bin/apt-get"
  environment=(JOBS=3)
  for name in c++ ninja ccache pkg-config; do stub "$name" </dev/null; done
  stub ctest <<<"echo \"ctest \$* in \$PWD\""
  stub tool <<<"echo \"tool in \$PWD: \$*\""
  stub tests <<<"echo \"\$* of \$GTEST_TOTAL_SHARDS\""
  printf '%s\n' '[0/2] Re-checking globbed directories...' 'ninja: no work to do.' >"$work/ninja-says"
  stub cmake <<END
if [[ \$1 == --version ]]; then echo 'cmake version 3.25.1'; exit; fi
echo "cmake \$*" >>"$work/calls"
case \$1 in
  --preset)
    mkdir -p "build/\$2/bench"
    : >"build/\$2/build.ninja"
    echo '-- Configuring done'
    ;;
  --build)
    cat "$work/ninja-says"
    if grep -q FAILED "$work/ninja-says"; then exit 1; fi
    cp "$work/bin/tool" "build/\$3/chainrule"
    cp "$work/bin/tool" "build/\$3/bench/bench_kernels"
    mkdir -p "build/\$3/tests"
    for kind in unit config io nn optim data train plot ops errors hostile; do
      cp "$work/bin/tests" "build/\$3/tests/\${kind}_tests"
    done
    ;;
esac
END
}

chainrule() {
  : >"$work/calls"
  run "$work/tree/chainrule" "$@"
}

ready_machine
chainrule train --steps 3 --out 'a b'
same 'the tool runs where it was called from' "tool in $work/elsewhere: train --steps 3 --out a b" "$out"
same 'the first time' 'Building in build/release. The first time takes minutes.' "$err"
same 'the tool alone is built' "cmake --preset release -DCHAINRULE_BUILD_TESTS=OFF -DCHAINRULE_BUILD_BENCH=OFF
$kBuild chainrule_cli" "$(calls)"

chainrule explain x
same 'another command' "tool in $work/elsewhere: explain x" "$out"
same 'nothing is said where there is nothing to do' '' "$err"
same 'what is configured stays' "cmake --preset release"$'\n'"$kBuild chainrule_cli" "$(calls)"

ln -s "$work/tree/chainrule" "$work/bin/chainrule"
run chainrule data list
same 'through a link' "tool in $work/elsewhere: data list" "$out"

chainrule test -R Shape
same 'ctest' "ctest --preset release -j 3 -R Shape in $work/tree" "$out"
same 'tests and benchmarks are built' "cmake --preset release -DCHAINRULE_BUILD_TESTS=ON -DCHAINRULE_BUILD_BENCH=ON
$kBuild all" "$(calls)"

chainrule gallery
same 'the pages of the lessons' "cmake --preset release -DCHAINRULE_BUILD_TESTS=ON"$'\n'"$kBuild gallery" "$(calls)"
mkdir -p "$work/tree/examples/learn"
: >"$work/tree/examples/learn/01_apples.cpp"
chainrule lesson 99_none
same 'a lesson that is not there' '2 which lesson? One of:' "$code $(head -n 1 <<<"$err")"
same 'the lessons are named' 01_apples "$(sed -n 2p <<<"$err")"

environment+=(CMAKE_FLAGS='-DA=1 -DB=2')
# shellcheck disable=SC2001
check_fast() {  # what it says, without the seconds
  chainrule check-fast
  out=$(sed 's/, [0-9]* s:/:/' <<<"$out")
}
check_fast
same 'options for CMake' 'cmake --preset dev -DA=1 -DB=2' "$(head -n 1 "$work/calls")"
same 'fast tests' 'config, part 1 of 3: --gtest_brief=1 of 3' "$(sort <<<"$out" | head -n 1)"
same 'all of them' 33 "$(grep -c 'part [123] of 3: --gtest_brief=1 of 3' <<<"$out")"
same 'they pass' 0 "$code"
stub tests <<<"echo told; exit \$((GTEST_SHARD_INDEX == 1))"
check_fast
same 'what a part that fails says' 'unit, part 2 of 3: told
FAILED with exit code 1' "$(grep -A 1 'unit, part 2' <<<"$out")"
same 'one that fails' no "$([[ $code == 0 ]] || echo no)"

chainrule bench xor
same 'bench with options' "tool in $work/elsewhere: bench xor" "$out"
chainrule bench
same 'bench alone' "tool in $work/elsewhere: bench
== $work/tree/build/release/bench/bench_kernels
tool in $work/elsewhere: " "$out"

printf '%s\n' '[1/2] Building a' 'FAILED: a' 'a.cpp:1: error' >"$work/ninja-says"
chainrule train
same 'a build that fails: stdout' '' "$out"
same 'a build that fails: stderr' '[1/2] Building a
FAILED: a
a.cpp:1: error' "$err"
same 'a build that fails: code' 1 "$code"

chainrule clean
same 'clean' no "$([[ -e $work/tree/build ]] || echo no)"

rm "$work/bin/ninja"
chainrule train
same 'what is missing ends it' 1 "$code"
same 'and is named' 'Missing, by the names that Debian gives them: ninja-build' "$(head -n 1 <<<"$err")"
same 'nothing is built' '' "$(calls)"

for word in '' help -h --help; do
  chainrule ${word:+"$word"}
  same "help '$word': code" 0 "$code"
  same "help '$word': needs nothing" '' "$(calls)$err"
  # shellcheck disable=SC2013  # the targets are words
  for target in $(sed -n 's/^targets := //p' "$source/Makefile"); do
    same "help '$word' names $target" yes "$(grep -q "^./chainrule $target " <<<"$out" && echo yes)"
  done
done

finish
