#include "kernels/simd/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/softmax.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/fold-inl.h"
#include "kernels/simd/loop-inl.h"
#include "kernels/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// e^(z - max): no more than 1, so that the check against overflow is left out.
template <class T>
struct ShiftedExp {
  T max;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    return exp_below_high(d, hn::Sub(z, hn::Set(d, max)));
  }
};

/// A row of at most kLanes elements, held in registers from load to store: with few classes the calls and
/// passes would cost more than the arithmetic. The same operations in the same order as for long rows.
template <class T>
class ShortRow {
 public:
  HWY_INLINE ShortRow(const T* z, std::int64_t cols) : cols_(cols) {
    for (int i = 0; i < Lanes::kCount; ++i) {
      const std::int64_t left = cols_ - i * kWidth;
      z_.v[i] = left >= kWidth ? hn::LoadU(d_, z + i * kWidth)
                : left > 0     ? load_first(d_, z + i * kWidth, left)
                               : hn::Zero(d_);
    }
    max_ = fold_lanes<Max, T>(filled<Max>(z_));
    for (int i = 0; i < Lanes::kCount; ++i) e_.v[i] = ShiftedExp<T>{max_}(d_, z_.v[i]);
    sum_ = fold_lanes<Sum, T>(filled<Sum>(e_));
  }

  T max() const { return max_; }
  T sum() const { return sum_; }

  HWY_INLINE void store_scaled(T scale, T* p) const {
    for (int i = 0; i < Lanes::kCount; ++i) {
      const std::int64_t left = cols_ - i * kWidth;
      const auto y = hn::Mul(e_.v[i], hn::Set(d_, scale));
      if (left >= kWidth) {
        hn::StoreU(y, d_, p + i * kWidth);
      } else if (left > 0) {
        store_first(d_, y, p + i * kWidth, left);
      }
    }
  }

 private:
  using Lanes = LaneVectors<T>;
  using D = typename Lanes::D;
  static constexpr std::int64_t kWidth = kLanes / Lanes::kCount;

  template <class Op>
  HWY_INLINE Lanes filled(Lanes lanes) const {
    for (int i = 0; i < Lanes::kCount; ++i) {
      const std::int64_t left = cols_ - i * kWidth;
      if (left < kWidth) {
        const auto present = hn::FirstN(d_, static_cast<std::size_t>(left > 0 ? left : 0));
        lanes.v[i] = hn::IfThenElse(present, lanes.v[i], Op::identity(d_));
      }
    }
    return lanes;
  }

  const D d_{};
  std::int64_t cols_;
  Lanes z_;
  Lanes e_;
  T max_;
  T sum_;
};

/// Where the logarithms of the sums go, or nullptr; and the maxima, apart from them, or nullptr.
template <class T>
struct Logs {
  T *y, *tops;

  HWY_INLINE void write(std::int64_t row, T max, T sum) const {
    if (y == nullptr) return;
    const hn::CappedTag<T, kLanes> d;
    // An infinite or NaN maximum is the answer; max - max would make a NaN of it.
    const bool finite = std::numeric_limits<T>::lowest() <= max && max <= std::numeric_limits<T>::max();
    const T log_of_sum = finite ? hn::GetLane(log(d, hn::Set(d, sum))) : T(0);
    y[row] = tops == nullptr ? max + log_of_sum : log_of_sum;
    if (tops != nullptr) tops[row] = max;
  }
};

/// The sum of e^(z - max).
template <class T>
HWY_INLINE T softmax_long_row(const T* z, std::int64_t cols, T max, T* p) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const ShiftedExp<T> shifted_exp{max};
  for_vectors(
      lanes, cols,
      [&](std::int64_t i) HWY_ATTR { hn::StoreU(shifted_exp(d, hn::LoadU(d, z + i)), d, p + i); },
      [&](std::int64_t i, std::int64_t count)
          HWY_ATTR { store_first(d, shifted_exp(d, load_first(d, z + i, count)), p + i, count); });
  const T sum = fold_run<Sum>(static_cast<const T*>(p), cols);
  const auto scale = hn::Set(d, T{1} / sum);
  for_vectors(
      lanes, cols,
      [&](std::int64_t i) HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, p + i), scale), d, p + i); },
      [&](std::int64_t i, std::int64_t count)
          HWY_ATTR { store_first(d, hn::Mul(load_first(d, p + i, count), scale), p + i, count); });
  return sum;
}

template <class T>
void softmax_rows(const T* z, std::int64_t rows, std::int64_t cols, T* p, T* y, T* tops) {
  const Logs<T> logs{y, tops};
  for (std::int64_t row = 0; row < rows; ++row, z += cols, p += cols) {
    if (cols <= kLanes) {
      const ShortRow<T> short_row(z, cols);
      logs.write(row, short_row.max(), short_row.sum());
      short_row.store_scaled(T{1} / short_row.sum(), p);
    } else {
      const T max = fold_run<Max>(z, cols);
      logs.write(row, max, softmax_long_row(z, cols, max, p));
    }
  }
}

template <class T>
void logsumexp_rows(const T* z, std::int64_t rows, std::int64_t cols, T* y, T* tops) {
  const Logs<T> logs{y, tops};
  for (std::int64_t row = 0; row < rows; ++row, z += cols) {
    if (cols <= kLanes) {
      const ShortRow<T> short_row(z, cols);
      logs.write(row, short_row.max(), short_row.sum());
    } else {
      const T max = fold_run<Max>(z, cols);
      logs.write(row, max, fold_run<Sum>(z, cols, ShiftedExp<T>{max}));
    }
  }
}

void softmax_f32(const float* z, std::int64_t rows, std::int64_t cols, float* p, float* y, float* tops) {
  softmax_rows(z, rows, cols, p, y, tops);
}
void softmax_f64(const double* z, std::int64_t rows, std::int64_t cols, double* p, double* y, double* tops) {
  softmax_rows(z, rows, cols, p, y, tops);
}
void logsumexp_f32(const float* z, std::int64_t rows, std::int64_t cols, float* y, float* tops) {
  logsumexp_rows(z, rows, cols, y, tops);
}
void logsumexp_f64(const double* z, std::int64_t rows, std::int64_t cols, double* y, double* tops) {
  logsumexp_rows(z, rows, cols, y, tops);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(softmax_f32);
HWY_EXPORT(softmax_f64);
HWY_EXPORT(logsumexp_f32);
HWY_EXPORT(logsumexp_f64);

namespace {

/// Numbers of rows from `row` on.
template <class T>
T* from(T* numbers, std::int64_t row) {
  return numbers == nullptr ? nullptr : numbers + row;
}

template <class Run, class T>
void split_softmax(Run run, const T* z, std::int64_t rows, std::int64_t cols, T* p, T* y, T* tops) {
  parallel_for(rows, rows_grain(kHeavyGrain, cols), [=](std::int64_t begin, std::int64_t end) {
    run(z + begin * cols, end - begin, cols, p + begin * cols, from(y, begin), from(tops, begin));
  });
}

template <class Run, class T>
void split_logsumexp(Run run, const T* z, std::int64_t rows, std::int64_t cols, T* y, T* tops) {
  parallel_for(rows, rows_grain(kHeavyGrain, cols), [=](std::int64_t begin, std::int64_t end) {
    run(z + begin * cols, end - begin, cols, y + begin, from(tops, begin));
  });
}
}  // namespace

void softmax(const float* z, std::int64_t rows, std::int64_t cols, float* p, float* y, float* tops) {
  split_softmax(CHAINRULE_DISPATCH(softmax_f32), z, rows, cols, p, y, tops);
}

void softmax(const double* z, std::int64_t rows, std::int64_t cols, double* p, double* y, double* tops) {
  split_softmax(CHAINRULE_DISPATCH(softmax_f64), z, rows, cols, p, y, tops);
}

void logsumexp(const float* z, std::int64_t rows, std::int64_t cols, float* y, float* tops) {
  split_logsumexp(CHAINRULE_DISPATCH(logsumexp_f32), z, rows, cols, y, tops);
}

void logsumexp(const double* z, std::int64_t rows, std::int64_t cols, double* y, double* tops) {
  split_logsumexp(CHAINRULE_DISPATCH(logsumexp_f64), z, rows, cols, y, tops);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
