// Pooling: sizes, padding, ties, NaN; against PyTorch and against the definition.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/conv.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "kernel_test.h"
#include "kernels/pool.h"
#include "kernels/ref/pool.h"

namespace chainrule {
namespace {

using kernels::kInfinity;
using kernels::kNaN;

void expect_near(const Tensor& got, const std::vector<double>& wanted) {
  const std::vector<double> values = got.to_vector();
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], 1e-13) << i;
}

/// (1, 1, 5, 6): 0, 7, 14, 21, ... modulo 11.
Tensor image() { return reshape(fmod(cast(arange(30), f64) * 7, 11), {1, 1, 5, 6}); }

Tensor row(std::initializer_list<Number> values) {
  return tensor(values, {1, 1, static_cast<std::int64_t>(values.size())}, f64);
}

// Sizes from PyTorch 1.13.
TEST(Pool, Sizes) {
  struct Sizes {
    std::int64_t in, kernel, stride, padding, dilation, floor, ceil;
  };
  const Sizes table[] = {{7, 2, 2, 0, 1, 3, 4},  {6, 2, 2, 0, 1, 3, 3}, {5, 3, 2, 1, 1, 3, 3},
                         {6, 3, 2, 1, 1, 3, 4},  {7, 3, 3, 1, 1, 3, 3}, {8, 3, 3, 1, 1, 3, 3},
                         {5, 2, 3, 1, 1, 2, 2},  {9, 2, 3, 0, 2, 3, 3}, {10, 3, 4, 1, 2, 2, 3},
                         {4, 2, 4, 1, 1, 2, 2},  {1, 1, 3, 0, 1, 1, 1}, {11, 3, 4, 0, 1, 3, 3},
                         {12, 3, 4, 0, 1, 3, 3}, {3, 2, 2, 1, 1, 2, 2}};
  for (const Sizes& s : table) {
    const Tensor x = reshape(cast(arange(s.in), f64), {1, 1, s.in});
    PoolOptions options{.stride = s.stride, .padding = s.padding, .dilation = s.dilation};
    EXPECT_EQ(max_pool1d(x, s.kernel, options).size(2), s.floor) << s.in;
    options.ceil_mode = true;
    EXPECT_EQ(max_pool1d(x, s.kernel, options).size(2), s.ceil) << s.in;
    if (s.dilation != 1) continue;
    EXPECT_EQ(avg_pool1d(x, s.kernel, {.stride = s.stride, .padding = s.padding}).size(2), s.floor);
    const AvgPoolOptions up{.stride = s.stride, .padding = s.padding, .ceil_mode = true};
    EXPECT_EQ(avg_pool1d(x, s.kernel, up).size(2), s.ceil);
  }
}

// Worked out with PyTorch 1.13.
TEST(MaxPool, GivesPyTorchsNumbers) {
  expect_near(max_pool2d(image(), {3, 2}, {.stride = 2, .padding = 1, .ceil_mode = true}),
              {9, 7, 10, 2, 9, 10, 8, 9, 5, 10, 9, 7});
  expect_near(max_pool2d(image(), {2, 3}, {.stride = 2, .padding = {0, 1}, .ceil_mode = true}),
              {9, 10, 10, 2, 7, 10, 9, 9, 10, 10, 9, 5});
  const Tensor volume = reshape(fmod(cast(arange(48), f64), 13), {1, 2, 2, 3, 4});
  expect_near(max_pool3d(volume, {1, 2, 3}, {.stride = {1, 1, 2}, .padding = {0, 1, 1}}),
              {1,  3,  5,  7,  9, 11, 9, 11, 12, 2,  12, 6,  8, 10, 8, 10,
               12, 12, 12, 12, 7, 9,  7, 9,  11, 12, 11, 12, 6, 8,  6, 8});
}

TEST(MaxPool, TheFirstOfEqualOnesGetsTheGradient) {
  const Tensor x = row({5, 5, 2, 2, 7, 7});
  const Tensor y = max_pool1d(x, 3, {.stride = 1});
  expect_near(y, {5, 5, 7, 7});
  expect_near(grad(sum(y * row({1, 10, 100, 1000})), x), {1, 10, 0, 0, 1100, 0});
}

TEST(MaxPool, PaddingIsNeverTheLargest) {
  const Tensor x = row({-3, -2, -kInfinity<double>, -kInfinity<double>});
  const Tensor y = max_pool1d(x, 2, {.padding = Padding::of(1, 1)});
  EXPECT_EQ(y.to_vector(), (std::vector<double>{-3, -2, -kInfinity<double>}));
  expect_near(grad(sum(y), x), {1, 1, 0, 1});  // the last window has one element of its own
}

TEST(MaxPool, KeepsNaN) {
  const Tensor x = row({1, kNaN<double>, 3, kInfinity<double>, kNaN<double>, 0});
  const std::vector<double> y = max_pool1d(x, 2, {.stride = 1}).to_vector();
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[3]) && std::isnan(y[4]));
  EXPECT_EQ(y[2], kInfinity<double>);
  expect_near(grad(sum(max_pool1d(x, 6)), x), {0, 1, 0, 0, 0, 0});  // to the first NaN
}

TEST(MaxPool, SecondDerivativeOfASquare) {
  const Tensor x = row({1, 4, 3, 2});
  const Tensor g = grad(sum(square(max_pool1d(x, 2))), x);
  expect_near(g, {0, 8, 6, 0});
  expect_near(grad(sum(g), x), {0, 2, 2, 0});
}

TEST(MaxPool, OfWindowsLargerThanABytesNumbers) {
  const Tensor x = reshape(fmod(cast(arange(900), f64) * 7, 601), {1, 1, 30, 30});
  const Tensor y = max_pool2d(x, {15, 30}, {.stride = 1});
  const Tensor rows = max_pool2d(max_pool2d(x, {1, 30}), {15, 1}, {.stride = 1});
  EXPECT_EQ(y.to_vector(), rows.to_vector());
  EXPECT_EQ(grad(sum(square(y)), x).to_vector(), grad(sum(square(rows)), x).to_vector());
}

// Worked out with PyTorch 1.13.
TEST(AvgPool, GivesPyTorchsNumbers) {
  AvgPoolOptions options{.stride = 2, .padding = 1};
  expect_near(avg_pool2d(image(), {3, 2}, options),
              {4.5, 4, 7, 1, 7, 14 / 3.0, 4, 16 / 3.0, 4, 6.25, 3.75, 6});
  options.count_include_pad = true;
  expect_near(avg_pool2d(image(), {3, 2}, options),
              {1.5, 8 / 3.0, 14 / 3.0, 1 / 3.0, 3.5, 14 / 3.0, 4, 8 / 3.0, 4 / 3.0, 25 / 6.0, 2.5, 2});
  // Windows beyond the padding: what lies there never counts.
  AvgPoolOptions ceil{.stride = 2, .padding = {0, 1}, .ceil_mode = true};
  expect_near(avg_pool2d(image(), {2, 3}, ceil),
              {5.25, 17 / 3.0, 5, 1, 4, 16 / 3.0, 14 / 3.0, 8, 6.5, 6, 16 / 3.0, 5});
  ceil.count_include_pad = true;
  expect_near(avg_pool2d(image(), {2, 3}, ceil),
              {3.5, 17 / 3.0, 5, 0.5, 8 / 3.0, 16 / 3.0, 14 / 3.0, 4, 13 / 3.0, 6, 16 / 3.0, 2.5});
  const Tensor volume = reshape(fmod(cast(arange(48), f64), 13), {1, 2, 2, 3, 4});
  expect_near(avg_pool3d(volume, 2, {.stride = 1}), {3.625, 3, 4, 6, 7, 8, 6.5, 5.875, 3.625, 4, 5, 6});
}

TEST(AvgPool, NaNReachesItsOwnWindowsOnly) {
  const Tensor x = row({1, 3, kNaN<double>, 5, 7, 9});
  const std::vector<double> y = avg_pool1d(x, 2).to_vector();
  EXPECT_EQ(y[0], 2);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], 8);
}

// Worked out with PyTorch 1.13.
TEST(AdaptivePool, GivesPyTorchsNumbers) {
  expect_near(adaptive_avg_pool(image(), {3, 4}),
              {5.25, 4, 7, 3, 5, 14 / 3.0, 4, 11 / 3.0, 4.75, 6.25, 3.75, 5.25});
  expect_near(adaptive_max_pool(image(), {3, 4}), {9, 7, 10, 6, 9, 10, 8, 9, 10, 10, 9, 9});
  expect_near(adaptive_avg_pool(image(), {2, 5}),
              {31 / 6.0, 29 / 6.0, 19 / 3.0, 6, 23 / 6.0, 29 / 6.0, 19 / 3.0, 6, 23 / 6.0, 16 / 3.0});
  expect_near(adaptive_max_pool(image(), {2, 5}), {9, 10, 10, 10, 9, 10, 10, 10, 9, 9});
  expect_near(adaptive_avg_pool(image(), {4, 4}),
              {5.25, 4, 7, 3, 6, 4.75, 5, 3.75, 4, 5.5, 3, 4.5, 4.75, 6.25, 3.75, 5.25});
}

TEST(AdaptivePool, ToDividingSizesIsPlainPooling) {
  const Tensor x = reshape(image(), {1, 1, 6, 5});
  expect_near(adaptive_avg_pool(x, {3, 1}), avg_pool2d(x, {2, 5}).to_vector());
  EXPECT_EQ(adaptive_max_pool(x, {3, 1}).to_vector(), max_pool2d(x, {2, 5}).to_vector());
  EXPECT_EQ(adaptive_max_pool(x, {6, 5}).to_vector(), x.to_vector());
  expect_near(adaptive_avg_pool(x, {12, 5}), upsample_nearest_by(x, {2, 1}).to_vector());
}

TEST(AdaptivePool, OfInfinityIsInfinityInItsWindowsOnly) {
  const Tensor x = row({1, 2, kInfinity<double>, 4, 6});
  EXPECT_EQ(adaptive_avg_pool(x, 3).to_vector(), (std::vector<double>{1.5, kInfinity<double>, 5}));
}

TEST(GlobalPool, OfEachChannel) {
  const Tensor x = tensor({1, 2, 3, 6, 9, 9, 0, 0}, {1, 2, 2, 2}, f64);
  EXPECT_EQ(global_avg_pool(x).shape(), Shape({1, 2, 1, 1}));
  expect_near(global_avg_pool(x), {3, 4.5});
  expect_near(global_max_pool(x), {6, 9});
  expect_near(grad(sum(global_max_pool(x)), x), {0, 0, 0, 1, 1, 0, 0, 0});
  EXPECT_EQ(global_max_pool(ones({0, 2, 3})).shape(), Shape({0, 2, 1}));
}

}  // namespace

namespace kernels {
namespace {

/// Sizes with several blocks of windows, padding and dilation.
const Windows kLarge[] = {
    {{1, 30, 41}, {1, 30, 41}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {{1, 31, 41}, {1, 15, 20}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}},
    {{5, 7, 9}, {3, 3, 4}, {3, 2, 3}, {2, 3, 2}, {1, 2, 1}, {1, 1, 0}},
    {{1, 1, 5000}, {1, 1, 1665}, {1, 1, 5}, {1, 1, 3}, {1, 1, 1}, {0, 0, 0}},
    {{1, 1, 4}, {1, 1, 4}, {1, 1, 2}, {1, 1, 1}, {1, 1, 2}, {0, 0, 1}},
};

/// 2 x 2 side by side: the sizes of an image, and how much of it is left over.
Windows squares(std::int64_t height, std::int64_t width) {
  const Extents two{1, 2, 2};
  return {{1, height, width}, {1, height / 2, width / 2}, two, two, {1, 1, 1}, {0, 0, 0}};
}

/// Infinities, NaN, both zeros and, rounded, many equal ones.
template <class T>
std::vector<T> numbers_with_ties(std::int64_t count) {
  std::vector<T> x = mixed_numbers<T>(static_cast<std::size_t>(count), 7);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % 3 == 0) x[i] = std::round(x[i]);
    if (i % 5 == 0) x[i] = -kInfinity<T>;
    if (i % 7 == 0) x[i] = i % 2 == 0 ? T(0) : -T(0);
  }
  return x;
}

template <class T>
std::vector<T> filled(std::int64_t count) {
  return std::vector<T>(static_cast<std::size_t>(count), T(77));  // what kernels must not leave
}

/// The bits of one array and another, without what NaNs carry.
template <class T>
void expect_same(const std::vector<T>& got, const std::vector<T>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(wanted[i]) && std::isnan(got[i])) continue;
    ASSERT_EQ(got[i], wanted[i]) << i;
    ASSERT_EQ(std::signbit(got[i]), std::signbit(wanted[i])) << i;
  }
}

template <class T, class Number>
void expect_reference(const Windows& v, std::int64_t planes) {
  const std::int64_t in = planes * v.in.product(), out = planes * v.out.product();
  const std::vector<T> x = numbers_with_ties<T>(in), g = numbers_with_ties<T>(out);
  std::vector<T> y(static_cast<std::size_t>(out)), taken = y, dx(static_cast<std::size_t>(in));
  std::vector<Number> numbers(static_cast<std::size_t>(out));
  max_pool_reference(v, planes, x.data(), y.data(), numbers.data());
  take_from_windows_reference(v, planes, x.data(), numbers.data(), taken.data());
  max_unpool_reference(v, planes, g.data(), numbers.data(), dx.data());
  expect_same(taken, y);
  const SimdGuard guard;
  for (const SimdCeiling ceiling : {SimdCeiling::none, SimdCeiling::avx2, SimdCeiling::sse4}) {
    set_simd_ceiling(ceiling);
    for (const int threads : {1, 4}) {
      set_num_threads(threads);
      std::vector<T> got = filled<T>(out), alone = got, back = filled<T>(in);
      std::vector<Number> got_numbers = filled<Number>(out), alone_numbers = got_numbers;
      max_pool(v, planes, x.data(), got.data(), got_numbers.data());
      expect_same(got, y);
      EXPECT_EQ(got_numbers, numbers);
      max_pool(v, planes, x.data(), alone.data(), static_cast<Number*>(nullptr));
      max_pool(v, planes, x.data(), static_cast<T*>(nullptr), alone_numbers.data());
      expect_same(alone, y);
      EXPECT_EQ(alone_numbers, numbers);
      take_from_windows(v, planes, x.data(), numbers.data(), alone.data());
      expect_same(alone, y);
      max_unpool(v, planes, g.data(), numbers.data(), back.data());
      expect_same(back, dx);
    }
  }
}

TEST(MaxPoolKernels, GiveWhatPlainLoopsGive) {
  for (const Windows& v : kLarge) {
    SCOPED_TRACE(v.in);
    expect_reference<float, std::uint8_t>(v, 3);
    expect_reference<double, std::uint8_t>(v, 3);
    expect_reference<float, std::int64_t>(v, 3);
    expect_reference<double, std::int64_t>(v, 3);
  }
}

TEST(MaxPoolKernels, OfSquaresGiveWhatPlainLoopsGive) {
  for (const std::int64_t width :
       {2, 3, 4, 7, 8, 9, 10, 15, 16, 17, 24, 28, 31, 32, 33, 34, 57, 64, 65, 70, 129}) {
    for (const std::int64_t height : {2, 3, 8}) {
      SCOPED_TRACE(width);
      expect_reference<float, std::uint8_t>(squares(height, width), 3);
      expect_reference<double, std::uint8_t>(squares(height, width), 3);
    }
  }
  expect_reference<float, std::uint8_t>(squares(24, 24), 100);  // shared out among threads
  expect_reference<float, std::uint8_t>(squares(24, 24), 0);
}

TEST(MaxPoolKernels, OfNothingButMinusInfinity) {
  const Windows v{{1, 1, 4}, {1, 1, 5}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}};
  const std::vector<float> x(4, -kInfinity<float>);
  std::vector<std::uint8_t> numbers(5);
  max_pool(v, 1, x.data(), static_cast<float*>(nullptr), numbers.data());
  EXPECT_EQ(numbers, (std::vector<std::uint8_t>{1, 0, 0, 0, 0}));
}

// Padding has no element to give or to take.
TEST(MaxPoolKernels, TakeZerosFromPadding) {
  const Windows v{{1, 1, 2}, {1, 1, 3}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}};
  const std::vector<std::uint8_t> numbers{0, 1, 1};
  const std::vector<double> x{3, 4}, g{10, 20, 30};
  std::vector<double> y(3), dx(2);
  take_from_windows(v, 1, x.data(), numbers.data(), y.data());
  EXPECT_EQ(y, (std::vector<double>{0, 4, 0}));
  max_unpool(v, 1, g.data(), numbers.data(), dx.data());
  EXPECT_EQ(dx, (std::vector<double>{0, 20}));
}

}  // namespace
}  // namespace kernels
}  // namespace chainrule
