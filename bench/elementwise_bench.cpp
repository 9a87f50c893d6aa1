// Elementwise, reduction and softmax kernels beside the plain loop with std:: functions, in one run, so that
// the speed-up is a ratio: bench_elementwise [--benchmark_filter=exp]. The counter ns/elem is wall time per
// element. Plain loops are compiled as a user's Release build would be; each kernel checks its answer before
// it is timed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/simd/elementwise.h"
#include "kernels/simd/reduce.h"
#include "kernels/simd/softmax.h"

namespace chainrule::kernels {
namespace {

template <class T>
std::vector<T> inputs(std::int64_t n) {
  std::vector<T> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(0.1) + static_cast<T>(i * 7919 % 1000) / 200;
  return x;
}

void count(benchmark::State& state, std::int64_t elements) {
  state.counters["time/elem"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(elements),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Times f(x, y) over runs of T.
template <class T, class F>
void time_runs(benchmark::State& state, F f) {
  const std::int64_t n = state.range(0);
  const auto x = inputs<T>(n);
  std::vector<T> y(x.size());
  for (auto _ : state) {
    f(x.data(), y.data(), n);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  count(state, n);
}

template <class T, class F, class G>
void add(const std::string& name, F simd, G plain, std::vector<std::int64_t> sizes = {10, 1000, 100000}) {
  const std::string type = sizeof(T) == 4 ? "f32" : "f64";
  const auto x = inputs<T>(1003);
  std::vector<T> a(x.size());
  std::vector<T> b(x.size());
  simd(x.data(), a.data(), std::int64_t{1003});
  plain(x.data(), b.data(), std::int64_t{1003});
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= T(1e-5) * (1 + std::fabs(b[i])))) {
      benchmark::RegisterBenchmark((name + "/WRONG").c_str(), [name](benchmark::State& s) {
        s.SkipWithError("the kernel's answer differs from the plain loop's");
      });
      return;
    }
  }
  for (const std::int64_t n : sizes) {
    benchmark::RegisterBenchmark((type + "/" + name + "/simd").c_str(), [simd](benchmark::State& s) {
      time_runs<T>(s, simd);
    })->Arg(n);
    benchmark::RegisterBenchmark((type + "/" + name + "/plain").c_str(), [plain](benchmark::State& s) {
      time_runs<T>(s, plain);
    })->Arg(n);
  }
}

/// y[i] = f(x[i]) by a plain loop.
template <class T, class F>
auto plain_map(F f) {
  return [f](const T* x, T* y, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
  };
}

template <class T>
auto simd_map(Unary op) {
  return [op](const T* x, T* y, std::int64_t n) { unary(op, x, y, n); };
}

template <class T>
void add_elementwise() {
  add<T>("neg", simd_map<T>(Unary::neg), plain_map<T>([](T x) { return -x; }));
  add<T>("exp", simd_map<T>(Unary::exp), plain_map<T>([](T x) { return std::exp(x); }));
  add<T>("log", simd_map<T>(Unary::log), plain_map<T>([](T x) { return std::log(x); }));
  add<T>("sqrt", simd_map<T>(Unary::sqrt), plain_map<T>([](T x) { return std::sqrt(x); }));
  add<T>("tanh", simd_map<T>(Unary::tanh), plain_map<T>([](T x) { return std::tanh(x); }));
  add<T>("sigmoid", simd_map<T>(Unary::sigmoid), plain_map<T>([](T x) { return 1 / (1 + std::exp(-x)); }));
  add<T>("floor", simd_map<T>(Unary::floor), plain_map<T>([](T x) { return std::floor(x); }));
  add<T>("expm1", simd_map<T>(Unary::expm1), plain_map<T>([](T x) { return std::expm1(x); }));
  add<T>("log1p", simd_map<T>(Unary::log1p), plain_map<T>([](T x) { return std::log1p(x); }));
  add<T>("sin", simd_map<T>(Unary::sin), plain_map<T>([](T x) { return std::sin(x); }));
  add<T>("cos", simd_map<T>(Unary::cos), plain_map<T>([](T x) { return std::cos(x); }));
  add<T>("erf", simd_map<T>(Unary::erf), plain_map<T>([](T x) { return std::erf(x); }));
  add<T>(
      "add", [](const T* x, T* y, std::int64_t n) { binary(Binary::add, x, false, x, false, y, n); },
      [](const T* x, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] + x[i];
      });
  add<T>(
      "div_scalar", [](const T* x, T* y, std::int64_t n) { binary(Binary::div, x, false, x, true, y, n); },
      [](const T* x, T* y, std::int64_t n) {
        const T divisor = x[0];
        for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] / divisor;
      });
}

template <class T>
void add_reductions() {
  add<T>(
      "sum", [](const T* x, T* y, std::int64_t n) { sum(x, 1, n, 1, y); },
      [](const T* x, T* y, std::int64_t n) {
        T total = 0;
        for (std::int64_t i = 0; i < n; ++i) total += x[i];
        y[0] = total;
      });
  add<T>(
      "max", [](const T* x, T* y, std::int64_t n) { max(x, 1, n, 1, y); },
      [](const T* x, T* y, std::int64_t n) {
        T top = x[0];
        for (std::int64_t i = 1; i < n; ++i) top = std::max(top, x[i]);
        y[0] = top;
      });
  // Of each of 50 columns, as a layer's bias gradient.
  add<T>(
      "sum_columns_50", [](const T* x, T* y, std::int64_t n) { sum(x, 1, n / 50, 50, y); },
      [](const T* x, T* y, std::int64_t n) {
        std::fill_n(y, 50, T{0});
        for (std::int64_t r = 0; r < n / 50; ++r) {
          for (std::int64_t i = 0; i < 50; ++i) y[i] += x[r * 50 + i];
        }
      },
      {1000, 100000});
}

template <class T>
void plain_softmax(const T* z, std::int64_t rows, std::int64_t cols, T* p) {
  for (std::int64_t r = 0; r < rows; ++r, z += cols, p += cols) {
    const T top = *std::max_element(z, z + cols);
    T total = 0;
    for (std::int64_t i = 0; i < cols; ++i) total += p[i] = std::exp(z[i] - top);
    for (std::int64_t i = 0; i < cols; ++i) p[i] /= total;
  }
}

template <class T>
void add_softmax() {
  for (const std::int64_t cols : {10, 1000}) {
    add<T>(
        "softmax_" + std::to_string(cols),
        [cols](const T* x, T* y, std::int64_t n) { softmax(x, n / cols, cols, y); },
        [cols](const T* x, T* y, std::int64_t n) { plain_softmax(x, n / cols, cols, y); }, {1000, 100000});
  }
}

}  // namespace
}  // namespace chainrule::kernels

int main(int argc, char** argv) {
  using namespace chainrule::kernels;
  add_elementwise<float>();
  add_reductions<float>();
  add_softmax<float>();
  add_elementwise<double>();
  add_reductions<double>();
  add_softmax<double>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("threads", std::to_string(chainrule::num_threads()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
