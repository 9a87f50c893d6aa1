#pragma once

#include <algorithm>
#include <cstdint>

namespace chainrule::kernels {

struct Range {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// [0, count) cut into pieces of sizes that differ by one at most, the larger ones first.
class Cut {
 public:
  Cut() = default;
  Cut(std::int64_t count, std::int64_t pieces)
      : pieces_(pieces), size_(count / pieces), larger_(count % pieces) {}

  std::int64_t pieces() const { return pieces_; }
  Range operator[](std::int64_t index) const {
    const std::int64_t begin = index * size_ + std::min(index, larger_);
    return {begin, begin + size_ + (index < larger_ ? 1 : 0)};
  }

 private:
  std::int64_t pieces_ = 0, size_ = 0, larger_ = 0;
};

}  // namespace chainrule::kernels
