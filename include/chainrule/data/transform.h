#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/data/source.h"
#include "chainrule/fields.h"
#include "chainrule/random.h"

namespace chainrule::data {

/// Which rows a transform has before it, and the random numbers of each.
struct Draw {
  std::span<const std::int64_t> rows;  ///< their numbers in the loader's source
  std::int64_t epoch = 0;
  std::uint64_t seed = 0;
  int place = 0;  ///< of the transform in its list: two of one kind draw different numbers

  /// The random numbers of the i-th row: a function of seed, place, row and epoch, whatever else is in the
  /// batch.
  Random random(std::size_t i) const {
    return Random(Philox(seed, streams::kAugment),
                  (static_cast<std::uint64_t>(epoch) << 8) | static_cast<std::uint64_t>(place),
                  static_cast<std::uint64_t>(rows[i]) << 24);
  }
};

/// Something that is done to the rows of a batch when a loader makes it, anew in each epoch: augmentation.
/// One struct a transform:
///
///     struct Invert : data::TransformOf<Invert> {
///       static constexpr Info kInfo{.name = "invert", .doc = "One minus the input."};
///       void apply(std::span<const Array> columns, const data::Draw&) const override { ... }
///     };
class Transform : public Configurable {
 public:
  /// Changes the rows where they lie. Called by several threads at once, for different batches.
  /// @param columns  the columns of the source, each (rows, ...).
  virtual void apply(std::span<const Array> columns, const Draw& draw) const = 0;
  /// Asked once by a loader. @throws ValueError  if it cannot be applied to these columns (E277).
  virtual void check(std::span<const Column> /*columns*/) const {}
};
template <class Self>
using TransformOf = ConfigurableOf<Self, Transform>;

/// Subtracts a mean and divides by a deviation: one for all numbers of the first column, or one a channel
/// (the first axis of a row).
struct Normalize : TransformOf<Normalize> {
  static constexpr Info kInfo{.name = "normalize", .doc = "Subtracts a mean and divides by a deviation."};
  std::vector<double> mean, deviation;
  Normalize() : Normalize(0, 1) {}
  Normalize(double one_mean, double one_deviation);
  Normalize(std::vector<double> means, std::vector<double> deviations);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Moves each image by whole pixels, up or down and left or right, each distance equally likely; what comes
/// in is 0. The last two axes are height and width.
struct Shift : TransformOf<Shift> {
  static constexpr Info kInfo{.name = "shift", .doc = "Moves each image by a few pixels."};
  std::int64_t pixels = 2;
  Shift() = default;
  explicit Shift(std::int64_t most) : pixels(most) {}
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Turns an image to its mirror image, left to right, with some probability. The last axis is the width.
struct Flip : TransformOf<Flip> {
  static constexpr Info kInfo{.name = "flip", .doc = "Mirrors some images, left to right."};
  double probability = 0.5;
  Flip() = default;
  explicit Flip(double chance) : probability(chance) {}
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Adds a normal random number to each number of the first column.
struct Noise : TransformOf<Noise> {
  static constexpr Info kInfo{.name = "noise", .doc = "Adds normal random numbers."};
  double deviation = 0.1;
  Noise() = default;
  explicit Noise(double sigma) : deviation(sigma) {}
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Transforms, in order: {Shift(2), Flip()}.
struct Transforms {
  static constexpr std::size_t kMost = 256;
  std::vector<Shared<Transform>> list;

  Transforms() = default;
  template <std::derived_from<Transform>... T>
  requires(sizeof...(T) > 0) Transforms(T... transforms) {
    (add(Shared<Transform>(new T(std::move(transforms)))), ...);
  }
  void add(Shared<Transform> transform);
};

}  // namespace chainrule::data

namespace chainrule {
template <>
Registry& registry<data::Transform>();
}
