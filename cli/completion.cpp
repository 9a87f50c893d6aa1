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
  std::vector<OptionRow> options, keys;  // of it and of the commands in it
  std::vector<std::string> places;       // commands in it, topics
  std::vector<std::string> later;        // what stands behind a command in it: sets of data
  bool takes_files = true;
};

void append(std::vector<OptionRow>& to, const std::vector<OptionRow>& rows) {
  to.insert(to.end(), rows.begin(), rows.end());
}

std::vector<Words> commands_of(const CLI::App& app) {
  const CommandRow tool = surface_of(app);
  std::vector<std::string> names;
  for (const CommandRow& command : tool.commands) names.push_back(command.name);
  std::vector<Words> all;
  for (const CommandRow& command : tool.commands) {
    Words words{command.name, command.doc, command.options, command.keys, {}, {}};
    for (const CommandRow& sub : command.commands) {
      words.places.push_back(sub.name);
      append(words.options, sub.options);
      append(words.keys, sub.keys);
    }
    for (const OptionRow& option : command.options) {
      if (option.is_positional)
        words.places.insert(words.places.end(), option.values.begin(), option.values.end());
    }
    if (command.name == "help") words.places = topics(app);
    if (command.name == "list") words.places = names_of_list("");
    if (command.name == "man") words.places = names;
    if (command.name == "data") words.later = names_of_list("data");
    words.takes_files = words.places.empty() || !words.later.empty();
    all.push_back(std::move(words));
  }
  return all;
}

std::vector<std::string> names_of(const std::vector<OptionRow>& options) {
  std::vector<std::string> names;
  for (const OptionRow& option : options) {
    if (!option.is_positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Options and keys, each once.
std::vector<OptionRow> all_of(const Words& command) {
  std::vector<OptionRow> all = command.options;
  append(all, command.keys);
  std::erase_if(all, [](const OptionRow& option) { return option.is_positional; });
  return all;
}

std::string bash(const std::vector<Words>& commands) {
  std::string values, words, names;
  for (const Words& command : commands) {
    names += " " + command.name;
    for (const OptionRow& option : all_of(command)) {
      const bool takes_path = option.type == "SET";  // or a name
      if (option.values.empty()) continue;
      for (const std::string& name : option.names)
        values += fmt::format("    {},{}) values='{}'{} ;;\n", command.name, name,
                              fmt::join(option.values, " "), takes_path ? "" : " files=");
    }
    words += fmt::format("    {}) options='{}'\n      keys='{}'\n      places='{}'{} ;;\n", command.name,
                         fmt::join(names_of(command.options), " "), fmt::join(names_of(command.keys), " "),
                         fmt::join(command.places, " "),
                         !command.later.empty() ? fmt::format(" later='{}'", fmt::join(command.later, " "))
                         : command.takes_files  ? ""
                                                : " files=");
  }
  return fmt::format(R"(# bash completion for chainrule
_chainrule() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command= i
  local values= options='--help --version --color' keys= places='{}' later= files=yes words
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${{COMP_WORDS[i]}} != -* ]] && {{ command=${{COMP_WORDS[i]}}; break; }}
  done
  case $command in
    '') files= ;;
{}  esac
  if [[ -n $later ]]; then
    if ((COMP_CWORD > i + 1)); then places=$later; else files=; fi
  fi
  case $command,$prev in
{}  esac
  words=$places
  if [[ -n $values ]]; then
    words=$values
  elif [[ $cur == -* ]]; then
    words=$options files=
    [[ $cur == --?* ]] && words+=" $keys"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ -n $files ]] && COMPREPLY+=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _chainrule chainrule
)",
                     names.substr(1), words, values);
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
    for (const OptionRow& option : all_of(command)) {
      const std::string value = option.type.empty() ? ""
                                : option.values.empty()
                                    ? fmt::format(":{}:_files", option.type)
                                    : fmt::format(":{}:({})", option.type, fmt::join(option.values, " "));
      for (const std::string& name : option.names)
        cases += fmt::format("        '{}[{}]{}' \\\n", name, plain(option.doc), value);
    }
    cases += command.takes_files ? "        '*:file:_files' ;;\n"
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
    for (const OptionRow& option : all_of(command)) {
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
