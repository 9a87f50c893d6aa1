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
  std::int64_t epoch = 0;              ///< where rows are drawn, with replacement or balanced: the step
  std::uint64_t seed = 0;
  int place = 0;  ///< of the transform in its list: two of one kind draw different numbers

  /// The random numbers of the i-th row: a function of seed, place, row and epoch, whatever else is in the
  /// batch.
  Random random(std::size_t i) const {
    return Random(Philox(seed, streams::kAugment),
                  (static_cast<std::uint64_t>(epoch) << 8) | static_cast<std::uint64_t>(place),
                  static_cast<std::uint64_t>(rows[i]) << 24);
  }
  /// More of the i-th row's numbers, apart from those: what chooses its partner, see Remake.
  Random partner(std::size_t i) const {
    return Random(Philox(seed, streams::kAugment),
                  (static_cast<std::uint64_t>(epoch) << 8) | static_cast<std::uint64_t>(place),
                  static_cast<std::uint64_t>(rows[i]) << 24 | std::uint64_t{1} << 23);
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
  /// Whether its rows are in other units than before: a net that learns from them understands no others.
  virtual bool changes_units() const { return false; }
};
template <class Self>
using TransformOf = ConfigurableOf<Self, Transform>;

/// A transform whose rows come out in another shape or dtype, or are made of two rows each.
class Remake : public Transform {
 public:
  /// The columns that it makes. @throws ValueError  if it cannot be applied to these (E277).
  virtual std::vector<Column> columns(std::span<const Column> before) const = 0;
  /// Whether each row is mixed with another, its partner: any row of the loader's source, each equally
  /// likely, chosen by the row's `draw.partner(i)`, as the transforms before have made it in this epoch.
  virtual bool mixes() const { return false; }
  /// Writes the rows. Called by several threads at once, for different batches.
  /// @param rows, partners  as the transforms before have left them; no partners unless it mixes.
  /// @param out  of the columns that it makes.
  virtual void make(std::span<const Array> rows, std::span<const Array> partners, std::span<const Array> out,
                    const Draw& draw) const = 0;

  void check(std::span<const Column> before) const final { columns(before); }
  /// @throws ValueError  always (E277): there is no room for other rows.
  void apply(std::span<const Array> columns, const Draw& draw) const final;
};
template <class Self>
using RemakeOf = ConfigurableOf<Self, Remake>;

/// Subtracts a mean and divides by a deviation: one for all numbers of the first column, or one a channel
/// (the first axis of a row).
struct Normalize : TransformOf<Normalize> {
  static constexpr Info kInfo{.name = "normalize", .doc = "Subtracts a mean and divides by a deviation."};
  std::vector<double> mean, deviation;
  Normalize();
  Normalize(double one_mean, double one_deviation);
  Normalize(std::vector<double> means, std::vector<double> deviations);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  bool changes_units() const override { return true; }
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Moves each image by whole pixels, up or down and left or right, each distance equally likely; what comes
/// in is 0. The last two axes are height and width.
struct Shift : TransformOf<Shift> {
  static constexpr Info kInfo{.name = "shift", .doc = "Moves each image by a few pixels."};
  std::int64_t pixels = 2;
  Shift() = default;
  explicit Shift(std::int64_t most);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Turns an image to its mirror image with some probability, left to right, or top to bottom. The last axis
/// is the width, the one before it the height.
struct Flip : TransformOf<Flip> {
  static constexpr Info kInfo{.name = "flip", .doc = "Mirrors some images, left to right or top to bottom."};
  double probability = 0.5;
  bool vertical = false;
  Flip() = default;
  explicit Flip(double chance, bool top_to_bottom = false);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Adds a normal random number to each number of the first column.
struct Noise : TransformOf<Noise> {
  static constexpr Info kInfo{.name = "noise", .doc = "Adds normal random numbers."};
  double deviation = 0.1;
  Noise() = default;
  explicit Noise(double sigma);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Transforms, in order: {Shift(2), Flip()}. More of them for images: chainrule/data/augment.h.
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

/// A source whose rows are transformed: what test images need that were cropped and normalized for training.
/// Random transforms draw what a loader of this seed draws in its first epoch.
/// @throws ValueError  for transforms that do not fit (E277), or too many (E276).
Source transformed(const Source& source, Transforms transforms, std::uint64_t seed = 0);

/// For transforms of training batches alone. A loader takes any; whoever changes the shape or the units of
/// rows there does so to all that the net meets, by `transformed`.
/// @throws ValueError  for one that gives inputs another shape or other units (E634), or does not fit (E277).
void require_same_rows(const Source& source, const Transforms& transforms);

}  // namespace chainrule::data

namespace chainrule {
template <>
Registry& registry<data::Transform>();
}
