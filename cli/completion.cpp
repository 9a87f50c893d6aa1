// chainrule completion: what lets a shell complete commands, options and their values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <functional>
#include <memory>

#include "commands.h"
#include "exit_code.h"
#include "output.h"
#include "surface.h"

namespace chainrule::cli {
namespace {

/// A command with what can follow it: options, and words in places.
struct Words {
  std::string name, doc;
  std::vector<OptionRow> options;   // of it and of the commands in it
  std::vector<std::string> places;  // commands in it, topics
};

std::vector<Words> commands_of(const CLI::App& app) {
  std::vector<Words> all;
  for (const CommandRow& command : surface_of(app).commands) {
    Words words{command.name, command.doc, command.options, {}};
    for (const CommandRow& sub : command.commands) {
      words.places.push_back(sub.name);
      words.options.insert(words.options.end(), sub.options.begin(), sub.options.end());
    }
    if (command.name == "help") words.places = topics(app);
    if (command.name == "list") words.places = names_of_list("");
    all.push_back(std::move(words));
  }
  return all;
}

std::vector<std::string> names_of(const Words& command) {
  std::vector<std::string> names;
  for (const OptionRow& option : command.options) {
    if (!option.is_positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string bash(const std::vector<Words>& commands) {
  std::string values, words, names;
  for (const Words& command : commands) {
    names += " " + command.name;
    for (const OptionRow& option : command.options) {
      if (option.is_positional || option.values.empty()) continue;
      for (const std::string& name : option.names)
        values +=
            fmt::format("    {},{}) words='{}' ;;\n", command.name, name, fmt::join(option.values, " "));
    }
    words += fmt::format("    {}) words='{} {}' ;;\n", command.name, fmt::join(names_of(command), " "),
                         fmt::join(command.places, " "));
  }
  return fmt::format(R"(# bash completion for chainrule
_chainrule() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command= words= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${{COMP_WORDS[i]}} != -* ]] && {{ command=${{COMP_WORDS[i]}}; break; }}
  done
  case $command,$prev in
{}  esac
  [[ -z $words ]] && case $command in
    '') words='{} --help --version' ;;
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $cur != -* && -n $command ]] && COMPREPLY+=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _chainrule chainrule
)",
                     values, names.substr(1), words);
}

/// Text within single quotes of a shell, and without what has a meaning of its own in a list of zsh.
std::string plain(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "’";
    } else if (c == '[' || c == ']' || c == ':') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh(const std::vector<Words>& commands) {
  std::string list, cases;
  for (const Words& command : commands) {
    list += fmt::format("    '{}:{}'\n", command.name, plain(command.doc));
    cases += fmt::format("    {})\n      _arguments \\\n", command.name);
    for (const OptionRow& option : command.options) {
      if (option.is_positional) continue;
      const std::string value = option.type.empty() ? ""
                                : option.values.empty()
                                    ? fmt::format(":{}:_files", option.type)
                                    : fmt::format(":{}:({})", option.type, fmt::join(option.values, " "));
      for (const std::string& name : option.names)
        cases += fmt::format("        '{}[{}]{}' \\\n", name, plain(option.doc), value);
    }
    cases += command.places.empty()
                 ? "        '*:file:_files' ;;\n"
                 : fmt::format("        '*:word:({})' ;;\n", fmt::join(command.places, " "));
  }
  return fmt::format(R"(#compdef chainrule
# zsh completion for chainrule
_chainrule() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  ((CURRENT--))
  shift words
  case $command in
{}  esac
}}
_chainrule "$@"
)",
                     list, cases);
}

std::string fish(const std::vector<Words>& commands) {
  std::string text = "# fish completion for chainrule\n";
  for (const Words& command : commands) {
    text += fmt::format("complete -c chainrule -n __fish_use_subcommand -f -a '{}' -d '{}'\n", command.name,
                        plain(command.doc));
    const std::string inside =
        fmt::format("complete -c chainrule -n '__fish_seen_subcommand_from {}'", command.name);
    if (!command.places.empty())
      text += fmt::format("{} -f -a '{}'\n", inside, fmt::join(command.places, " "));
    for (const OptionRow& option : command.options) {
      if (option.is_positional) continue;
      text += inside;
      for (const std::string& name : option.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.type.empty()) text += " -r";
      if (!option.values.empty()) text += fmt::format(" -f -a '{}'", fmt::join(option.values, " "));
      text += fmt::format(" -d '{}'\n", plain(option.doc));
    }
  }
  return text;
}

struct Shell {
  const char* name;
  std::string (*script)(const std::vector<Words>&);
};
constexpr Shell kShells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

}  // namespace

Command add_completion(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  CLI::App& completion = *app.add_subcommand("completion", "Print what lets a shell complete what is typed");
  std::vector<std::string> names;
  for (const Shell& shell : kShells) names.emplace_back(shell.name);
  completion.add_option("SHELL", *name, "the shell")->required()->check(CLI::IsMember(names))->type_name("");
  completion.footer(
      "Examples:\n"
      "  source <(chainrule completion bash)\n"
      "  chainrule completion fish > ~/.config/fish/completions/chainrule.fish");
  return [&app, name] {
    for (const Shell& shell : kShells) {
      if (*name == shell.name) write_text(stdout, shell.script(commands_of(app)));
    }
    return kDone;
  };
}

}  // namespace chainrule::cli
