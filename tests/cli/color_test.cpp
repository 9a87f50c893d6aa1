// When the tool uses colours.
#include <gtest/gtest.h>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

constexpr const char* kRed = "\x1b[1;31mchainrule:\x1b[0m unknown";

bool is_colored(const std::vector<std::string>& arguments, const Circumstances& setup) {
  const Outcome outcome = run_tool(arguments, setup);
  const std::string text = outcome.err + outcome.out;
  EXPECT_EQ(outcome.code, 2) << text;
  EXPECT_NE(text.find("unknown command 'trian'"), std::string::npos) << text;
  return text.find(kRed) != std::string::npos;
}

TEST(Color, FollowsTheOptionThenTheEnvironmentThenTheTerminal) {
  const std::vector<std::string> plain{"trian"}, always{"--color", "always", "trian"},
      never{"trian", "--color=never"};
  EXPECT_FALSE(is_colored(plain, {}));
  EXPECT_TRUE(is_colored(always, {}));
  EXPECT_TRUE(is_colored(always, {.environment = {"NO_COLOR=1"}}));
  EXPECT_TRUE(is_colored(plain, {.environment = {"FORCE_COLOR=1"}}));
  EXPECT_TRUE(is_colored(plain, {.environment = {"CLICOLOR_FORCE=1"}}));
  EXPECT_FALSE(is_colored(plain, {.environment = {"FORCE_COLOR=0"}}));
  EXPECT_FALSE(is_colored(plain, {.environment = {"FORCE_COLOR=1", "NO_COLOR=1"}}));
  EXPECT_FALSE(is_colored(never, {.environment = {"FORCE_COLOR=1"}}));
  if (!has_terminals()) GTEST_SKIP() << "this system has no pseudo-terminals";
  EXPECT_TRUE(is_colored(plain, {.terminal = true}));
  EXPECT_FALSE(is_colored(plain, {.terminal = true, .term = "dumb"}));
  EXPECT_FALSE(is_colored(plain, {.terminal = true, .environment = {"NO_COLOR=1"}}));
  EXPECT_FALSE(is_colored(never, {.terminal = true}));
}

TEST(Color, PaintsCaretsAndVerdicts) {
  EXPECT_NE(run_tool({"explain", "(w*2", "--color", "always"}).err.find("\n    \x1b[32m^\x1b[0m (E090)"),
            std::string::npos);
  const std::string check = run_tool({"check", "--hidden", "2", "--samples", "1", "--color", "always"}).out;
  EXPECT_NE(check.find("\x1b[32mThey agree.\x1b[0m"), std::string::npos) << check;
  const std::string broken =
      run_tool({"check", "--hidden", "2", "--samples", "1", "--break", "W1", "--color", "always"}).out;
  EXPECT_NE(broken.find("\x1b[1;31mThey do not agree"), std::string::npos) << broken;
  EXPECT_NE(broken.find("\x1b[1;31mDIFFERS\x1b[0m"), std::string::npos) << broken;
  EXPECT_EQ(run_tool({"check", "--hidden", "2", "--samples", "1"}).out.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace chainrule::cli
