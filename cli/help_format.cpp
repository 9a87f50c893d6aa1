#include "help_format.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <sstream>

#include "wrap.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kNames = 24;

/// Names, and beside them what they are; below them, if they are long.
std::string entry(const std::string& names, const std::string& doc) {
  if (doc.empty() || names.size() + 4 > kNames) return wrapped(names, 2) + wrapped(doc, kNames);
  return beside("  " + names, kNames, doc);
}

/// Paragraphs anew, lines that begin with a blank as they are.
std::string paragraphs(const std::string& text) {
  std::istringstream lines(text);
  std::string all, open;
  const auto close = [&] {
    all += wrapped(open, 0);
    open.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    const bool is_kept = line.empty() || line[0] == ' ' || line.ends_with(':');
    if (!is_kept) {
      open += line + " ";
      continue;
    }
    if (line.ends_with(':') && line[0] != ' ') {
      open += line;
      close();
      continue;
    }
    close();
    all += line + "\n";
  }
  close();
  return all;
}

/// What goes with the name: "N", "WORD", not what excludes what, which the parser says where it matters.
std::string value_of(const CLI::Option& option) {
  const std::string type = option.get_type_name(), standard = option.get_default_str();
  std::string text;
  if (option.get_items_expected_max() > 0 && !option.get_positional()) {
    const bool has_list = type.find('{') != std::string::npos;
    text = " " + (has_list ? type.substr(type.find('{')) : type);
  }
  if (!standard.empty()) text += fmt::format("={}", standard);
  if (option.get_items_expected_max() > 1) text += " ...";
  if (option.get_required() && !option.get_positional()) text += " (required)";
  return text;
}

class Format final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string names = option->get_name(is_positional, true);
    for (std::size_t comma = 0; (comma = names.find(',', comma)) != std::string::npos; comma += 2)
      names.replace(comma, 1, ", ");
    return entry(names + value_of(*option), make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    return entry(sub->get_name(), sub->get_description());
  }
  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : paragraphs(app->get_footer());
  }
  std::string make_description(const CLI::App* app) const override {
    return app->get_description().empty() ? "" : wrapped(app->get_description(), 0);
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_format() {
  const auto format = std::make_shared<Format>();
  format->column_width(kNames);
  return format;
}

}  // namespace chainrule::cli
