#pragma once

#include <CLI/App.hpp>
#include <memory>

namespace chainrule::cli {

/// Help in 80 columns, however long what it says is. Lines that begin with a blank, such as examples, stay as
/// they are.
std::shared_ptr<CLI::FormatterBase> help_format();

}  // namespace chainrule::cli
