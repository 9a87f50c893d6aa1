#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "chainrule/config.h"

namespace chainrule::cli {

/// Options that are numbers. CLI11 alone would take "1e3" for 1, "-1" for a huge unsigned number, and "nan"
/// for a rate; these take whole, finite numbers of the range only, and say so.
/// @{
CLI::Option* add_integer(CLI::App& app, const std::string& name, std::int64_t& value, std::int64_t lowest,
                         std::int64_t highest, const std::string& description);
CLI::Option* add_seed(CLI::App& app, std::uint64_t& value, const std::string& description);
CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, double lowest, double highest,
                        const std::string& description);
/// @}

/// An option for each of these settings, "batch_size" as --batch-size; what it is, its default and its range
/// stand in the `fields` of the struct, which must live as long as the parser.
void add_settings(CLI::App& app, const config::Settings& of, std::initializer_list<std::string_view> names);

/// --data and --data-dir.
struct DataOptions {
  std::string name = "digits";
  std::string dir;
};
void add_data_options(CLI::App& app, DataOptions& options);

/// -q: no progress.
void add_quiet(CLI::App& app, bool& is_quiet);

/// --threads: 0 leaves the choice to the library.
void add_threads(CLI::App& app, std::int64_t& threads);
void use_threads(std::int64_t threads);

}  // namespace chainrule::cli
