#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/fields.h"
#include "chainrule/random.h"
#include "chainrule/source.h"

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

/// Transforms, in order: {Shift(2), Flip()}.
struct Transforms {
  static constexpr std::size_t kMost = 256;
  std::vector<Shared<Transform>> list;

  Transforms() = default;
  template <std::derived_from<Transform>... T>
  requires(sizeof...(T) > 0) Transforms(T... transforms) {
    (list.push_back(Shared<Transform>(new T(std::move(transforms)))), ...);
  }
};

}  // namespace chainrule::data

namespace chainrule {
template <>
Registry& registry<data::Transform>();
}
