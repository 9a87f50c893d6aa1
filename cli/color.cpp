#include "color.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>

namespace chainrule::cli {
namespace {

constexpr std::string_view kRed = "1;31", kGreen = "32", kYellow = "1;33";

enum class When { automatic, always, never };
When chosen = When::automatic;

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_on(const char* name) { return !variable(name).empty() && variable(name) != "0"; }

std::string painted(std::string_view color, std::string_view text) {
  return fmt::format("\x1b[{}m{}\x1b[0m", color, text);
}

struct Painting {
  const char* pattern;
  std::string_view color;
};
constexpr Painting kPaintings[] = {
    {"(^|\n)(They agree\\.|A and B are the same\\.)", kGreen},
    {"(^|\n)(They do not agree[^\n]*|No difference was found, but[^\n]*|The first that differs is[^\n]*)",
     kRed},
    {"(  )(ok)(?=\n)", kGreen},
    {"(  )(DIFFERS|nothing to compare)(?=\n)", kRed},
    {"(^|\n)((?:settings|history|tensors)  [^\n]*\\bdiffer[^\n]*)", kRed},
    {"(^|\n)((?:settings|history|tensors)  [^\n]*\\bthe same)", kGreen},
};

}  // namespace

bool set_color(std::string_view when) {
  chosen = when == "always" ? When::always : when == "never" ? When::never : When::automatic;
  return when == "always" || when == "never" || when == "auto";
}

bool has_color(std::FILE* stream) {
  if (chosen != When::automatic) return chosen == When::always;
  if (!variable("NO_COLOR").empty()) return false;
  if (is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE")) return true;
  const std::string_view term = variable("TERM");
  return isatty(fileno(stream)) == 1 && !term.empty() && term != "dumb";
}

std::string colored_message(std::string_view message) {
  const bool is_warning = message.starts_with("warning:");
  if (!has_color(stderr)) return fmt::format("chainrule: {}\n", message);
  std::string text = painted(is_warning ? kYellow : kRed, is_warning ? "chainrule: warning:" : "chainrule:");
  text += is_warning ? message.substr(std::string_view("warning:").size()) : fmt::format(" {}", message);
  static const std::regex carets("\n( *)(\\^+)");
  return fmt::format("{}\n", std::regex_replace(text, carets, fmt::format("\n$1{}", painted(kGreen, "$2"))));
}

std::string colored_verdicts(std::string text) {
  if (!has_color(stdout)) return text;
  for (const Painting& verdict : kPaintings) {
    text = std::regex_replace(text, std::regex(verdict.pattern),
                              fmt::format("$1{}", painted(verdict.color, "$2")));
  }
  return text;
}

}  // namespace chainrule::cli
