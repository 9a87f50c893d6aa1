// chainrule man: the manual's pages, in roff, of the tables that the parser and help are made of.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <sstream>

#include "chainrule/io.h"
#include "commands.h"
#include "core/nearest.h"
#include "exit_code.h"
#include "output.h"
#include "surface.h"

namespace chainrule::cli {
namespace {

/// Text as roff takes it: no line begins with a control character, no minus becomes a hyphen.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_at_start = out.empty() || out.back() == '\n';
    if (is_at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_text(const OptionRow& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  if (!option.type.empty() && !option.is_positional) names += fmt::format(" \\fI{}\\fR", roff(option.type));
  std::string doc = roff(option.doc);
  if (!option.values.empty() && option.type == "WORD") {
    std::string values;
    for (const std::string& value : option.values) values += (values.empty() ? "" : ", ") + value;
    doc += fmt::format(" ({})", roff(values));
  }
  return fmt::format(".TP\n{}\n{}\n", names, doc);
}

std::string options_text(const CommandRow& command) {
  std::string text;
  for (const OptionRow& option : command.options) text += option_text(option);
  return text;
}

std::string synopsis(const std::string& name, const CommandRow& command) {
  std::string text = fmt::format("\\fB{}\\fR [\\fIOPTION\\fR]...", roff(name));
  for (const OptionRow& option : command.options) {
    if (option.is_positional) text += fmt::format(" [\\fI{}\\fR]", roff(option.names[0]));
  }
  return text + "\n";
}

/// A command too long for a page goes on below, before an option.
std::string example(std::string line) {
  constexpr std::size_t kMost = 68, kIndent = 4;
  std::string all;
  while (line.size() > kMost) {
    const std::size_t at = line.rfind(" --", kMost - 2);
    if (at == std::string::npos || at <= kIndent) break;
    all += line.substr(0, at) + " \\\n";
    line = std::string(kIndent, ' ') + line.substr(at + 1);
  }
  return roff(all + line + "\n");
}

/// Examples and remarks: paragraphs are filled; lines that begin with a blank are names and what they are, or
/// stay.
std::string footer_text(const std::string& footer) {
  std::string text, prose;
  bool are_examples = false;
  const auto close = [&] {
    if (!prose.empty()) text += ".PP\n" + roff(prose);
    prose.clear();
  };
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) {
      close();
    } else if (begin == 0 && line == "Examples:") {
      close();
      text += ".SH EXAMPLES\n";
      are_examples = true;
    } else if (const std::size_t gap = line.find("  ", begin); begin > 0 && gap != std::string::npos) {
      close();
      const std::size_t doc = std::min(line.find_first_not_of(' ', gap), line.size());
      text += fmt::format(".TP\n{}\n{}\n", roff(line.substr(begin, gap - begin)), roff(line.substr(doc)));
    } else if (begin > 0 && are_examples) {
      close();
      text += fmt::format(".nf\n{}.fi\n", example(line.substr(line.starts_with("      ") ? 2 : begin)));
    } else {
      prose += line.substr(begin) + "\n";
    }
  }
  close();
  return text.empty() || text.starts_with(".SH") ? text : ".SH NOTES\n" + text;
}

/// @param tool  null for the page of the tool itself.
std::string page(const CommandRow& command, const CommandRow* tool) {
  const std::string name = tool != nullptr ? tool->name + "-" + command.name : command.name;
  const std::string typed = tool != nullptr ? tool->name + " " + command.name : command.name;
  std::string text =
      fmt::format(".TH \"{}\" 1 \"\" \"chainrule {}\" \"Chainrule\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n",
                  name, CHAINRULE_VERSION, roff(name), roff(command.doc));
  if (!command.is_group()) text += synopsis(typed, command);
  for (const CommandRow& sub : command.commands) text += synopsis(typed + " " + sub.name, sub) + ".br\n";
  if (!command.is_group() || tool == nullptr) text += ".SH OPTIONS\n" + options_text(command);
  if (command.is_group()) text += ".SH COMMANDS\n";
  for (const CommandRow& sub : command.commands) {
    text += tool == nullptr ? fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(sub.name), roff(sub.doc))
                            : fmt::format(".SS {}\n{}\n{}", roff(sub.name), roff(sub.doc), options_text(sub));
  }
  text += footer_text(command.footer);
  return text + (tool != nullptr ? ".SH SEE ALSO\n.BR chainrule (1)\n" : "");
}

int run(const CLI::App& app, const std::string& topic, const std::string& folder) {
  const CommandRow tool = surface_of(app);
  if (!folder.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    io::replace_file(folder + "/chainrule.1", page(tool, nullptr));
    for (const CommandRow& command : tool.commands)
      io::replace_file(fmt::format("{}/chainrule-{}.1", folder, command.name), page(command, &tool));
    return kDone;
  }
  std::vector<std::string> known;
  for (const CommandRow& command : tool.commands) {
    if (command.name != topic) {
      known.push_back(command.name);
      continue;
    }
    write_text(stdout, page(command, &tool));
    return kDone;
  }
  if (topic.empty()) {
    write_text(stdout, page(tool, nullptr));
    return kDone;
  }
  const std::string near = nearest(topic, known);
  complain(fmt::format("there is no command '{}'.{}", topic,
                       near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
  return kUsage;
}

}  // namespace

Command add_man(CLI::App& app) {
  const auto topic = std::make_shared<std::string>(), folder = std::make_shared<std::string>();
  CLI::App& man = *app.add_subcommand("man", "Print a page of the manual, for man");
  man.add_option("COMMAND", *topic, "of a command; without it, of the tool")->type_name("");
  man.add_option("--out", *folder, "write all pages into this folder")->type_name("DIR");
  man.footer(
      "Examples:\n"
      "  chainrule man train | man -l -\n"
      "  chainrule man --out ~/.local/share/man/man1");
  return [&app, topic, folder] { return run(app, *topic, *folder); };
}

}  // namespace chainrule::cli
