#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace chainrule::cli {

/// What can be typed after `chainrule`, from the parser: man pages and completions are made of it.
struct OptionRow {
  std::vector<std::string> names;   ///< "-q", "--quiet"; of a positional "FILE"
  std::string type;                 ///< of its value, "N"; empty for a flag
  std::string doc;                  ///< in one line
  std::vector<std::string> values;  ///< that are known
  bool is_positional = false;
};
struct CommandRow {
  std::string name, doc, footer;
  std::vector<OptionRow> options;  ///< those that help lists
  std::vector<OptionRow> keys;     ///< the others: keys of run.toml by their dotted names
  std::vector<CommandRow> commands;

  /// The commands inside, the options of which stand for those of the whole, as in `data show`.
  bool is_group() const { return !commands.empty(); }
};

CommandRow surface_of(const CLI::App& app);

/// Names that a topic of help may have: commands, layers, settings, ...
std::vector<std::string> topics(const CLI::App& app);
/// Names of the rows of a list: "optimizers".
std::vector<std::string> names_of_list(const std::string& list);

}  // namespace chainrule::cli
