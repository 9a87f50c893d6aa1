#pragma once

#include <cstddef>

namespace chainrule {

/// Memory for small objects that come and go by the dozen in every step: nodes and the numbers of scalars.
/// Each thread keeps what it gave back, in lists by size. Aligned to 64 bytes.
class SmallBlocks {
 public:
  static constexpr std::size_t kMaxBytes = 512;

  /// @throws std::bad_alloc
  static void* take(std::size_t bytes);
  /// @param bytes  as they were asked for.
  static void give(void* block, std::size_t bytes) noexcept;
};

}  // namespace chainrule
