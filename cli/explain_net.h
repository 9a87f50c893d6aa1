#pragma once

#include <cstdint>
#include <string>

namespace chainrule::cli {

/// What `chainrule explain MODEL` was asked.
struct ExplainNetOptions {
  std::string sample;     // "3" or "0:100"; empty: the first
  bool batch = false;     // of the run's next step, as training runs it
  std::string parameter;  // "affine1.weight[3,5]"
  std::string data, data_dir;
  std::int64_t threads = 0;
};

/// Whether a word names a run or a model, and is no expression.
bool is_model(const std::string& word);

/// Explains a trained net; returns the exit code.
/// @param format  text, json or html.
int explain_model(const std::string& model, const ExplainNetOptions& options, const std::string& format,
                  const std::string& out);

}  // namespace chainrule::cli
