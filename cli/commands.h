#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace chainrule::cli {

/// Does what the parsed options ask for; returns the exit code.
using Command = std::function<int()>;

/// Each adds its subcommand to the parser, and returns what runs it once parsed.
/// @{
Command add_train(CLI::App& app);
Command add_check(CLI::App& app);
Command add_data(CLI::App& app);
Command add_explain(CLI::App& app);
Command add_bench(CLI::App& app);
/// @}

}  // namespace chainrule::cli
