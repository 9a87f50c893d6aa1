// check-errors: (none: those of CLI11 have no numbers)
#include "options.h"

#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/threads.h"
#include "core/thread_pool.h"
#include "output.h"

namespace chainrule::cli {
namespace {

/// The number that the whole text is. A NaN is no number.
template <class T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value != value) return std::nullopt;
  return value;
}

/// An option that takes text, and gives it to `set`, which says whether it could be used.
template <class Set>
CLI::Option* add_checked(CLI::App& app, const std::string& name, const std::string& default_text,
                         const std::string& range, const std::string& description, Set set) {
  const auto check = [name, range, set](const std::string& text) {
    if (!set(text)) throw CLI::ValidationError(name, fmt::format("'{}' is not {}", text, range));
  };
  CLI::Option* option = app.add_option_function<std::string>(name, check, description);
  option->type_name("N");
  if (!default_text.empty()) option->default_str(default_text);
  return option;
}

}  // namespace

CLI::Option* add_integer(CLI::App& app, const std::string& name, std::int64_t& value, std::int64_t lowest,
                         std::int64_t highest, const std::string& description) {
  const std::string default_text = value >= lowest ? std::to_string(value) : "";
  return add_checked(app, name, default_text, fmt::format("a whole number from {} to {}", lowest, highest),
                     description, [&value, lowest, highest](const std::string& text) {
                       const auto number = parse<std::int64_t>(text);
                       if (!number || *number < lowest || *number > highest) return false;
                       value = *number;
                       return true;
                     });
}

CLI::Option* add_seed(CLI::App& app, std::uint64_t& value, const std::string& description) {
  const auto range = fmt::format("a whole number from 0 to {}", std::numeric_limits<std::uint64_t>::max());
  return add_checked(app, "--seed", std::to_string(value), range, description,
                     [&value](const std::string& text) {
                       const auto number = parse<std::uint64_t>(text);
                       if (number) value = *number;
                       return number.has_value();
                     });
}

CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, double lowest, double highest,
                        const std::string& description) {
  return add_checked(app, name, fmt::format("{}", value),
                     fmt::format("a number from {} to {}", lowest, highest), description,
                     [&value, lowest, highest](const std::string& text) {
                       const auto number = parse<double>(text);
                       if (!number || *number < lowest || *number > highest) return false;
                       value = *number;
                       return true;
                     });
}

void add_settings(CLI::App& app, const config::Settings& of, std::initializer_list<std::string_view> names) {
  for (const config::Leaf& leaf : config::leaves(of)) {
    if (std::find(names.begin(), names.end(), leaf.name) == names.end()) continue;
    std::string option = "--" + leaf.name;
    std::replace(option.begin(), option.end(), '_', '-');
    const auto set = [of, leaf, option](const std::string& text) {
      try {
        config::set(of, leaf.name, text, option);
      } catch (const ValueError&) {
        const std::string range = leaf.range.empty() ? "" : " " + leaf.range;
        throw CLI::ValidationError(
            option, fmt::format("'{}' is not {} {}{}", text, leaf.kind.starts_with('i') ? "an" : "a",
                                leaf.kind, range));
      }
    };
    app.add_option_function<std::string>(option, set, leaf.doc)->type_name("N")->default_str(leaf.value);
  }
}

void add_data_options(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.name,
                 "digits (drawn by the program, needs no file), mnist,\n"
                 "fashion-mnist, cifar10, cifar100, cifar100-coarse, or a\n"
                 "folder with IDX or CIFAR files")
      ->capture_default_str()
      ->type_name("SET");
  app.add_option("--data-dir", options.dir,
                 "where to look first for a named set's files (then:\n"
                 "CHAINRULE_DATA_DIR, ~/.local/share/chainrule)")
      ->type_name("DIR");
}

void add_quiet(CLI::App& app, bool& is_quiet) {
  app.add_flag("-q,--quiet", is_quiet, "say nothing of progress: results and errors only");
}

void add_threads(CLI::App& app, std::int64_t& threads) {
  add_integer(
      app, "--threads", threads, 1, 1024,
      "threads that compute (as many as the process may use);\nthe results have the same bits for any");
}

void use_threads(std::int64_t threads) {
  if (threads == 0) return;
  const int available = num_threads();
  set_num_threads(static_cast<int>(threads));
  if (threads > available)
    complain(fmt::format("--threads {}: the process may use {}; more make it slower.", threads,
                         available == 1 ? "1 CPU" : fmt::format("{} CPUs", available)));
}

}  // namespace chainrule::cli
