#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace chainrule::cli {

/// What a run of the tool left behind.
struct Outcome {
  int code = -1;    ///< exit code
  int signal = 0;   ///< that killed it, or 0
  std::string out;  ///< stdout; on a terminal, everything
  std::string err;
};

struct Circumstances {
  bool terminal = false;                   ///< stdin, stdout and stderr are a terminal of 60 columns
  std::string term = "xterm";              ///< $TERM
  std::string verbose{};                   ///< $CHAINRULE_VERBOSE
  std::string stdout_path{};               ///< stdout goes there instead
  bool close_stdout = false;               ///< nobody reads stdout
  long file_limit_bytes = 0;               ///< no file may grow larger
  std::string folder{};                    ///< where it runs
  std::vector<std::string> environment{};  ///< "NO_COLOR=1", ...
  int signal = 0;                          ///< sent...
  std::string signal_when{};               ///< ...once this text has been printed
};

/// Runs the real tool.
Outcome run_tool(const std::vector<std::string>& arguments, const Circumstances& setup = {});

/// Whether a pseudo-terminal can be had: a bare container may have none.
bool has_terminals();

std::string read_file(const std::filesystem::path& path);

/// How often a text has another in it.
std::size_t count(const std::string& text, const std::string& what);
std::vector<std::string> lines_of(const std::string& text);

/// The path of a small data set of 6 x 5 images in four classes, 200 to train and 60 to test: four IDX files,
/// made at the first call.
std::string small_set();

}  // namespace chainrule::cli
