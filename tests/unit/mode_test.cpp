// CHAINRULE_MODE, each time in a fresh process, where it has not been read yet.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Adds two numbers under CHAINRULE_MODE=mode; says on stderr when they were added, or what was thrown.
[[noreturn]] void add_under(const char* mode) {
  setenv("CHAINRULE_MODE", mode, 1);
  try {
    const Tensor sum = scalar(1) + scalar(2);
    std::fputs(sum.node()->has_value() ? "at the call" : "later", stderr);
  } catch (const ValueError& error) {
    std::fputs(error.what(), stderr);
  }
  std::_Exit(0);
}

TEST(ModeDeathTest, SaysWhenOperationsRun) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(add_under("eager"), ::testing::ExitedWithCode(0), "^at the call$");
  EXPECT_EXIT(add_under("verify"), ::testing::ExitedWithCode(0), "^later$");
  EXPECT_EXIT(add_under("lazy"), ::testing::ExitedWithCode(0), "^later$");
  EXPECT_EXIT(add_under(""), ::testing::ExitedWithCode(0), "^later$");
  EXPECT_EXIT(add_under("fast"), ::testing::ExitedWithCode(0),
              "^\\[environment\\] CHAINRULE_MODE is \"fast\". Need lazy, eager or verify; or unset it. "
              "\\(E003\\)$");
}

}  // namespace
}  // namespace chainrule
