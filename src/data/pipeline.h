#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/data/transform.h"

namespace chainrule::data {

/// A source and what is done to its rows, one transform after another.
class Pipeline {
 public:
  /// @throws ValueError  for too many transforms (E276), or one that does not fit (E277).
  Pipeline(Source source, Transforms transforms);

  const Source& source() const { return source_; }
  /// Of the transformed rows.
  const Shared<const Columns>& columns() const { return columns_.back(); }

  /// Writes transformed rows, which check_rows has passed.
  void gather(std::span<const std::int64_t> rows, std::int64_t epoch, std::uint64_t seed,
              std::span<const Array> out) const;
  /// The same as tensors, one a column.
  void take(std::span<const std::int64_t> rows, std::int64_t epoch, std::uint64_t seed,
            std::span<Tensor> out) const;

 private:
  void fill(std::size_t count, Draw draw, std::span<const Array> out) const;
  void remake(std::size_t place, Draw draw, std::span<const Array> out) const;

  Source source_;
  std::vector<Shared<Transform>> transforms_;
  std::vector<const Remake*> remakes_;          // those among the transforms, null for the others
  std::vector<Shared<const Columns>> columns_;  // before each transform, and after the last
};

}  // namespace chainrule::data
