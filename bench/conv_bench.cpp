// Convolution with its two gradients, and pooling, of the sizes of small nets; beside matrix products of the
// same arithmetic: bench_conv [--threads T] [--simd avx512|avx2|sse4]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "core/thread_pool.h"
#include "kernels/conv.h"
#include "kernels/pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/gemm.h"

namespace chainrule::bench {
namespace {

using kernels::ConvShape;

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

/// The shortest of many runs, in seconds.
double shortest(const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  const auto begin = Clock::now();
  for (int i = 0; i < 20 || (Clock::now() - begin < std::chrono::milliseconds(500) && i < 2000); ++i) {
    const auto start = Clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

struct Case {
  const char* text;
  ConvShape shape;
};

ConvShape square(std::int64_t n, std::int64_t in, std::int64_t size, std::int64_t out, std::int64_t kernel,
                 std::int64_t padding, std::int64_t stride = 1) {
  const std::int64_t places = (size + 2 * padding - kernel) / stride + 1;
  return {{{1, size, size},
           {1, places, places},
           {1, kernel, kernel},
           {1, stride, stride},
           {1, 1, 1},
           {0, padding, padding}},
          n,
          1,
          in,
          out};
}

/// Of the three products in f32, against f64: the root mean square of the difference over that of the result.
template <class F>
double error_of(F product, const std::vector<float>& a, const std::vector<float>& b, std::size_t size) {
  std::vector<float> got(size);
  std::vector<double> exact(size);
  product(a.data(), b.data(), got.data());
  const std::vector<double> a64(a.begin(), a.end()), b64(b.begin(), b.end());
  product(a64.data(), b64.data(), exact.data());
  double errors = 0, squares = 0;
  for (std::size_t i = 0; i < size; ++i) {
    errors += (got[i] - exact[i]) * (got[i] - exact[i]);
    squares += exact[i] * exact[i];
  }
  return std::sqrt(errors / squares);
}

void measure(const Case& c) {
  const ConvShape& s = c.shape;
  const std::int64_t image = s.in_channels * s.windows.in.product(),
                     result = s.out_channels * s.windows.out.product();
  std::vector<float> x = random_floats(s.n * image, 1), w = random_floats(s.out_channels * s.depth(), 2);
  std::vector<float> y = random_floats(s.n * result, 3);
  const double operations = 2.0 * static_cast<double>(s.n * result) * static_cast<double>(s.depth());
  const std::vector<float> patches = random_floats(s.depth() * s.windows.out.product(), 4);
  // The arithmetic alone: all images have the patches of one.
  const double product = shortest([&] {
    for (std::int64_t n = 0; n < s.n; ++n) {
      kernels::gemm(kernels::Gemm<float>{.m = s.out_channels,
                                         .n = s.windows.out.product(),
                                         .k = s.depth(),
                                         .a = w.data(),
                                         .lda = s.depth(),
                                         .b = patches.data(),
                                         .ldb = s.windows.out.product(),
                                         .c = y.data() + n * result,
                                         .ldc = s.windows.out.product()});
    }
  });
  const double errors[] = {
      error_of([&](auto* a, auto* b, auto* to) { kernels::conv(s, a, b, to); }, x, w, y.size()),
      error_of([&](auto* a, auto* b, auto* to) { kernels::conv_weight(s, a, b, to); }, x, y, w.size()),
      error_of([&](auto* a, auto* b, auto* to) { kernels::conv_input(s, a, b, to); }, y, w, x.size())};
  const double forward = shortest([&] { kernels::conv(s, x.data(), w.data(), y.data()); });
  const double weight = shortest([&] { kernels::conv_weight(s, x.data(), y.data(), w.data()); });
  const double input = shortest([&] { kernels::conv_input(s, y.data(), w.data(), x.data()); });
  std::printf("%-34s", c.text);
  for (const double seconds : {product, forward, weight, input})
    std::printf(" %8.0f us %5.0f", seconds * 1e6, operations / seconds * 1e-9);
  std::printf("  %.1e %.1e %.1e\n", errors[0], errors[1], errors[2]);
}

/// Public functions, the value and the gradient to x.
void measure_call(const char* text, const Shape& shape, const std::function<Tensor(const Tensor&)>& call) {
  const Tensor x = from_data(random_floats(shape.numel(), 5), shape);
  const double forward = shortest([&] { evaluate(std::vector<Tensor>{call(x)}); });
  const Tensor g = ones(call(x).shape());
  const double both = shortest([&] { evaluate(std::vector<Tensor>{grad(sum(call(x) * g), x)}); });
  std::printf("%-34s %8.0f us forward %8.0f us with gradient\n", text, forward * 1e6, both * 1e6);
}

void run() {
  std::printf(
      "simd %s, %d threads; the shortest of many runs, GFLOP/s, and the errors of the three against f64.\n",
      std::string(kernels::simd_name()).c_str(), num_threads());
  std::printf("%-34s %17s %17s %17s %17s\n", "", "product alone", "forward", "to w", "to x");
  const Case cases[] = {{"100x1x28x28, 30x1x5x5", square(100, 1, 28, 30, 5, 0)},
                        {"100x1x28x28, 16x1x3x3 padding 1", square(100, 1, 28, 16, 3, 1)},
                        {"16x3x32x32, 32x3x3x3 padding 1", square(16, 3, 32, 32, 3, 1)},
                        {"16x3x32x32, 32x3x5x5 padding 2", square(16, 3, 32, 32, 5, 2)},
                        {"16x6x14x14, 16x6x5x5", square(16, 6, 14, 16, 5, 0)},
                        {"100x16x28x28, 32x16x3x3 padding 1", square(100, 16, 28, 32, 3, 1)},
                        {"100x16x28x28, 32x16x3x3 stride 2", square(100, 16, 28, 32, 3, 1, 2)},
                        {"100x16x28x28, 16x16x3x3 padding 1", square(100, 16, 28, 16, 3, 1)},
                        {"100x16x14x14, 32x16x3x3 padding 1", square(100, 16, 14, 32, 3, 1)},
                        {"100x32x14x14, 32x32x3x3 padding 2", square(100, 32, 14, 32, 3, 2)},
                        {"100x32x8x8, 64x32x3x3 padding 1", square(100, 32, 8, 64, 3, 1)},
                        {"100x64x8x8, 64x64x3x3 padding 1", square(100, 64, 8, 64, 3, 1)},
                        {"16x64x56x56, 64x64x3x3 padding 1", square(16, 64, 56, 64, 3, 1)},
                        {"16x64x28x28, 128x64x1x1", square(16, 64, 28, 128, 1, 0)}};
  for (const Case& c : cases) measure(c);
  const Shape image{100, 30, 24, 24};
  measure_call("max_pool2d 2, 100x30x24x24", image, [](const Tensor& x) { return max_pool2d(x, 2); });
  measure_call("max_pool2d 3 stride 2, 100x30x24x24", image,
               [](const Tensor& x) { return max_pool2d(x, 3, {.stride = 2}); });
  measure_call("avg_pool2d 2, 100x30x24x24", image, [](const Tensor& x) { return avg_pool2d(x, 2); });
  measure_call("upsample_bilinear 48, 100x30x24x24", image,
               [](const Tensor& x) { return upsample_bilinear(x, 48); });
  measure_call("unfold 3, 100x30x24x24", image, [](const Tensor& x) { return unfold(x, 3); });
  measure_call("copy (x + 1), 100x30x24x24", image, [](const Tensor& x) { return x + 1; });
}

}  // namespace
}  // namespace chainrule::bench

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--threads") == 0) chainrule::set_num_threads(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--simd") == 0) setenv("CHAINRULE_SIMD", argv[i + 1], 1);
  }
  chainrule::bench::run();
}
