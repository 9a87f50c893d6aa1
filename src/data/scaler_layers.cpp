// Scalers as layers, which model files can hold.
#include "chainrule/data/scaler.h"
#include "chainrule/nn/layers.h"

namespace chainrule::data {

Shared<nn::Layer> Scaler::before() const {
  const Line line = inputs();
  if (line.shift.empty()) return {};
  std::vector<double> factor, offset;
  for (std::size_t i = 0; i < line.shift.size(); ++i) {
    factor.push_back(1 / line.spread[i]);
    offset.push_back(-line.shift[i] / line.spread[i]);
  }
  return Shared<nn::Layer>(new nn::ScaleShift(std::move(factor), std::move(offset), line.shape));
}

Shared<nn::Layer> Scaler::after() const {
  Line line = targets();
  if (line.shift.empty()) return {};
  return Shared<nn::Layer>(
      new nn::ScaleShift(std::move(line.spread), std::move(line.shift), std::move(line.shape)));
}

}  // namespace chainrule::data
