#pragma once

// What stands beside a net in a model file, by these names.
namespace chainrule::cli {

inline constexpr const char* kRun = "run";          // the settings, as TOML
inline constexpr const char* kScaler = "scaler";    // as a short text
inline constexpr const char* kColumns = "columns";  // of a table, as JSON
inline constexpr const char* kInput = "input";      // shape of a row, as JSON

}  // namespace chainrule::cli
