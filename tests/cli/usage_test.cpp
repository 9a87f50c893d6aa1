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
  EXPECT_NE(help.out.find("Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3"), std::string::npos);
  EXPECT_EQ(help.err, "");
  for (const char* command :
       {"train", "init", "eval", "predict", "plot", "info", "list", "help", "check", "data", "explain"}) {
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

const std::string kSteps = "[config] --steps: 'steps' of train is ";
const std::string kLr = "[config] --lr: 'lr' of constant is ";

INSTANTIATE_TEST_SUITE_P(
    All, WrongUsage,
    testing::Values(
        Wrong{{},
              "a command is missing: train, init, eval, predict, generate, sweep, lr-find, plot, info, list, "
              "help, "
              "check, data, explain, graph, diff, export, bench, man, completion. See chainrule --help."},
        Wrong{{"trian"}, "unknown command 'trian'. Did you mean train? See chainrule --help."},
        Wrong{{"frobnicate"}, "unknown command 'frobnicate'. See chainrule --help."},
        Wrong{{"data", "lst"}, "unknown command 'lst'. Did you mean list? See chainrule data --help."},
        Wrong{{"train", "--stesp", "3"},
              "unknown option '--stesp'. Did you mean --steps? See chainrule train --help."},
        Wrong{{"train", "--steps", "0"}, "--steps: '0' trains nothing. See chainrule train --help."},
        Wrong{{"train", "--steps", "-5"}, kSteps + "-5. Need at least 0. (E228)"},
        Wrong{{"train", "--steps", "1.5"}, kSteps + "1.5, not whole. Need an integer, at least 0. (E232)"},
        Wrong{{"train", "--steps", "99999999999999999999"},
              kSteps + "1e+20, too large for an integer of 64 bits. Need an integer, at least 0. (E232)"},
        Wrong{{"train", "--steps=ten"}, kSteps + "the text \"ten\". Need an integer, at least 0. (E227)"},
        Wrong{{"train", "--lr", "nan"}, kLr + "nan. Need at least 0. (E228)"},
        Wrong{{"train", "--lr", "inf"}, kLr + "inf. Need a finite number, at least 0. (E228)"},
        Wrong{{"train", "--lr", "-0.1"}, kLr + "-0.1. Need at least 0. (E228)"},
        Wrong{
            {"train", "--lr", "0.1x"},
            "[config] --lr: '0.1x' is neither a word nor a number that a double holds. Put texts in quotes. "
            "(E221)"},
        Wrong{{"train", "--batch-size", "0"},
              "[config] --batch-size: 'batch_size' of train is 0. Need from 1 to 100000000. (E228)"},
        Wrong{{"train", "--threads", "0"},
              "--threads: '0' is not a whole number from 1 to 1024. See chainrule train --help."},
        Wrong{{"train", "--seed", "-1"}, "[config] --seed: 'seed' is -1. Need at least 0. (E228)"},
        Wrong{{"train", "--steps", "5", "--epochs", "1"},
              "--epochs excludes --steps. See chainrule train --help."},
        Wrong{{"train", "--optimizer", "adm"},
              "[config] --optimizer: unknown optimizer 'adm'. Did you mean 'adam'? (E230)"},
        Wrong{{"train", "--loss", "msee"},
              "[config] --loss: unknown loss 'msee'. Did you mean 'mse'? (E230)"},
        Wrong{{"check", "--h", "1"},
              "--h: '1' is not a number from 1e-08 to 0.01. See chainrule check --help."},
        Wrong{{"check", "--break", "W3"},
              "--break: 'W3' is none of W1, b1, W2, b2. See chainrule check --help."},
        Wrong{{"train", "--lrate", "3"},
              "unknown option '--lrate'. Did you mean --lr? See chainrule train --help."},
        Wrong{{"train", "", "--steps", "3"}, "FILE: FILE is empty. See chainrule train --help."},
        Wrong{{"train", "--out", ""}, "--out: RUN is empty. See chainrule train --help."},
        Wrong{{"data", "show", "digits"}, "--out is required. See chainrule data show --help."}),
    [](const auto& wrong) { return "Case" + std::to_string(wrong.index); });

TEST(Usage, DataThatIsNotThereIsAFailureNotWrongUsage) {
  const Outcome outcome = run_tool({"train", "--data", "nist"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.substr(0, 24), "chainrule: [data] 'nist'");
  EXPECT_NE(outcome.err.find("(E069)"), std::string::npos);
  EXPECT_NE(run_tool({"train", "--data", "nmist"}).err.find("nor a folder. Did you mean mnist? Known are "),
            std::string::npos);
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
