#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/layer.h"
#include "chainrule/ops.h"

// Layers that move, repeat or add numbers: shapes, resampling, padding.
namespace chainrule::nn {

/// The axes from `from` to `to` become one: all but the batch, unless said otherwise.
struct Flatten : LayerOf<Flatten> {
  static constexpr Info kInfo{.name = "flatten", .doc = "Axes become one: all but the first, unless said."};
  static constexpr std::string_view kWhole = "x";
  std::int64_t from = 1, to = -1;

  Flatten() = default;
  explicit Flatten(std::int64_t first, std::int64_t last = -1);
  void fields(Fields& f);
  /// @throws ShapeError  if there are no such axes, in that order (E252).
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x as it is: where a net asks for a layer and there is nothing to do.
struct Identity : LayerOf<Identity> {
  static constexpr Info kInfo{.name = "identity", .doc = "The input as it is."};
  static constexpr std::string_view kWhole = "x";
  Tensor compute(const Tensor& x, Pass&) const { return x; }
};

/// (N, ...) to (N, shape...), in memory order.
struct Reshape : LayerOf<Reshape> {
  static constexpr Info kInfo{.name = "reshape", .doc = "Each row in another shape."};
  static constexpr std::string_view kWhole = "x";
  std::vector<std::int64_t> shape{-1};  ///< without the batch; one size may be -1 and is worked out

  Reshape() = default;
  explicit Reshape(std::vector<std::int64_t> sizes);
  void fields(Fields& f);
  /// @throws ShapeError  if the number of elements differs (E014).
  Tensor compute(const Tensor& x, Pass&) const;
};

enum class UpsampleMode : std::uint8_t { nearest, linear };
struct UpsampleOptions {
  Spatial size = {};  ///< of the result; given, it counts instead of the scale
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;
};
/// Signals, images and volumes made larger: chainrule::upsample_nearest, upsample_bilinear.
struct Upsample : LayerOf<Upsample> {
  static constexpr Info kInfo{.name = "upsample", .doc = "Signals, images and volumes made larger."};
  std::vector<std::int64_t> scale{2}, size;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;

  Upsample() = default;
  explicit Upsample(const Spatial& times, const UpsampleOptions& options = {});
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// Zeros, or what `mode` says, around signals, images and volumes: chainrule::pad.
struct Pad : LayerOf<Pad> {
  static constexpr Info kInfo{.name = "pad", .doc = "Zeros, or others, around signals, images and volumes."};
  /// One number for all sides, one for each axis, or numbers before each axis, then after each.
  std::vector<std::int64_t> widths{1};
  PadMode mode = PadMode::constant;
  double value = 0;

  Pad() = default;
  explicit Pad(std::vector<std::int64_t> around, PadMode how = PadMode::constant, double number = 0);
  explicit Pad(std::int64_t around, PadMode how = PadMode::constant, double number = 0);
  void fields(Fields& f);
  /// @throws ShapeError  unless the input has one to three axes behind the channels (E252).
  /// @throws ValueError  for lists of another length (E250).
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
