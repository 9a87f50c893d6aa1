#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/simd/gemm.h"

namespace chainrule {

/// Adding updates, of which thousands may go to one element: such sums are made in double precision.
class LongSums {
 public:
  /// Of no more updates a sum of f32 numbers, one after the other, is good enough.
  static constexpr std::int64_t kFewest = kernels::Gemm<float>::kMaxChain;

  /// @param rows  those whose sums are not made otherwise, `length` elements each.
  LongSums(std::int64_t rows, std::int64_t length) : uses_(static_cast<std::size_t>(rows)), length_(length) {}

  void count(std::int64_t row) { ++uses_[at(row)]; }
  /// After the last update is counted: whether there are such sums.
  bool find() {
    std::int64_t found = 0;
    for (std::int64_t& use : uses_) use = use > kFewest ? found++ : -1;
    sums_.resize(at(found * length_));
    return found > 0;
  }
  bool has(std::int64_t row) const { return uses_[at(row)] >= 0; }
  void add(std::int64_t row, const float* x) {
    double* sum = sums_of(row);
    for (std::int64_t i = 0; i < length_; ++i) sum[i] += static_cast<double>(x[i]);
  }
  /// To the rows of y; the next sums begin from 0.
  void write(float* y) {
    for (std::int64_t row = 0; row < static_cast<std::int64_t>(uses_.size()); ++row) {
      if (!has(row)) continue;
      double* sum = sums_of(row);
      for (std::int64_t i = 0; i < length_; ++i)
        y[row * length_ + i] = static_cast<float>(std::exchange(sum[i], 0.0));
    }
  }

 private:
  static std::size_t at(std::int64_t number) { return static_cast<std::size_t>(number); }
  double* sums_of(std::int64_t row) { return sums_.data() + uses_[at(row)] * length_; }

  std::vector<std::int64_t> uses_;  // then the number of the row's sums, or -1
  std::int64_t length_;
  std::vector<double> sums_;
};

}  // namespace chainrule
