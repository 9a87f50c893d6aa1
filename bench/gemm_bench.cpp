// Matrix products of the sizes that training meets, as fractions of the fused multiply-add peak of the same
// machine in the same run: bench_gemm [--threads T] [--simd avx512|avx2|sse4] [--only f32|f64]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/fma_peak.h"
#include "kernels/simd/gemm.h"

namespace chainrule::bench {
namespace {

using kernels::Gemm;

struct Case {
  std::int64_t m, k, n;
  const char* layout;  // NN, TN, NT or TT
};

const Case kCases[] = {
    {100, 784, 50, "NN"},    {784, 100, 50, "TN"},   {100, 50, 10, "NN"},      {50, 100, 10, "TN"},
    {100, 10, 50, "NT"},     {64, 64, 64, "NN"},     {256, 784, 1024, "NN"},   {256, 1024, 1024, "NN"},
    {256, 1024, 1024, "NT"}, {784, 256, 1024, "TN"}, {1024, 256, 1024, "TN"},  {256, 1024, 10, "NN"},
    {1, 784, 1024, "NN"},    {2000, 784, 100, "NN"}, {1024, 1024, 1024, "NN"},
};

// Seconds of this thread's own time while one thread is measured, so that programs beside it do not count as
// ours.
double seconds_now(bool own_time = false) {
  timespec t;
  if (own_time && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0)
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// GFLOP/s of registers alone, over about 100 us.
template <class T>
double peak_once() {
  const double start = seconds_now(true);
  const double operations = sizeof(T) == 4 ? kernels::run_fma_f32(30000) : kernels::run_fma_f64(30000);
  return operations / (seconds_now(true) - start) * 1e-9;
}

template <class T>
struct Problem {
  std::vector<T> a, b, c;
  Gemm<T> gemm;

  explicit Problem(const Case& s) {
    std::mt19937 random(7);
    std::uniform_real_distribution<T> uniform(-1, 1);
    for (auto [data, size] : {std::pair{&a, s.m * s.k}, std::pair{&b, s.k * s.n}}) {
      data->resize(static_cast<std::size_t>(size));
      for (T& x : *data) x = uniform(random);
    }
    c.resize(static_cast<std::size_t>(s.m * s.n));
    const bool ta = s.layout[0] == 'T', tb = s.layout[1] == 'T';
    gemm = {.m = s.m,
            .n = s.n,
            .k = s.k,
            .a = a.data(),
            .lda = ta ? s.m : s.k,
            .trans_a = ta,
            .b = b.data(),
            .ldb = tb ? s.k : s.n,
            .trans_b = tb,
            .c = c.data(),
            .ldc = s.n};
  }

  // Whether the outputs are what a plain loop gives: all of a small product, a sample of a large one.
  bool correct() const {
    const std::int64_t outputs = gemm.m * gemm.n, step = std::max<std::int64_t>(1, outputs / 5000);
    for (std::int64_t index = 0; index < outputs; index += step) {
      const std::int64_t i = index / gemm.n, j = index % gemm.n;
      T sum = 0;
      for (std::int64_t p = 0; p < gemm.k; ++p)
        sum = std::fma(gemm.trans_a ? gemm.a[p * gemm.lda + i] : gemm.a[i * gemm.lda + p],
                       gemm.trans_b ? gemm.b[j * gemm.ldb + p] : gemm.b[p * gemm.ldb + j], sum);
      const bool fused = kernels::simd_name() != "sse4" && kernels::simd_name() != "scalar";
      const T got = gemm.c[i * gemm.ldc + j];
      if (fused ? got != sum : std::abs(got - sum) > T(1e-3)) return false;
    }
    return true;
  }
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// Peak and product by turns, as the clock changes with load and with what the neighbours do.
template <class T>
bool measure(const Case& s, int threads) {
  Problem<T> problem(s);
  const double operations =
      2.0 * static_cast<double>(s.m) * static_cast<double>(s.k) * static_cast<double>(s.n);
  const int repeats = static_cast<int>(std::clamp(5e-4 * 5e10 / operations, 1.0, 2000.0));
  double best_time = 1e30, best_peak = 0;
  std::vector<double> ratios;
  kernels::gemm(problem.gemm);
  const bool correct = problem.correct();
  const double begin = seconds_now();
  for (int round = 0; round < 15 || (seconds_now() - begin < 0.25 && round < 400); ++round) {
    const double peak = peak_once<T>();
    const double start = seconds_now(threads == 1);
    for (int i = 0; i < repeats; ++i) kernels::gemm(problem.gemm);
    const double time = (seconds_now(threads == 1) - start) / repeats;
    best_time = std::min(best_time, time);
    best_peak = std::max(best_peak, peak);
    ratios.push_back(operations / time * 1e-9 / (std::max(peak, peak_once<T>()) * threads));
  }
  std::printf("%-3s %-2s %5lld x %5lld x %5lld %10.2f %9.1f %9.1f %8.1f%% %8.1f%%  %s\n",
              sizeof(T) == 4 ? "f32" : "f64", s.layout, static_cast<long long>(s.m),
              static_cast<long long>(s.k), static_cast<long long>(s.n), best_time * 1e6,
              operations / best_time * 1e-9, best_peak * threads,
              100 * operations / best_time * 1e-9 / (best_peak * threads), 100 * median(ratios),
              correct ? "ok" : "WRONG");
  return correct;
}

int run(int threads, const std::string& only) {
  set_num_threads(threads);
  std::printf(
      "simd %s, %d thread%s. Of peak: best time over best peak; median of the ratios of each round.\n",
      std::string(kernels::simd_name()).c_str(), threads, threads == 1 ? "" : "s");
  std::printf("%-6s %21s %10s %9s %9s %9s %9s\n", "", "m x     k x     n", "time us", "GFLOP/s", "peak",
              "best", "median");
  bool correct = true;
  if (only != "f64")
    for (const Case& s : kCases) correct &= measure<float>(s, threads);
  if (only != "f32")
    for (const Case& s : kCases) correct &= measure<double>(s, threads);
  return correct ? 0 : 1;
}

}  // namespace
}  // namespace chainrule::bench

int main(int argc, char** argv) {
  int threads = 1;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--threads") == 0) threads = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
    if (std::strcmp(argv[i], "--simd") == 0) setenv("CHAINRULE_SIMD", argv[i + 1], 1);
  }
  return chainrule::bench::run(threads, only);
}
