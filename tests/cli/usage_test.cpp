// What the tool says to wrong options, and to those who ask for help.
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

TEST(Usage, VersionAndHelp) {
  const Outcome version = run_tool({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.substr(0, 10), "chainrule ");
  EXPECT_NE(version.out.find(" thread"), std::string::npos);

  const Outcome help = run_tool({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("Exit codes: 0 done, 1 failed, 2 wrong usage, 3"), std::string::npos);
  EXPECT_EQ(help.err, "");
  for (const char* command : {"train", "check", "data", "explain"}) {
    const Outcome of_command = run_tool({command, "--help"});
    EXPECT_EQ(of_command.code, 0);
    EXPECT_NE(of_command.out.find("Examples:"), std::string::npos) << command;
    EXPECT_NE(of_command.out, help.out);
  }
}

struct Wrong {
  std::vector<std::string> arguments;
  std::string message;
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << "chainrule";
  for (const std::string& argument : wrong.arguments) *out << " " << argument;
}

class WrongUsage : public testing::TestWithParam<Wrong> {};

TEST_P(WrongUsage, ExitsWith2AndNamesWhatIsWrong) {
  const Outcome outcome = run_tool(GetParam().arguments);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "chainrule: " + GetParam().message + "\n");
}

const std::string kSteps = " is not a whole number from 1 to 1000000000000. See chainrule train --help.";
const std::string kLr = " is not a number above 0 and at most 1e+38. See chainrule train --help.";

INSTANTIATE_TEST_SUITE_P(
    All, WrongUsage,
    testing::Values(
        Wrong{{}, "A subcommand is required. See chainrule --help."},
        Wrong{{"trian"}, "unknown command 'trian'. Did you mean train? See chainrule --help."},
        Wrong{{"frobnicate"}, "unknown command 'frobnicate'. See chainrule --help."},
        Wrong{{"data", "lst"}, "unknown command 'lst'. Did you mean list? See chainrule data --help."},
        Wrong{{"train", "--stesp", "3"},
              "unknown option '--stesp'. Did you mean --steps? See chainrule train --help."},
        Wrong{{"train", "extra"}, "unknown argument 'extra'. See chainrule train --help."},
        Wrong{{"train", "--steps", "0"}, "--steps: '0'" + kSteps},
        Wrong{{"train", "--steps", "-5"}, "--steps: '-5'" + kSteps},
        Wrong{{"train", "--steps", "1e3"}, "--steps: '1e3'" + kSteps},
        Wrong{{"train", "--steps", "99999999999999999999"}, "--steps: '99999999999999999999'" + kSteps},
        Wrong{{"train", "--steps=ten"}, "--steps: 'ten'" + kSteps},
        Wrong{{"train", "--lr", "nan"}, "--lr: 'nan'" + kLr},
        Wrong{{"train", "--lr", "inf"}, "--lr: 'inf'" + kLr},
        Wrong{{"train", "--lr", "0"}, "--lr: '0'" + kLr},
        Wrong{{"train", "--lr", "-0.1"}, "--lr: '-0.1'" + kLr},
        Wrong{{"train", "--lr", "0.1x"}, "--lr: '0.1x'" + kLr},
        Wrong{{"train", "--batch-size", "0"},
              "--batch-size: '0' is not an integer from 1 to 100000. See chainrule train --help."},
        Wrong{{"train", "--threads", "0"},
              "--threads: '0' is not a whole number from 1 to 1024. See chainrule train --help."},
        Wrong{{"train", "--seed", "-1"},
              "--seed: '-1' is not an integer, at least 0. See chainrule train --help."},
        Wrong{{"train", "--steps", "5", "--epochs", "1"},
              "--steps excludes --epochs. See chainrule train --help."},
        Wrong{{"check", "--h", "1"},
              "--h: '1' is not a number from 1e-08 to 0.01. See chainrule check --help."},
        Wrong{{"check", "--break", "W3"}, "--break: W3 not in {W1,b1,W2,b2}. See chainrule check --help."},
        Wrong{{"data", "show", "digits"}, "--out is required. See chainrule data show --help."}),
    [](const auto& wrong) { return "Case" + std::to_string(wrong.index); });

TEST(Usage, DataThatIsNotThereIsAFailureNotWrongUsage) {
  const Outcome outcome = run_tool({"train", "--data", "nist"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.substr(0, 24), "chainrule: [data] 'nist'");
  EXPECT_NE(outcome.err.find("(E069)"), std::string::npos);
}

TEST(Usage, AFullStdoutIsAFailure) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  const Outcome full = run_tool({"--version"}, {.stdout_path = "/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(full.err, "chainrule: cannot write to stdout: No space left on device.\n");
}

TEST(Usage, AClosedStdoutIsAFailure) {
  const Outcome closed = run_tool({"--help"}, {.close_stdout = true});
  EXPECT_EQ(closed.signal, 0);
  EXPECT_EQ(closed.code, 1);
  EXPECT_EQ(closed.err, "");
}

}  // namespace
}  // namespace chainrule::cli
