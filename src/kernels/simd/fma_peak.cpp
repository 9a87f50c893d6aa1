#include "kernels/simd/fma_peak.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/fma_peak.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "kernels/simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Twelve chains cover a latency of 4 to 6 cycles at two a cycle, and fit the registers of every target.
template <class T>
HWY_INLINE double run_fma(std::int64_t steps) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V x = hn::Set(d, T(0.999)), y = hn::Set(d, T(0.001));
  // Different starts: the compiler would make one chain of equal ones.
  V s0 = x, s1 = hn::Add(s0, y), s2 = hn::Add(s1, y), s3 = hn::Add(s2, y), s4 = hn::Add(s3, y);
  V s5 = hn::Add(s4, y), s6 = hn::Add(s5, y), s7 = hn::Add(s6, y), s8 = hn::Add(s7, y);
  V s9 = hn::Add(s8, y), s10 = hn::Add(s9, y), s11 = hn::Add(s10, y);
  for (std::int64_t i = 0; i < steps; ++i) {
    s0 = hn::MulAdd(s0, x, y), s1 = hn::MulAdd(s1, x, y), s2 = hn::MulAdd(s2, x, y);
    s3 = hn::MulAdd(s3, x, y), s4 = hn::MulAdd(s4, x, y), s5 = hn::MulAdd(s5, x, y);
    s6 = hn::MulAdd(s6, x, y), s7 = hn::MulAdd(s7, x, y), s8 = hn::MulAdd(s8, x, y);
    s9 = hn::MulAdd(s9, x, y), s10 = hn::MulAdd(s10, x, y), s11 = hn::MulAdd(s11, x, y);
  }
  const V a = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), b = hn::Add(hn::Add(s4, s5), hn::Add(s6, s7));
  const V c = hn::Add(hn::Add(s8, s9), hn::Add(s10, s11));
  volatile T used = hn::GetLane(hn::Add(hn::Add(a, b), c));
  static_cast<void>(used);
  return static_cast<double>(steps) * 12 * 2 * static_cast<double>(hn::Lanes(d));
}

double fma_f32(std::int64_t steps) { return run_fma<float>(steps); }
double fma_f64(std::int64_t steps) { return run_fma<double>(steps); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <atomic>
#include <chrono>

#include "core/thread_pool.h"

namespace chainrule::kernels {

HWY_EXPORT(fma_f32);
HWY_EXPORT(fma_f64);
double run_fma_f32(std::int64_t steps) { return CHAINRULE_DISPATCH(fma_f32)(steps); }
double run_fma_f64(std::int64_t steps) { return CHAINRULE_DISPATCH(fma_f64)(steps); }

double measured_fma_peak(int runs) {
  using Clock = std::chrono::steady_clock;
  const int threads = num_threads();
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    std::atomic<double> total{0};
    const Clock::time_point start = Clock::now();
    parallel_for(threads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) total += run_fma_f32(2'000'000);
    });
    best = std::max(best, total / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace chainrule::kernels
#endif
