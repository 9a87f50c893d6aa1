// chainrule: the command-line tool. Parses, runs a subcommand, and turns what comes of it into an exit code.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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

/// The innermost subcommand that was recognised.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
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

/// What is said of a value that is none of those that there are; other messages stay.
std::string without_sets(const std::string& message) {
  static const std::regex set("(.*): (.*) not in \\{(.*)\\}");
  std::smatch parts;
  if (!std::regex_match(message, parts, set)) return message + ".";
  std::vector<std::string> known;
  std::stringstream list(parts[3].str());
  for (std::string one; std::getline(list, one, ',');) known.push_back(one);
  const std::string near = nearest(parts[2].str(), known);
  return fmt::format("{}: '{}' is none of {}.{}", parts[1].str(), parts[2].str(), fmt::join(known, ", "),
                     near.empty() ? "" : fmt::format(" Did you mean {}?", near));
}

/// What to write for an argument that the parser does not know.
std::string unknown(const CLI::App& app, const std::string& argument) {
  const bool is_option = argument.size() > 1 && argument[0] == '-';
  std::vector<std::string> known;
  if (is_option) {
    for (const CLI::Option* option : app.get_options())
      known.push_back(fmt::format("--{}", option->get_single_name()));
  } else {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(sub->get_name());
    }
  }
  const std::string near = near_option(argument.substr(0, argument.find('=')), known);
  return fmt::format("unknown {} '{}'{}",
                     is_option       ? "option"
                     : known.empty() ? "argument"
                                     : "command",
                     argument, near.empty() ? "." : fmt::format(". Did you mean {}?", near));
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& used = innermost(app);
  std::vector<std::string> extras = app.remaining(true);
  extras.erase(std::remove(extras.begin(), extras.end(), "--"), extras.end());
  std::string name = "chainrule";
  for (const CLI::App* sub = &app; !sub->get_subcommands().empty();) {
    sub = sub->get_subcommands().front();
    name += fmt::format(" {}", sub->get_name());
  }
  const bool is_unknown = !extras.empty() && dynamic_cast<const CLI::ValidationError*>(&error) == nullptr;
  const std::string what = is_unknown ? unknown(used, extras.front()) : without_sets(error.what());
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

int parse_and_run(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (!take_color(arguments)) return kUsage;
  Tool tool;
  define(tool);
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
