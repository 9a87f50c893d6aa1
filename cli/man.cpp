// chainrule man: the manual's pages, in roff, of the tables that the parser and help are made of.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

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

/// Examples and remarks: lines as they are.
std::string footer_text(const std::string& footer) {
  return footer.empty() ? "" : fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", roff(footer));
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
