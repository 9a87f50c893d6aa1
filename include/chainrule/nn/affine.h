#pragma once

#include <cstdint>
#include <utility>

#include "chainrule/nn/layer.h"

// The layer in which every output depends on every input.
namespace chainrule::nn {

struct AffineOptions {
  bool bias = true;
  AnyInitializer weight_init = He{};
};
/// x W + b for x of shape (N, ...), any rank from 2 up: the axes after the first are flattened to `in`
/// features, and backward restores them. The result has shape (N, out).
struct Affine : LayerOf<Affine> {
  static constexpr Info kInfo{.name = "affine",
                              .doc = "x W + b: every output is a weighted sum of all inputs."};
  std::int64_t outputs = 0;
  AffineOptions options;
  Parameter weight;  ///< W, shape (in, out)
  Parameter bias;    ///< b, shape (out)

  Affine() = default;
  explicit Affine(std::int64_t out, AffineOptions more = {});
  /// With first values of one's own.
  /// @throws ShapeError  if the two do not fit (E042).
  Affine(const Tensor& w, const Tensor& b);
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
