#!/usr/bin/env bash
# Builds a program against the installed library as an outside project, runs it, and compares what it prints:
#   consumer_test.sh cmake PREFIX WORK        main.cpp, found by find_package
#   consumer_test.sh pkg-config PREFIX WORK   main.cpp, found by pkg-config
#   consumer_test.sh readme PREFIX WORK       the first C++ example of README.md; prints the block after it
set -euo pipefail
kind=$1
prefix=$2
work=$3
here=$(cd "$(dirname "$0")" && pwd)
readme=$here/../../README.md
rm -rf "$work" && mkdir -p "$work"

# block LANGUAGE: the first fenced block of README.md in that language, from the first C++ block on.
block() {
  awk -v wanted="$1" '
    /^```cpp/ { seen = 1 }
    inside && /^```/ { exit }
    inside { print }
    seen && $0 == "```" wanted { inside = 1 }' "$readme"
}

# build SOURCE: with find_package, as CMakeLists.txt here says.
build() {
  cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DEXAMPLE=$1" "-DCMAKE_PREFIX_PATH=$prefix"
  cmake --build "$work/build"
  cp "$work/build/consumer" "$work/program"
}

echo ok >"$work/expected.txt"
case $kind in
  cmake)
    build "$here/main.cpp"
    ;;
  pkg-config)
    pc=$(dirname "$(find "$prefix" -name chainrule.pc)")
    mapfile -t flags < <(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs chainrule | xargs -n 1)
    "${CXX:-c++}" -std=c++20 -O1 "$here/main.cpp" "${flags[@]}" -o "$work/program"
    ;;
  readme)
    block cpp >"$work/readme.cpp"
    block text >"$work/expected.txt"
    if [[ ! -s $work/readme.cpp || ! -s $work/expected.txt ]]; then
      echo "README.md has no cpp block that is followed by a text block with its output" >&2
      exit 1
    fi
    build "$work/readme.cpp"
    ;;
  *)
    echo "unknown kind $kind" >&2
    exit 2
    ;;
esac

"$work/program" >"$work/actual.txt"
diff -u "$work/expected.txt" "$work/actual.txt"
