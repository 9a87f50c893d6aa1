// Convolution: against the definition, its identities, the same bits however it is computed.
#include "chainrule/conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "kernel_test.h"
#include "kernels/conv.h"
#include "kernels/ref/conv.h"

namespace chainrule {
namespace {

Tensor uniform(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) value = random.uniform(-1, 1);
  return from_data(values, shape);
}

double inner(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

/// conv2d by its definition, element by element: x[n, c, i s - p + j d] w[o, c, j], out of bounds 0.
std::vector<double> by_definition(const Tensor& x, const Tensor& w, std::int64_t stride, std::int64_t padding,
                                  std::int64_t dilation, std::int64_t groups, const Shape& result) {
  const auto at = [](const Tensor& t, std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    const Shape& s = t.shape();
    if (c < 0 || d < 0 || c >= s[2] || d >= s[3]) return 0.0;
    return t.data<double>()[static_cast<std::size_t>(((a * s[1] + b) * s[2] + c) * s[3] + d)];
  };
  const std::int64_t inputs = w.shape()[1], outputs = w.shape()[0] / groups;
  std::vector<double> y;
  for (std::int64_t n = 0; n < result[0]; ++n)
    for (std::int64_t o = 0; o < result[1]; ++o)
      for (std::int64_t h = 0; h < result[2]; ++h)
        for (std::int64_t v = 0; v < result[3]; ++v) {
          double total = 0;
          for (std::int64_t c = 0; c < inputs; ++c)
            for (std::int64_t i = 0; i < w.shape()[2]; ++i)
              for (std::int64_t j = 0; j < w.shape()[3]; ++j)
                total += at(x, n, o / outputs * inputs + c, h * stride - padding + i * dilation,
                            v * stride - padding + j * dilation) *
                         at(w, o, c, i, j);
          y.push_back(total);
        }
  return y;
}

void expect_near(const Tensor& got, const std::vector<double>& wanted, double tolerance = 1e-12) {
  const std::vector<double> values = got.to_vector();
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], tolerance) << i;
}

// Worked out by hand: each result is the sum of a 2 x 2 square times (1, 2, 3, 4).
TEST(Conv, OfASmallImageByHand) {
  const Tensor x = reshape(cast(arange(9), f64), {1, 1, 3, 3});
  const Tensor w = tensor({1, 2, 3, 4}, {1, 1, 2, 2}, f64);
  // 0*1 + 1*2 + 3*3 + 4*4 = 27, then + 10 for each step to the right and + 30 for each row.
  expect_near(conv2d(x, w), {27, 37, 57, 67});
  expect_near(conv2d(x, w, tensor({100}, f64)), {127, 137, 157, 167});
  // Over the zeros around, only the corners of the kernel: 0*4; 1*3 + 2*4; 3*2 + 6*4; 4 + 5*2 + 7*3 + 8*4.
  expect_near(conv2d(x, w, {.stride = 2, .padding = Padding::of(1, 0)}), {0, 11, 30, 67});
  // The adjoint spreads: 1 at one place gives the kernel there.
  expect_near(conv_transpose2d(tensor({0, 1, 0, 0}, {1, 1, 2, 2}, f64), w), {0, 1, 2, 0, 3, 4, 0, 0, 0});
}

/// 1, 2, 3, ... modulo a number.
Tensor counting(const Shape& shape, std::int64_t modulus) {
  return reshape(fmod(cast(arange(shape.numel()), f64) + 1, modulus), shape);
}

// Worked out with PyTorch 1.13.
TEST(Conv, GivesPyTorchsNumbers) {
  const Tensor x = counting({1, 3, 4, 4}, 7), w = counting({2, 3, 2, 2}, 5);
  expect_near(conv2d(x, w, tensor({1, -1}, f64), {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}}),
              {42, 57, 72, 67, 24, 25, 29, 41, 72, 78, 45, 39});
  expect_near(conv_transpose2d(counting({1, 2, 2, 3}, 100), counting({2, 2, 2, 2}, 100),
                               {.stride = 2, .padding = 1, .output_padding = 1}),
              {88,  94,  104, 108, 120, 108, 104, 120, 114, 132, 136, 136, 152, 150, 168,
               120, 134, 144, 156, 168, 164, 168, 184, 186, 204, 192, 200, 216, 222, 240});
}

TEST(Conv, IsItsDefinition) {
  const Tensor x = uniform({2, 4, 9, 8}, 1);
  for (const std::int64_t groups : {1, 2, 4}) {
    const Tensor w = uniform({8, 4 / groups, 3, 3}, 2);
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t padding : {0, 1, 3}) {
        for (const std::int64_t dilation : {1, 2}) {
          const Tensor y =
              conv2d(x, w, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
          expect_near(y, by_definition(x, w, stride, padding, dilation, groups, y.shape()));
        }
      }
    }
  }
}

// <conv(x, w), y> = <x, conv_transpose(y, w)> for every x, w, y is what makes it the adjoint.
TEST(Conv, TransposedIsTheAdjoint) {
  struct Options {
    std::int64_t stride, padding, output_padding, dilation, groups;
  };
  for (const Options o : {Options{1, 0, 0, 1, 1}, {2, 1, 0, 1, 1}, {2, 1, 1, 1, 2}, {3, 2, 2, 2, 2}}) {
    const Tensor w = uniform({4, 3, 3, 2}, 3);
    const Tensor y = uniform({2, 4, 4, 5}, 4);
    const Tensor up = conv_transpose2d(y, w,
                                       {.stride = o.stride,
                                        .padding = o.padding,
                                        .output_padding = o.output_padding,
                                        .dilation = o.dilation,
                                        .groups = o.groups});
    EXPECT_EQ(up.size(2), 3 * o.stride - 2 * o.padding + 2 * o.dilation + 1 + o.output_padding);
    const Tensor x = uniform(up.shape(), 5);
    const Tensor down =
        conv2d(x, w, {.stride = o.stride, .padding = o.padding, .dilation = o.dilation, .groups = o.groups});
    EXPECT_NEAR(inner(down, y), inner(x, up), 1e-11);
  }
}

TEST(Conv, IsAMatrixProductOverColumns) {
  const Tensor x = uniform({2, 3, 7, 6}, 6), w = uniform({5, 3, 3, 2}, 7);
  const Tensor columns = unfold(x, {3, 2}, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}});
  const Tensor y = conv2d(x, w, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}});
  expect_near(reshape(matmul(reshape(w, {5, 18}), columns), y.shape()), y.to_vector());
}

TEST(Conv, OfOneAndThreeAxesIsThatOfTwo) {
  const Tensor x = uniform({2, 3, 9}, 8), w = uniform({4, 3, 3}, 9);
  const ConvOptions options{.stride = 2, .padding = 1};
  const Tensor flat =
      conv2d(reshape(x, {2, 3, 1, 9}), reshape(w, {4, 3, 1, 3}), {.stride = 2, .padding = {0, 1}});
  EXPECT_EQ(conv1d(x, w, options).to_vector(), flat.to_vector());
  // A kernel that is 1 deep goes over each slice alone.
  const Tensor volume = uniform({1, 3, 2, 4, 5}, 10), kernel = uniform({2, 3, 1, 2, 2}, 11);
  const Tensor y = conv3d(volume, kernel);
  for (std::int64_t d = 0; d < 2; ++d) {
    const Tensor slab = reshape(slice(volume, 2, d, d + 1), {1, 3, 4, 5});
    const Tensor expected = conv2d(slab, reshape(kernel, {2, 3, 2, 2}));
    EXPECT_EQ(slice(y, 2, d, d + 1).to_vector(), expected.to_vector());
  }
}

// out = ceil(in / stride); the padding that takes, more of it after: ONNX's SAME_UPPER.
TEST(Conv, SamePadding) {
  for (std::int64_t in = 1; in < 9; ++in) {
    for (std::int64_t kernel = 1; kernel < 6; ++kernel) {
      for (std::int64_t stride = 1; stride < 4; ++stride) {
        const Tensor x = uniform({1, 1, in}, 12), w = uniform({1, 1, kernel}, 13);
        const Tensor y = conv1d(x, w, {.stride = stride, .padding = Padding::same()});
        const std::int64_t out = (in + stride - 1) / stride;
        ASSERT_EQ(y.size(2), out);
        const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + kernel - in);
        const Tensor padded = pad(x, 2, total / 2, total - total / 2);
        EXPECT_EQ(y.to_vector(), conv1d(padded, w, {.stride = stride}).to_vector());
        const Tensor up = conv_transpose1d(y, w, {.stride = stride, .padding = Padding::same()});
        EXPECT_EQ(up.size(2), out * stride);
      }
    }
  }
}

TEST(Conv, BiasGetsTheSumOfItsChannel) {
  const Tensor x = uniform({2, 3, 4, 4}, 14), w = uniform({2, 3, 2, 2}, 15), b = uniform({2}, 16);
  const Tensor y = conv2d(x, w, b);
  const Tensor weights = uniform(y.shape(), 17);
  expect_near(grad(sum(y * weights), b), sum(weights, {0, 2, 3}).to_vector());
}

TEST(Conv, PromotesItsInputs) {
  EXPECT_EQ(conv1d(ones({1, 1, 3}), ones({1, 1, 2}, f64)).dtype(), f64);
  EXPECT_EQ(conv1d(ones({1, 1, 3}, u8), ones({1, 1, 2})).dtype(), f64);
  EXPECT_EQ(conv1d(ones({1, 1, 3}), ones({1, 1, 2})).dtype(), f32);
}

TEST(Conv, OfNothing) {
  EXPECT_EQ(conv2d(ones({0, 3, 4, 4}), ones({2, 3, 2, 2})).shape(), Shape({0, 2, 3, 3}));
  EXPECT_EQ(conv2d(ones({2, 3, 4, 4}), ones({0, 3, 2, 2})).shape(), Shape({2, 0, 3, 3}));
  expect_near(conv2d(ones({1, 0, 2, 2}), ones({1, 0, 2, 2})), {0});
  expect_near(conv1d(ones({1, 1, 0}), ones({1, 1, 1}), {.padding = 1}), {0, 0});
  const Tensor w = ones({2, 3, 2, 2});
  EXPECT_EQ(grad(sum(conv2d(ones({0, 3, 4, 4}), w)), w).to_vector(), std::vector<double>(24, 0.0));
}

}  // namespace

namespace kernels {
namespace {

/// Sizes that need several blocks: of rows, of weights, of channels; and several threads.
std::vector<ConvShape> large_shapes() {
  return {
      {{{1, 40, 70}, {1, 38, 68}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 2, 1, 3, 5},
      {{{1, 9, 11}, {1, 5, 6}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}}, 3, 1, 50, 17},
      {{{1, 30, 40}, {1, 30, 40}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}}, 1, 2, 9, 8},
      {{{3, 6, 7}, {3, 6, 7}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 2, 1, 200, 9},
      {{{1, 1, 3000}, {1, 1, 1498}, {1, 1, 4}, {1, 1, 2}, {1, 1, 1}, {0, 0, 0}}, 2, 1, 7, 6},
      // Without patches: of several blocks; of three axes that differ in everything.
      {{{1, 50, 60}, {1, 50, 60}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 2, 1, 9, 16},
      {{{3, 9, 20}, {3, 10, 18}, {2, 3, 2}, {1, 1, 1}, {1, 2, 3}, {1, 2, 0}}, 2, 2, 10, 9},
      // Rows that end in half a vector, an odd number and an even one.
      {{{1, 13, 28}, {1, 9, 24}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 3, 1, 1, 30},
      {{{1, 6, 40}, {1, 6, 40}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 2, 2, 2, 5},
      {{{1, 7, 12}, {1, 7, 12}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 2, 1, 2, 17},
      // By Winograd's transforms: odd sizes, unequal padding, channels that leave a rest, groups; many images
      // in a block; more channels than a block of registers.
      {{{1, 13, 18}, {1, 15, 17}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 2, 0}}, 5, 2, 10, 21},
      {{{1, 4, 5}, {1, 4, 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 30, 1, 33, 8},
      {{{1, 3, 4}, {1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}}, 3, 1, 70, 90},
  };
}

/// Chains of the weights' gradient, or of what the name says, with more links than may follow each other.
std::vector<ConvShape> long_shapes() {
  return {
      // By rows: many rows, and a row that is too long by itself.
      {{{1, 1501, 1500}, {1, 1500, 1500}, {1, 2, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 1, 2, 1, 1},
      {{{1, 1, 2000000}, {1, 1, 2000001}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}}, 2, 1, 1, 1},
      // By patches: large images, many images.
      {{{1, 600, 600}, {1, 300, 300}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}}, 2, 1, 1, 3},
      {{{1, 81, 81}, {1, 40, 40}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}}, 61, 2, 2, 2},
      // By shifts: the same.
      {{{1, 141, 141}, {1, 130, 130}, {1, 12, 12}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 2, 1, 1, 8},
      {{{1, 40, 40}, {1, 40, 40}, {1, 1, 5}, {1, 1, 1}, {1, 1, 1}, {0, 0, 2}}, 21, 1, 27, 8},
      // By Winograd's transforms: the same.
      {{{1, 210, 210}, {1, 210, 210}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 1, 1, 8, 8},
      {{{1, 30, 30}, {1, 30, 30}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}, 41, 1, 8, 9},
      // Of the result: by patches and by shifts. Of the image.
      {{{1, 1, 36}, {1, 1, 10}, {1, 1, 18}, {1, 1, 2}, {1, 1, 1}, {0, 0, 0}}, 1, 1, 8000, 3},
      {{{1, 1, 40}, {1, 1, 32}, {1, 1, 9}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 1, 1, 16000, 8},
      {{{1, 1, 70000}, {1, 1, 70}, {1, 1, 69931}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}, 1, 1, 1, 2},
      {{{1, 1, 9000}, {1, 1, 9000}, {1, 1, 9001}, {1, 1, 1}, {1, 1, 1}, {0, 0, 4500}}, 1, 1, 1, 1},
  };
}

std::vector<ConvShape> all_shapes() {
  std::vector<ConvShape> shapes = large_shapes();
  for (const ConvShape& shape : long_shapes()) shapes.push_back(shape);
  return shapes;
}

template <class T>
struct Problem {
  ConvShape s;
  std::vector<T> x, w, y;

  explicit Problem(const ConvShape& shape) : s(shape) {
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    x = normal_numbers<T>(size(s.n * s.groups * s.in_channels * s.windows.in.product()), 1);
    w = normal_numbers<T>(size(s.groups * s.out_channels * s.depth()), 2);
    y = normal_numbers<T>(size(s.n * s.groups * s.out_channels * s.windows.out.product()), 3);
  }
  std::array<std::vector<T>, 3> run() const {
    std::array<std::vector<T>, 3> results{std::vector<T>(y.size()), std::vector<T>(x.size()),
                                          std::vector<T>(w.size())};
    conv(s, x.data(), w.data(), results[0].data());
    conv_input(s, y.data(), w.data(), results[1].data());
    conv_weight(s, x.data(), y.data(), results[2].data());
    return results;
  }
  /// By plain loops over all terms, and the sum of their magnitudes.
  std::array<std::vector<double>, 3> exact(bool magnitudes) const {
    std::array<std::vector<double>, 3> sums{std::vector<double>(y.size()), std::vector<double>(x.size()),
                                            std::vector<double>(w.size())};
    for_each_term(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
      const auto i = static_cast<std::size_t>(at_x), j = static_cast<std::size_t>(at_w),
                 k = static_cast<std::size_t>(at_y);
      const auto term = [&](T a, T b) {
        const double product = static_cast<double>(a) * static_cast<double>(b);
        return magnitudes ? std::abs(product) : product;
      };
      const T pixel = at_x < 0 ? T(0) : x[i];
      sums[0][k] += term(pixel, w[j]);
      if (at_x >= 0) sums[1][i] += term(y[k], w[j]);
      sums[2][j] += term(pixel, y[k]);
    });
    return sums;
  }
};

template <class T>
class ConvKernel : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ConvKernel, Types);

// A chain of n additions is off by at most n rounding steps of the sum of magnitudes; far fewer in practice.
TYPED_TEST(ConvKernel, GivesWhatPlainLoopsGive) {
  for (const ConvShape& shape : large_shapes()) {
    const Problem<TypeParam> problem(shape);
    const auto got = problem.run();
    const auto wanted = problem.exact(false), scale = problem.exact(true);
    for (std::size_t part = 0; part < 3; ++part) {
      double worst = 0;
      for (std::size_t i = 0; i < wanted[part].size(); ++i) {
        const double error = std::abs(static_cast<double>(got[part][i]) - wanted[part][i]);
        worst = std::max(worst, error / std::max(1e-3, scale[part][i]));
      }
      EXPECT_LT(worst, 16 * static_cast<double>(std::numeric_limits<TypeParam>::epsilon())) << part;
    }
  }
}

// Numbers above 0, whose sums grow as fast as they can: in one chain the next number rounds to ever fewer
// digits.
TEST(ConvKernels, LongChainsLoseNoDigits) {
  for (const ConvShape& shape : long_shapes()) {
    Problem<float> problem(shape);
    for (auto* numbers : {&problem.x, &problem.w, &problem.y}) {
      for (float& number : *numbers) number = std::abs(number);
    }
    const auto got = problem.run();
    const auto wanted = problem.exact(false);
    for (std::size_t part = 0; part < 3; ++part) {
      double worst = 0;
      for (std::size_t i = 0; i < wanted[part].size(); ++i) {
        worst = std::max(worst, std::abs(static_cast<double>(got[part][i]) / wanted[part][i] - 1));
      }
      EXPECT_LT(worst, 4e-6) << part << " of " << shape.windows.in[1] << " x " << shape.windows.in[2];
    }
  }
}

template <class T>
void expect_finite_where_exact_is(const Problem<T>& problem, const char* where) {
  const auto got = problem.run();
  const auto wanted = problem.exact(false);
  for (std::size_t part = 0; part < 3; ++part) {
    for (std::size_t i = 0; i < wanted[part].size(); ++i) {
      ASSERT_EQ(std::isfinite(got[part][i]), std::isfinite(wanted[part][i]))
          << where << ' ' << part << ' ' << i;
    }
  }
}

// An infinity at the edge of an image: what has no window over it stays finite. And one among the weights and
// in the gradient, which meets the zeros of the padding as well.
TYPED_TEST(ConvKernel, SpreadsAnInfinityNoFurtherThanItsWindows) {
  constexpr TypeParam kInfinite = std::numeric_limits<TypeParam>::infinity();
  for (const ConvShape& shape : large_shapes()) {
    const Problem<TypeParam> plain(shape);
    Problem<TypeParam> image = plain, weights = plain, gradient = plain;
    const Extents& in = plain.s.windows.in;
    for (const std::int64_t at : {in[2] - 1, in.product() - 1})
      image.x[static_cast<std::size_t>(at)] = kInfinite;
    expect_finite_where_exact_is(image, "x");
    weights.w.back() = kInfinite;
    expect_finite_where_exact_is(weights, "w");
    gradient.y.front() = kInfinite;
    expect_finite_where_exact_is(gradient, "y");
  }
}

// As the pieces of a strip are: what is kept from piece to piece replaces what one call knows.
TYPED_TEST(ConvKernel, SameBitsInPieces) {
  for (const ConvShape& shape : all_shapes()) {
    const Problem<TypeParam> problem(shape);
    const auto whole = problem.run();
    std::array<std::vector<TypeParam>, 3> got;
    for (std::size_t part = 0; part < 3; ++part) {
      got[part].resize(whole[part].size());
      const std::int64_t sizes[] = {conv_kept(shape), conv_input_kept(shape), conv_weight_kept(shape)};
      std::vector<TypeParam> kept(static_cast<std::size_t>(sizes[part]));
      ConvShape some = shape;
      some.n = 2;
      for (std::int64_t begin = 0; begin < shape.n; begin += some.n) {
        some.n = std::min(some.n, shape.n - begin);
        const ConvPiece<TypeParam> piece{begin == 0, begin + some.n == shape.n, kept.data()};
        const TypeParam* x = problem.x.data() + begin * static_cast<std::int64_t>(problem.x.size()) / shape.n;
        const TypeParam* y = problem.y.data() + begin * static_cast<std::int64_t>(problem.y.size()) / shape.n;
        const auto result = [&] {
          return got[part].data() + begin * static_cast<std::int64_t>(got[part].size()) / shape.n;
        };
        if (part == 0) conv(some, x, problem.w.data(), result(), {}, piece);
        if (part == 1) conv_input(some, y, problem.w.data(), result(), piece);
        if (part == 2) conv_weight(some, x, y, got[part].data(), piece);
      }
      EXPECT_TRUE(same_bits(got[part], whole[part])) << part;
    }
  }
}

/// 3 x 3 over a square with so many channels in and out, one place of padding.
ConvShape square(std::int64_t channels, std::int64_t size, std::int64_t stride = 1) {
  const std::int64_t out = (size - 1) / stride + 1;
  return {{{1, size, size}, {1, out, out}, {1, 3, 3}, {1, stride, stride}, {1, 1, 1}, {0, 1, 1}},
          1,
          1,
          channels,
          channels};
}

// Only Winograd's transforms keep weights: so these tests see which convolutions they are used for.
TEST(ConvKernels, TransformTheWeightsWhereThatPays) {
  EXPECT_GT(conv_kept(square(16, 28)), 0);
  EXPECT_GT(conv_input_kept(square(64, 8)), 0);
  EXPECT_EQ(conv_kept(square(16, 28, 2)), 0);  // stride
  EXPECT_EQ(conv_kept(square(4, 28)), 0);      // few channels
  EXPECT_EQ(conv_kept(square(512, 7)), 0);     // more weights than tiles are worth
}

TYPED_TEST(ConvKernel, SameBitsForAnyNumberOfThreads) {
  const SimdGuard guard;
  for (const ConvShape& shape : large_shapes()) {
    const Problem<TypeParam> problem(shape);
    set_num_threads(1);
    const auto alone = problem.run();
    for (const int threads : {2, 3, 8}) {
      set_num_threads(threads);
      const auto shared = problem.run();
      for (std::size_t part = 0; part < 3; ++part) EXPECT_TRUE(same_bits(shared[part], alone[part])) << part;
    }
  }
}

TYPED_TEST(ConvKernel, SameBitsOnBothWidths) {
  CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS();
  for (const ConvShape& shape : large_shapes()) {
    const Problem<TypeParam> problem(shape);
    for (std::size_t part = 0; part < 3; ++part) {
      expect_same_on_both_widths([&] { return problem.run()[part]; });
    }
  }
}

}  // namespace
}  // namespace kernels
}  // namespace chainrule
