// chainrule: the command-line tool. Parses, runs a subcommand, and turns what comes of it into an exit code.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstring>
#include <exception>
#include <new>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "color.h"
#include "commands.h"
#include "core/environment.h"
#include "core/nearest.h"
#include "exit_code.h"
#include "graph/source_lines.h"
#include "help_format.h"
#include "machine.h"
#include "options.h"
#include "output.h"
#include "plan/report.h"
#include "ranks.h"

namespace chainrule::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 a check found a\n"
    "difference, 4 an input cannot be read, 5 training diverged, 6 a checkpoint that is\n"
    "damaged or of another run, 7 a rank that is gone, silent or different, 130 stopped\n"
    "by Ctrl-C (143 by SIGTERM) after saving.\n\n"
    "Environment: CHAINRULE_NUM_THREADS and CHAINRULE_SIMD (avx512, avx2, sse4) limit\n"
    "what is used, CHAINRULE_DATA_DIR is a folder with data sets, CHAINRULE_MODE (lazy,\n"
    "eager, verify) says how graphs are computed, CHAINRULE_VERBOSE=1 reports plans.\n"
    "NO_COLOR and FORCE_COLOR switch colours off and on; --color wins.\n\n"
    "Examples:\n"
    "  chainrule train                               train on the built-in digits\n"
    "  chainrule train --data mnist --out run1       on MNIST, keeping the run\n"
    "  chainrule init cars.toml --data cars.csv      settings for a table\n"
    "  chainrule train cars.toml --out cars1         and its training\n"
    "  chainrule predict cars1 new_cars.csv          and its use\n"
    "  chainrule plot run1 --terminal                curves; without, pictures of all\n"
    "  chainrule check                               are the gradients right?\n"
    "  chainrule graph run1 --out net.svg            the net as a picture\n"
    "  chainrule explain run1 --out net.html         both its passes, layer by layer\n"
    "  chainrule diff run1 run2                      where two runs begin to differ\n"
    "  chainrule explain '(w*2 + b) * (b + 1)' --at w=3,b=4   every number of it";

struct Tool {
  CLI::App app{"Build, train and explain neural networks by backpropagation.", "chainrule"};
  std::vector<std::pair<std::string, Command>> commands;
};

void define(Tool& tool) {
  tool.app.formatter(help_format());
  tool.app.footer(kFooter);
  tool.app.require_subcommand(1);
  tool.app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  tool.app
      .add_option("--color",
                  "auto (where stdout or stderr is a terminal), always, never;\nanywhere among "
                  "the arguments")
      ->type_name("WHEN");
  tool.app.set_version_flag("--version",
                            [] { return fmt::format("chainrule {}\n{}", CHAINRULE_VERSION, machine()); });
  tool.commands = {
      {"train", add_train(tool.app)},       {"init", add_init(tool.app)},
      {"eval", add_eval(tool.app)},         {"predict", add_predict(tool.app)},
      {"generate", add_generate(tool.app)}, {"sweep", add_sweep(tool.app)},
      {"lr-find", add_lr_find(tool.app)},   {"plot", add_plot(tool.app)},
      {"info", add_info(tool.app)},         {"list", add_list(tool.app)},
      {"help", add_help(tool.app)},         {"check", add_check(tool.app)},
      {"data", add_data(tool.app)},         {"explain", add_explain(tool.app)},
      {"graph", add_graph(tool.app)},       {"diff", add_diff(tool.app)},
      {"export", add_export(tool.app)},     {"bench", add_bench(tool.app)},
      {"man", add_man(tool.app)},           {"completion", add_completion(tool.app)},
  };
}

/// Flags with a value, such as --json=3, are refused.
void close_flags(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 0) option->disable_flag_override();
  }
  for (CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) close_flags(*sub);
}

/// The name that was meant: the longest that the argument begins with, such as --lr of --lrate; else the
/// nearest.
std::string near_option(const std::string& argument, const std::vector<std::string>& known) {
  constexpr std::size_t kShortest = 4;  // "--lr"
  std::string found;
  for (const std::string& name : known) {
    const bool is_start = name.size() >= kShortest && argument.starts_with(name);
    if (is_start && name.size() > found.size()) found = name;
  }
  return found.empty() ? nearest(argument, known) : found;
}

/// "; did you mean" of a list, or "".
std::string did_you_mean(const std::string& near) {
  return near.empty() ? "" : fmt::format(" Did you mean {}?", near);
}

std::vector<std::string> commands_in(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

/// What an option takes, as its help has it: "RATE", "one of text, jsonl".
std::string type_of(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  std::string type = option != nullptr ? option->get_type_name() : "";
  const std::size_t brace = type.find('{');
  if (brace == std::string::npos) return type;
  std::string values = type.substr(brace + 1, type.find('}') - brace - 1);
  for (std::size_t at = 0; (at = values.find(',', at)) != std::string::npos; at += 2)
    values.replace(at, 1, ", ");
  return fmt::format("one of {}", values);
}

/// What the parser says, in words that say what to type.
struct Phrase {
  const char* pattern;
  std::string (*words)(const std::smatch& parts, const CLI::App& app);
};
const Phrase kPhrases[] = {
    {"(.*): (.*) not in \\{(.*)\\}",
     [](const std::smatch& parts, const CLI::App&) {
       std::vector<std::string> known;
       std::stringstream list(parts[3].str());
       for (std::string one; std::getline(list, one, ',');) known.push_back(one);
       return fmt::format("{}: '{}' is none of {}.{}", parts[1].str(), parts[2].str(), fmt::join(known, ", "),
                          did_you_mean(nearest(parts[2].str(), known)));
     }},
    {"(.*): \\d+ required .* missing",
     [](const std::smatch& parts, const CLI::App& app) {
       return fmt::format("{} needs a value: {}.", parts[1].str(), type_of(app, parts[1].str()));
     }},
    {"Could not convert: (\\S*) = (.*)",
     [](const std::smatch& parts, const CLI::App& app) {
       return fmt::format("{}: '{}' is no {}.", parts[1].str(), parts[2].str(), type_of(app, parts[1].str()));
     }},
    {"-*(\\S*) was given a disallowed flag override",
     [](const std::smatch& parts, const CLI::App&) {
       return fmt::format("--{} takes no value.", parts[1].str());
     }},
    {"A subcommand is required",
     [](const std::smatch&, const CLI::App& app) {
       return fmt::format("a command is missing: {}.", fmt::join(commands_in(app), ", "));
     }},
};

std::string in_words(const std::string& message, const CLI::App& app) {
  for (const Phrase& phrase : kPhrases) {
    std::smatch parts;
    if (std::regex_match(message, parts, std::regex(phrase.pattern))) return phrase.words(parts, app);
  }
  return message + ".";
}

/// The option of which help says what is typed: --lr, a "learning rate", for --learning-rate.
std::string described_option(const CLI::App& app, std::string words) {
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == '-' || c == '_'; }, ' ');
  words.erase(0, std::min(words.find_first_not_of(' '), words.size()));
  for (const CLI::Option* option : app.get_options()) {
    const bool is_it = words.size() > 3 && option->get_description().starts_with(words);
    if (is_it) return fmt::format("--{}", option->get_single_name());
  }
  return "";
}

/// What to write for an argument that the parser does not know.
std::string unknown(const CLI::App& app, const std::string& argument) {
  const bool is_option = argument.size() > 1 && argument[0] == '-';
  const std::string typed = argument.substr(0, argument.find('='));
  std::vector<std::string> known = commands_in(app);
  const bool is_command = !is_option && !known.empty();
  if (is_option) {
    known.clear();
    for (const CLI::Option* option : app.get_options())
      known.push_back(fmt::format("--{}", option->get_single_name()));
  }
  std::string near = near_option(typed, known);
  if (near.empty() && is_option) near = described_option(app, typed);
  if (near.empty() && is_option && typed.find('.') != std::string::npos)  // --train.lr
    near = near_option(fmt::format("--{}", typed.substr(typed.rfind('.') + 1)), known);
  return fmt::format("unknown {} '{}'.{}",
                     is_option    ? "option"
                     : is_command ? "command"
                                  : "argument",
                     argument, did_you_mean(near));
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  const auto extras_of = [](const CLI::App& of, bool is_deep) {
    std::vector<std::string> extras = of.remaining(is_deep);
    std::erase(extras, "--");
    return extras;
  };
  const bool is_unknown =
      !extras_of(app, true).empty() && dynamic_cast<const CLI::ValidationError*>(&error) == nullptr;
  std::string name = "chainrule";
  const CLI::App* used = &app;
  while (!used->get_subcommands().empty() && !(is_unknown && !extras_of(*used, false).empty())) {
    used = used->get_subcommands().front();
    name += fmt::format(" {}", used->get_name());
  }
  const std::string what =
      is_unknown ? unknown(*used, extras_of(*used, true).front()) : in_words(error.what(), *used);
  complain(fmt::format("{} See {} --help.", what, name));
  return kUsage;
}

/// Takes --color WHEN out of the arguments, wherever it stands: what is wrong with the others is said in
/// colours already. False, and a complaint, if WHEN is none.
bool take_color(std::vector<std::string>& arguments) {
  constexpr std::string_view kOption = "--color";
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--";) {
    const bool is_alone = arguments[i] == kOption;
    if (!is_alone && !arguments[i].starts_with("--color=")) {
      ++i;
      continue;
    }
    const std::size_t count = is_alone && i + 1 < arguments.size() ? 2 : 1;
    const std::string when =
        is_alone ? (count == 2 ? arguments[i + 1] : "") : arguments[i].substr(kOption.size() + 1);
    if (!set_color(when)) {
      complain(fmt::format("--color: '{}' is none of auto, always, never. See chainrule --help.", when));
      return false;
    }
    const auto at = arguments.begin() + static_cast<std::ptrdiff_t>(i);
    arguments.erase(at, at + static_cast<std::ptrdiff_t>(count));
  }
  return true;
}

/// A short flag with something behind it, -q=3 or -q3, which the parser would take apart. False, and a
/// complaint, if there is one.
bool are_flags_alone(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* used = &app;
  std::string name = "chainrule";
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    for (const CLI::App* sub : used->get_subcommands([](const CLI::App*) { return true; })) {
      if (sub->get_name() != argument) continue;
      used = sub, name += " " + argument;
      break;
    }
    const bool is_short = argument.size() > 2 && argument[0] == '-' && std::isalpha(argument[1]) != 0;
    const auto is_flag = [&](char letter) {
      const CLI::Option* option = used->get_option_no_throw(std::string{'-', letter});
      return option != nullptr && option->get_items_expected_max() == 0;
    };
    if (!is_short || !is_flag(argument[1]) || std::all_of(argument.begin() + 1, argument.end(), is_flag))
      continue;
    complain(fmt::format("{}: -{} takes no value. See {} --help.", argument, argument[1], name));
    return false;
  }
  return true;
}

/// A variable that holds what it may not is told of at once, not when it is first asked for.
/// @throws ValueError  (E003)
void check_environment() {
  for (const environment::Variable& variable : environment::kVariables) {
    if (variable.most > 0) static_cast<void>(environment::number(variable));
    if (!variable.words[0].empty()) static_cast<void>(environment::word(variable));
  }
}

int parse_and_run(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (!take_color(arguments)) return kUsage;
  Tool tool;
  define(tool);
  close_flags(tool.app);
  if (!are_flags_alone(tool.app, arguments)) return kUsage;
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    tool.app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    write_text(stdout, tool.app.help());
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    write_text(stdout, fmt::format("{}\n", version.what()));
    return kDone;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(tool.app, error);
  }
  check_environment();
  for (const auto& [name, command] : tool.commands) {
    if (tool.app.got_subcommand(name)) return command();
  }
  return kUsage;
}

int guarded_main(int argc, char** argv) {
  prepare_streams();
  hide_source_lines();
  set_report_sink([](std::string_view line) { complain(line); });
  int code = kFailed;
  silence(is_silent_rank());
  try {
    code = parse_and_run(argc, argv);
  } catch (const Error& error) {
    complain(error.what());
    code = exit_code_of(error);
  } catch (const std::bad_alloc&) {
    complain("out of memory; try smaller --hidden or --batch-size.");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  if (stdout_error() == 0) return code;
  // A reader that went away, such as head, knows why.
  if (stdout_error() != EPIPE)
    complain(fmt::format("cannot write to stdout: {}.", std::strerror(stdout_error())));
  return code == kDone ? kFailed : code;
}

}  // namespace
}  // namespace chainrule::cli

int main(int argc, char** argv) { return chainrule::cli::guarded_main(argc, argv); }
