#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "training.h"

namespace chainrule::web {

using Json = nlohmann::ordered_json;

/// Where a picture of two inputs is taken: size x size places, in units of the data.
struct Window {
  double left = -1, right = 1, bottom = -1, top = 1;
  std::int64_t size = 40;
};

/// A run of the tool's `chainrule train`, a step at a time: the same settings, the same numbers.
class Run {
 public:
  /// @param toml  what run.toml says. @throws  as the tool.
  explicit Run(const std::string& toml);

  /// What the settings came to: net, data, how many steps.
  Json about() const;
  /// Up to so many steps, for about so long. Gives the last step's loss and the reports that were made.
  Json train(std::int64_t steps, double milliseconds);
  /// Layers with the shapes of their outputs, and all parameters; their numbers one after another in
  /// `numbers`.
  Json net(std::vector<float>& numbers) const;
  /// What each unit of each small layer, and at last the net, says at each place, in `numbers`, unit by unit.
  Json map(const Window& window, std::vector<float>& numbers) const;
  /// Rows of a part ("train", "test", "validation"): inputs and target, one after another, in `numbers`.
  Json rows(const std::string& part, std::int64_t first, std::int64_t count,
            std::vector<float>& numbers) const;
  /// What the net says of one row of its inputs: probabilities for classes, else numbers.
  Json predict(const std::vector<double>& row) const;
  /// Both passes as `chainrule explain RUN --json` has them, with each layer's numbers; of a row of a part,
  /// or, with an empty part, of the batch of the next step.
  Json explain(const std::string& part, std::int64_t row, const std::string& parameter);
  /// The net as an ONNX file, as `chainrule export` writes it; its bytes in `numbers`.
  Json onnx(std::vector<float>& numbers) const;
  /// As `chainrule check RUN --json`.
  Json check(std::int64_t samples, std::int64_t elements, const std::string& broken) const;

 private:
  Tensor scaled(const Tensor& x) const;
  Tensor answers(const Tensor& y) const;
  const data::Source& part(const std::string& name) const;

  std::unique_ptr<cli::Training> training_;
  bool is_done_ = false;
  std::string reason_;
};

}  // namespace chainrule::web
