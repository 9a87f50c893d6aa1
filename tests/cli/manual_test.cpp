// What the tool says of itself: man pages, completions, and examples that can be typed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Words = std::vector<std::string>;

/// What a shell prints for a command line; its exit code goes to `code`.
std::string shell(const std::string& line, int* code = nullptr) {
  std::string text;
  std::FILE* pipe = popen(("(" + line + ") 2>&1").c_str(), "r");
  char block[4096];
  for (std::size_t got; (got = std::fread(block, 1, sizeof(block), pipe)) > 0;) text.append(block, got);
  const int status = pclose(pipe);
  if (code != nullptr) *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return text;
}

bool has_program(const std::string& name) {
  int code = 0;
  shell("command -v " + name, &code);
  return code == 0;
}

/// The commands, as the tool's help lists them.
Words commands() {
  const std::string help = run_tool({"--help"}).out;
  Words all;
  bool inside = false;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line == "Subcommands:") inside = true;
    if (line.empty()) inside = false;
    if (inside && line.starts_with("  ") && line[2] != ' ')
      all.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  EXPECT_GT(all.size(), 12u);
  return all;
}

TEST(Manual, EveryCommandHasAPageWithItsOptions) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_tool({"man", "--out", folder.string()}).code, 0);
  EXPECT_NE(read_file(folder / "chainrule.1").find(".SH COMMANDS"), std::string::npos);
  const bool has_groff = has_program("groff");
  for (const std::string& command : commands()) {
    const std::string page = read_file(folder / ("chainrule-" + command + ".1"));
    EXPECT_EQ(page, run_tool({"man", command}).out);
    const std::string help = run_tool({command, "--help"}).out;
    const std::regex option("\n  (?:-\\w,)?--([a-z-]+)");
    for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
      const std::string name = std::regex_replace((*at)[1].str(), std::regex("-"), "\\-");
      EXPECT_NE(page.find("\\fB\\-\\-" + name + "\\fR"), std::string::npos) << command << " " << name;
    }
    if (has_groff) {
      EXPECT_EQ(shell("groff -man -ww -z " + (folder / ("chainrule-" + command + ".1")).string()), "")
          << command;
    }
  }
  EXPECT_EQ(run_tool({"man", "trian"}).err, "chainrule: there is no command 'trian'. Did you mean train?\n");
}

TEST(Completion, BashCompletesCommandsOptionsAndValues) {
  const TemporaryFolder folder;
  const std::string script = folder / "chainrule.bash";
  std::ofstream(script) << run_tool({"completion", "bash"}).out;
  const auto completed = [&](const std::string& words) {
    return shell("bash -c 'source " + script + "; COMP_WORDS=(chainrule " + words +
                 "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); cd " + folder.string() +
                 "; _chainrule; printf \"%s \" \"${COMPREPLY[@]}\"'");
  };
  EXPECT_EQ(completed("tr"), "train ");
  EXPECT_EQ(completed("train --epo"), "--epochs ");
  EXPECT_EQ(completed("train --optimizer ada"), "adagrad adadelta adam adamw ");
  EXPECT_EQ(completed("eval --data fash"), "fashion-mnist ");
  EXPECT_EQ(completed("help conv2"), "conv2d ");
  EXPECT_EQ(completed("data sh"), "show ");
  EXPECT_EQ(completed("eval chain"), "chainrule.bash ");  // files
  EXPECT_EQ(completed("train --optimizer chain"), " ");   // where there are none
  EXPECT_EQ(completed("train --log-format \"\""), "text jsonl ");
  EXPECT_EQ(completed("train --train.e"), "--train.epochs ");
  EXPECT_EQ(completed("train --data.scale st"), "standardize ");
  EXPECT_EQ(completed("train --lr cosine_"), "cosine_restarts ");
  EXPECT_EQ(completed("list \"\"").find("chainrule.bash"), std::string::npos);
  EXPECT_EQ(completed("list ne"), "nets ");
  EXPECT_EQ(completed("data \"\""), "show list stats write fetch ");
  EXPECT_EQ(completed("data show mni"), "mnist ");
  EXPECT_EQ(completed("data stats chain"), "chainrule.bash ");
  EXPECT_EQ(completed("man predi"), "predict ");
  EXPECT_EQ(completed("completion z"), "zsh ");
  EXPECT_EQ(completed("bench xor-"), "xor-plan ");
}

TEST(Completion, OtherShellsCanReadTheirs) {
  const TemporaryFolder folder;
  for (const char* name : {"zsh", "fish"}) {
    const std::string script = (folder / name).string();
    const Outcome outcome = run_tool({"completion", name});
    ASSERT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("log-format"), std::string::npos);
    std::ofstream(script) << outcome.out;
    if (!has_program(name)) {
      std::cout << name << " is not installed: its script was not run\n";
      continue;
    }
    int code = -1;
    EXPECT_EQ(shell(std::string(name) + " -n " + script, &code), "");
    EXPECT_EQ(code, 0);
  }
}

TEST(Help, FitsEightyColumnsAndHasExamples) {
  Words all = commands();
  all.push_back("");
  for (const std::string& command : all) {
    const std::string help = command.empty() ? run_tool({"--help"}).out : run_tool({command, "--help"}).out;
    EXPECT_NE(help.find("\nExamples:\n  "), std::string::npos) << command;
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << command << ": " << line;
  }
}

// Where a file is missing it may say so; but what help shows is never wrong usage.
TEST(Help, ExamplesCanBeTyped) {
  const TemporaryFolder folder;
  const std::string tool = folder / "chainrule";
  std::filesystem::create_symlink(CHAINRULE_TOOL, tool);
  std::ofstream cars(folder / "cars.csv");
  cars << "name,a,kind,mpg\n";
  for (int i = 0; i < 60; ++i)
    cars << "car " << i << "," << i % 7 << (i % 2 ? ",x," : ",y,") << i % 7 + i % 2 << "\n";
  cars.close();
  std::filesystem::copy_file(folder / "cars.csv", folder / "more_cars.csv");
  std::ofstream(folder / "new_cars.csv") << "a,kind\n1,x\n2,y\n";
  std::ofstream(folder / "rows.csv") << "a,kind\n1,x\n";
  const std::string in_folder = "cd " + folder.string() + " && export PATH=.:$PATH HOME=$PWD && ";
  ASSERT_EQ(shell(in_folder +
                  "chainrule init cars.toml --data cars.csv && chainrule train cars.toml --out cars1 -q"),
            "cars.toml: settings for cars.csv. Next: chainrule train cars.toml --out run1\n");
  shell(in_folder +
        "rm cars.toml && chainrule train --steps 20 --out run1 -q --net 'sequential([conv2d(4, 5), "
        "max_pool2d(2), relu, affine(10)])' && chainrule init cars.toml --data cars.csv");
  std::string examples;
  for (const std::string& command : commands()) {
    const std::string help = run_tool({command, "--help"}).out;
    examples += help.substr(std::min(help.size(), help.find("\nExamples:\n")));
  }
  examples = std::regex_replace(examples, std::regex("\\\\\n +"), "");
  int count = 0;
  std::istringstream lines(examples);
  for (std::string line; std::getline(lines, line);) {
    const bool is_long = line.find("bench") != std::string::npos ||
                         line.find("man -l") != std::string::npos || line.find("| dot") != std::string::npos;
    if (!line.starts_with("  ") || is_long) continue;
    line = line.substr(2, line.find("   ", 2) - 2);  // without what is said of it
    int code = -1;
    const std::string said =
        shell(in_folder + "bash -c \"" + std::regex_replace(line, std::regex("\""), "\\\"") + "\"", &code);
    EXPECT_TRUE(code == 0 || code == 1 || code == 4 || code == 3) << line << ": " << code << "\n" << said;
    ++count;
  }
  EXPECT_GT(count, 30);
}

}  // namespace
}  // namespace chainrule::cli
