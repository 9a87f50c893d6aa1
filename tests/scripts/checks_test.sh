#!/usr/bin/env bash
# Proves that each check in scripts/ accepts a clean tree and refuses a planted fault, naming it:
#   tests/scripts/checks_test.sh WORK_FOLDER
# Skipped (exit code 77) where there is no /dev/fd, which the checks need.
set -uo pipefail
if [[ ! -d /dev/fd ]]; then
  echo 'skipped: this system has no /dev/fd (is /proc mounted?)'
  exit 77
fi
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
work=${1:?the folder to work in}
rm -rf "$work" && mkdir -p "$work" || exit
failures=0
cases=0

# A small tree that passes every check.
clean_tree() {
  rm -rf "$work/tree"
  mkdir -p "$work"/tree/{include/chainrule,src/{core,kernels,ops,plan,nn,data},cli,docs,scripts}
  cd "$work/tree" || exit
  printf '#include <string>\n#include "chainrule/shape.h"\n' >include/chainrule/nn.h
  printf '#include <vector>\n#include "core/text.h"\n#include "chainrule/error.h"\n' >src/core/shape.cpp
  printf '#include <hwy/highway.h>\n#include "chainrule/array.h"\n#include "kernels/gemm.h"\n' >src/kernels/gemm.cpp
  printf '#include "ops/op.h"\n#include "chainrule/ops.h"\n#include "graph/node.h"\n' >src/plan/key.cpp
  printf '#include <zlib.h>\n#include "chainrule/data.h"\n' >src/data/gzip.cpp
  printf '#include <fmt/format.h>\n#include "options.h"\n#include "nn/layer.h"\n' >cli/main.cpp
  printf 'throw ShapeError(\n    1, "no");\n// throw ValueError(9, "only a comment");\n' >>src/core/shape.cpp
  printf 'FileError error{60, "no"};\n' >>src/data/gzip.cpp
  printf '# Errors\n\n## Form\n' >docs/errors.md
  document E001 'Bad shape'
  document E060 'Bad file'
}

# document NUMBER TITLE: adds a section.
document() { printf '\n## %s %s\n\n**Cause.** c\n\n**Example.** e\n\n**Fix.** f\n' "$1" "$2" >>docs/errors.md; }

# lines COUNT: a file's worth.
lines() { seq 1 "$1" | sed 's|.*|// line|'; }

fail() {
  printf 'FAILED: %s\n' "$1"
  failures=$((failures + 1))
}

# accepts CHECK: the check passes on the tree as it is, and says nothing but warnings.
accepts() {
  cases=$((cases + 1))
  local output
  output=$("$scripts/check-$1.sh" . 2>&1) || fail "$1 refuses a tree that is in order: $output"
}

# refuses CHECK TEXT: the check fails, with TEXT in what it says. Leaves a clean tree behind.
refuses() {
  cases=$((cases + 1))
  local output
  if output=$("$scripts/check-$1.sh" . 2>&1); then
    fail "$1 accepts what should give: $2"
  elif [[ $output != *"$2"* ]]; then
    fail "$1 should say: $2; it says: $output"
  fi
  clean_tree
}

clean_tree
accepts includes
accepts file-sizes
accepts errors

# The direction of includes.
echo '#include "nn/layer.h"' >>src/core/shape.cpp
refuses includes 'src/core/shape.cpp:7: core includes nn/layer.h, but nn comes after core'
echo '  #  include "chainrule/nn.h"' >src/ops/unary.cpp
refuses includes 'ops includes chainrule/nn.h, but nn comes after ops'
echo '#include <chainrule/chainrule.h>' >src/nn/layer.cpp
refuses includes 'nn includes chainrule/chainrule.h'
echo '#include "chainrule/novelty.h"' >src/nn/layer.cpp
refuses includes 'name the room behind this public header'
printf '#include "cli/main.h"\n' >src/data/loader.cpp
refuses includes 'data includes cli/main.h, but cli comes after data'
printf '#include "chainrule/tensor.h"\n' >src/kernels/gemm.h
refuses includes 'kernels includes chainrule/tensor.h'
echo '#include "ops/unary.h"' >>src/plan/key.cpp
refuses includes 'plan includes ops/unary.h, but sees ops only through ops/op.h'
mkdir src/autodiff && echo '#include "ops/op_list.def"' >src/autodiff/backward.cpp
refuses includes 'autodiff includes ops/op_list.def'
echo '#include "gemm.h"' >>src/kernels/gemm.cpp
refuses includes '"gemm.h" is not written from the root of src/'
mkdir src/cellar && echo '#include "core/text.h"' >src/cellar/wine.cpp
refuses includes 'room cellar is not in kRooms'

# Third-party headers.
echo '#include "hwy/highway.h"' >src/nn/layer.cpp
refuses includes '<hwy/highway.h> is not for nn'
echo '#include <zlib.h>' >>src/core/shape.cpp
refuses includes '<zlib.h> is not for core'
echo '#include <fmt/format.h>' >src/ops/unary.cpp
refuses includes '<fmt/format.h> is not for ops'
for header in '<hwy/highway.h>' '<unistd.h>' '"core/text.h"' '"shape.h"' '<Eigen>'; do
  echo "#include $header" >>include/chainrule/nn.h
  refuses includes 'a public header includes only chainrule/ and the standard library'
done

# File sizes.
lines 501 >src/core/long.cpp
refuses file-sizes 'src/core/long.cpp: 501 lines'
lines 501 >scripts/long.sh
refuses file-sizes 'scripts/long.sh: 501 lines'
lines 500 >src/core/long.cpp
accepts file-sizes
lines 501 >src/core/long.cpp
echo 'src/core/long.cpp a table, one row an op' >scripts/large-files.txt
accepts file-sizes
echo 'src/core/long.cpp' >scripts/large-files.txt
refuses file-sizes 'src/core/long.cpp has no reason'
echo 'src/core/shape.cpp was long once' >scripts/large-files.txt
refuses file-sizes 'src/core/shape.cpp does not need to be named'

# Error numbers.
echo 'throw ValueError(12, "no");' >>cli/main.cpp
refuses errors 'cli/main.cpp: E012 has no section'
printf 'std::make_exception_ptr(chainrule::NotDifferentiable{\n  13,\n  "no"});' >src/ops/unary.cpp
refuses errors 'src/ops/unary.cpp: E013 has no section'
printf 'throw error(61, "no");' >src/data/idx.cpp
refuses errors 'src/data/idx.cpp: E061 has no section'
printf 'FileError bad() {\n  return {62,\n cat("[data] no")};\n}' >src/data/idx.cpp
refuses errors 'src/data/idx.cpp: E062 has no section'
printf 'return {70, "[data] no"};' >cli/png.cpp
refuses errors 'cli/png.cpp: E070 has no section'
printf 'const int sizes[] = {64, 7}; return {65, 7};' >cli/png.cpp
accepts errors
document E070 'Nobody throws this'
refuses errors 'E070 is nowhere used'
document E070 'Not yet thrown (reserved)'
accepts errors
echo 'throw ValueError(70, "no");' >>cli/main.cpp
refuses errors 'E070 is used by cli/main.cpp'
document E060 'Twice'
refuses errors 'E060 has two sections'
document E007 'Late (reserved)'
refuses errors 'E007 stands after E060'
sed -i '0,/^\*\*Fix/s/^\*\*Fix.*//' docs/errors.md
refuses errors 'E001 has no Fix'
echo 'throw FileError(code, "no");' >>cli/main.cpp
refuses errors 'cli/main.cpp: an error whose number is not a literal'
printf '// check-errors: E060\nthrow FileError(code, "no");\n' >>cli/main.cpp
accepts errors
printf '// check-errors: E060 E061\nthrow FileError(code, "no");\n' >>cli/main.cpp
refuses errors 'cli/main.cpp: E061 has no section'

accepts prose
printf 'a b%.0s' {1..41} >docs/long.md
refuses prose 'docs/long.md:1: 123 columns, more than 120'
printf '网络 层%.0s' {1..17} >docs/long.md
accepts prose
printf '网络 层，%.0s' {1..14} >docs/long.md
refuses prose 'docs/long.md:1: 126 columns, more than 120'
printf 'é→ %.0s' {1..40} >docs/long.md
accepts prose
{
  printf '```\n'
  printf 'a b%.0s' {1..41}
  printf '\n```\n'
} >docs/code.md
accepts prose

printf '%d cases, %d failed\n' "$cases" "$failures"
((failures == 0))
