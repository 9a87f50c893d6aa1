#!/usr/bin/env bash
# Builds a program against the installed library as an outside project, runs it, and compares what it prints:
#   consumer_test.sh cmake PREFIX WORK        main.cpp, found by find_package
#   consumer_test.sh pkg-config PREFIX WORK   main.cpp, found by pkg-config
#   consumer_test.sh onnx PREFIX WORK         onnx/, the component onnx, found by both
#   consumer_test.sh readme PREFIX WORK       the first C++ example of README.md; prints the block after it
#   consumer_test.sh page PREFIX WORK         the project of docs/learn/39_project.md; prints its text
#   consumer_test.sh inside PREFIX WORK       its second one, with the sources inside: the library is not built
#   consumer_test.sh fetched PREFIX WORK      its third one, which fetches them: the same
set -euo pipefail
kind=$1
prefix=$2
work=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
readme=$root/README.md
page=$root/docs/learn/39_project.md
rm -rf "$work" && mkdir -p "$work"

# block LANGUAGE: the first fenced block of README.md in that language, from the first C++ block on.
block() {
  awk -v wanted="$1" '
    /^```cpp/ { seen = 1 }
    inside && /^```/ { exit }
    inside { print }
    seen && $0 == "```" wanted { inside = 1 }' "$readme"
}

# nth N LANGUAGE: a block of the page in that language, from 1.
nth() {
  awk -v wanted="$1" -v fence='```'"$2" '
    inside && /^```/ { inside = 0 }
    inside && seen == wanted { print }
    $0 == fence { inside = 1; ++seen }' "$page"
}

# project N: the page's Nth CMakeLists.txt and its program, in a folder of their own.
project() {
  mkdir "$work/project"
  nth "$1" cmake >"$work/project/CMakeLists.txt"
  nth 1 cpp >"$work/project/main.cpp"
  [[ -s $work/project/CMakeLists.txt && -s $work/project/main.cpp ]]
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
  onnx)
    cmake -S "$here/onnx" -B "$work/build" -G Ninja "-DCMAKE_PREFIX_PATH=$prefix"
    cmake --build "$work/build"
    "$work/build/consumer" | diff "$work/expected.txt" -
    pc=$(dirname "$(find "$prefix" -name chainrule-onnx.pc)")
    mapfile -t flags < <(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs chainrule-onnx | xargs -n 1)
    "${CXX:-c++}" -std=c++20 "$here/onnx/main.cpp" "${flags[@]}" -o "$work/program"
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
  page)
    project 1
    nth 1 text >"$work/expected.txt"
    cmake -S "$work/project" -B "$work/build" -G Ninja "-DCMAKE_PREFIX_PATH=$prefix"
    cmake --build "$work/build"
    cp "$work/build/leaves" "$work/program"
    ;;
  inside | fetched)
    if [[ $kind == inside ]]; then
      project 2
      ln -s "$(cd "$root" && pwd)" "$work/project/chainrule"
    else
      project 3
      grep -q FetchContent_MakeAvailable "$work/project/CMakeLists.txt"
    fi
    cmake -S "$work/project" -B "$work/build" -G Ninja "-DFETCHCONTENT_SOURCE_DIR_CHAINRULE=$(cd "$root" && pwd)"
    ninja -C "$work/build" -t query leaves
    ninja -C "$work/build" CMakeFiles/leaves.dir/main.cpp.o # it finds the headers
    exit 0
    ;;
  *)
    echo "unknown kind $kind" >&2
    exit 2
    ;;
esac

"$work/program" >"$work/actual.txt"
diff -u "$work/expected.txt" "$work/actual.txt"
