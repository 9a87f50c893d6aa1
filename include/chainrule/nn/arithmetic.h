#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "chainrule/nn/layer.h"

// Layers of plain arithmetic.
namespace chainrule::nn {

/// x y. backward gives both gradients.
struct Mul : LayerOf<Mul> {
  static constexpr Info kInfo{.name = "mul", .doc = "x y, element by element."};
  static constexpr std::string_view kInputs = "x, y", kOutputs = "z";
  Tensor compute(const Tensor& x, const Tensor& y, Pass&) const;
};

/// x + y. backward gives both gradients.
struct Add : LayerOf<Add> {
  static constexpr Info kInfo{.name = "add", .doc = "x + y, element by element."};
  static constexpr std::string_view kInputs = "x, y", kOutputs = "z";
  Tensor compute(const Tensor& x, const Tensor& y, Pass&) const;
};

/// x factor + offset with fixed numbers, along the last axis or as `shape` says: a scaler inside a net, or
/// before one. Lists of one number hold for all.
struct ScaleShift : LayerOf<ScaleShift> {
  static constexpr Info kInfo{.name = "scale_shift",
                              .doc = "x factor + offset with fixed numbers, feature by feature."};
  std::vector<double> factor{1}, offset{0};
  std::vector<std::int64_t> shape;  ///< of both lists, to broadcast against a row: {3, 1, 1} for colours

  ScaleShift() = default;
  ScaleShift(std::vector<double> factors, std::vector<double> offsets, std::vector<std::int64_t> lie = {});
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
