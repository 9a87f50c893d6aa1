// What the tool says to inputs that are wrong: each line of a table, with its whole message and its exit
// code.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTable = CHAINRULE_SOURCE_DIR "/tests/hostile/wrong_inputs.txt";

/// A command line as shells split it; '...' and "..." keep blanks.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool is_open = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ' ') {
      is_open = false;
      continue;
    }
    if (!is_open) words.emplace_back();
    is_open = true;
    if (line[i] != '\'' && line[i] != '"') {
      words.back() += line[i];
      continue;
    }
    const std::size_t end = line.find(line[i], i + 1);
    words.back() += line.substr(i + 1, end - i - 1);
    i = end;
  }
  return words;
}

/// Makes a file of the folder as a line says it: "cut NAME BYTES", "flip NAME BYTE", "copy FROM TO", "hex
/// NAME DIGITS".
void change_file(const fs::path& folder, const std::vector<std::string>& words) {
  const fs::path path = folder / words.at(1);
  std::string bytes = fs::is_regular_file(path) ? read_file(path) : "";
  const auto number = [&] { return std::stoul(words.at(2)); };
  if (words[0] == "cut") {
    bytes.resize(number());
  } else if (words[0] == "flip") {
    bytes.at(number()) ^= 1;
  } else if (words[0] == "hex") {
    bytes.clear();
    for (std::size_t i = 0; i < words.at(2).size(); i += 2)
      bytes += static_cast<char>(std::stoul(words[2].substr(i, 2), nullptr, 16));
  } else if (words[0] == "copy") {
    fs::copy(path, folder / words.at(2), fs::copy_options::recursive);
    return;
  } else {
    throw std::runtime_error("unknown: " + words[0]);
  }
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The table: lines of files, changes of files, and commands with what they print to stderr.
class Table {
 public:
  explicit Table(const TemporaryFolder& folder) : folder_(folder.string()) {
    std::istringstream lines(read_file(kTable));
    for (std::string line; std::getline(lines, line);) lines_.push_back(line);
  }

  /// Runs all commands; returns the table as it would be, with what they really print.
  std::string run() {
    std::string made;
    for (std::size_t i = 0; i < lines_.size();) {
      const std::string& line = lines_[i++];
      made += line + "\n";
      if (line.empty() || line[0] == '#') continue;
      if (line.starts_with("$ chainrule")) {
        made += say(line);
        while (i < lines_.size() && !lines_[i].empty()) ++i;
        continue;
      }
      const std::vector<std::string> words = words_of(line);
      if (words[0] != "file") {
        change_file(folder_, words);
        continue;
      }
      fs::create_directories((folder_ / words.at(1)).parent_path());
      std::ofstream file(folder_ / words.at(1));
      for (; i < lines_.size() && lines_[i].starts_with("| "); ++i) {
        made += lines_[i] + "\n";
        file << lines_[i].substr(2) << "\n";
      }
    }
    return made;
  }
  std::size_t commands() const { return commands_; }

 private:
  std::string say(const std::string& line) {
    std::vector<std::string> words = words_of(line);
    words.erase(words.begin(), words.begin() + 2);
    const Outcome outcome = run_tool(words, {.folder = folder_.string()});
    EXPECT_EQ(outcome.signal, 0) << line << "\nended it by a signal";
    ++commands_;
    return outcome.err + "(" + std::to_string(outcome.code) + ")\n";
  }

  fs::path folder_;
  std::vector<std::string> lines_;
  std::size_t commands_ = 0;
};

/// With CHAINRULE_WRITE_EXPECTED=1 the table is written anew: look at the difference before it is kept.
TEST(WrongInputs, EachGetsItsMessageAndItsExitCode) {
  const TemporaryFolder folder;
  Table table(folder);
  const std::string made = table.run(), expected = read_file(kTable);
  if (std::getenv("CHAINRULE_WRITE_EXPECTED") != nullptr) std::ofstream(kTable) << made;
  EXPECT_GE(table.commands(), 80u);
  std::istringstream ours(made), theirs(expected);
  std::string command;
  for (std::string a, b; std::getline(ours, a) && std::getline(theirs, b);) {
    if (a.starts_with("$ ")) command = a;
    ASSERT_EQ(a, b) << "in what is said to\n" << command;
  }
  EXPECT_EQ(made, expected);
}

}  // namespace
}  // namespace chainrule::cli
