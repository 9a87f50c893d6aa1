#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// Does what the parsed options ask for; returns the exit code.
using Command = std::function<int()>;

/// Each adds its subcommand to the parser, and returns what runs it once parsed.
/// @{
Command add_train(CLI::App& app);
Command add_init(CLI::App& app);
Command add_eval(CLI::App& app);
Command add_predict(CLI::App& app);
Command add_generate(CLI::App& app);
Command add_plot(CLI::App& app);
Command add_info(CLI::App& app);
Command add_sweep(CLI::App& app);
Command add_lr_find(CLI::App& app);
Command add_list(CLI::App& app);
Command add_help(CLI::App& app);
Command add_man(CLI::App& app);
Command add_completion(CLI::App& app);
Command add_check(CLI::App& app);
Command add_data(CLI::App& app);
Command add_explain(CLI::App& app);
Command add_graph(CLI::App& app);
Command add_diff(CLI::App& app);
Command add_bench(CLI::App& app);
Command add_export(CLI::App& app);
/// @}

/// What docs/errors.md says of a number, "E012" or "12"; "" if there is none.
std::string error_text(std::string_view number);

}  // namespace chainrule::cli
