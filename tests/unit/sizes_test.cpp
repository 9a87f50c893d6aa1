// Sizes, counts and steps as large as they can be: an error or the right result, never a size that has
// wrapped around.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <functional>
#include <limits>

#include "chainrule/chainrule.h"
#include "core/buffer.h"
#include "core/checked.h"
#include "core/sanitizer.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kThird = 6148914691236517205;  // times 3 it is 2^64 - 1
constexpr std::int64_t kHalf = std::int64_t{1} << 62;

TEST(Checked, NoticesWhatDoesNotFit) {
  EXPECT_EQ((Checked(3) * 4 + 5 - 6).value(), 11);
  EXPECT_FALSE((Checked(kMost) - 1 + 1).is_too_large());
  EXPECT_TRUE((Checked(kMost) + 1).is_too_large());
  EXPECT_TRUE((Checked(kThird) * 3).is_too_large());
  EXPECT_TRUE((Checked(-kMost) - 2).is_too_large());
  EXPECT_TRUE((Checked(kMost) + 1 - kMost).is_too_large()) << "for good";
  EXPECT_TRUE((Checked(0) * (Checked(kMost) * 2)).is_too_large());
}

struct Call {
  const char* text;
  std::function<Tensor()> make;
};
#define CHAINRULE_CALL(...)                  \
  {                                          \
#__VA_ARGS__, [] { return __VA_ARGS__; } \
  }

const Tensor& x() {
  static const Tensor made = ones({3, 4});
  return made;
}
const Tensor& image() {
  static const Tensor made = ones({1, 1, 4, 4});
  return made;
}
const Tensor& kernel() {
  static const Tensor made = ones({1, 1, 2, 2});
  return made;
}
/// Of no bytes, but with axes that are there.
Tensor nothing(std::int64_t size) { return zeros({0, 1, size}); }

const Call kTooLarge[] = {
    CHAINRULE_CALL(pad(x(), 0, 0, 0, kThird)),
    CHAINRULE_CALL(pad(x(), 0, kMost, 0)),
    CHAINRULE_CALL(pad(x(), 1, kMost, kMost)),
    CHAINRULE_CALL(pad(x(), 0, 0, 0, kHalf)),
    CHAINRULE_CALL(pad(x(), {{kMost, kMost}})),
    CHAINRULE_CALL(pad(x(), {{kMost, 1}}, PadMode::constant, 7)),
    CHAINRULE_CALL(pad(x(), {{kMost, kMost}}, PadMode::edge)),
    CHAINRULE_CALL(pad(x(), {{kHalf, kHalf}}, PadMode::reflect)),
    CHAINRULE_CALL(pad(x(), {{1L << 50, 0}}, PadMode::reflect)),
    CHAINRULE_CALL(tile(x(), {kMost})),
    CHAINRULE_CALL(tile(x(), {kThird, 1})),
    CHAINRULE_CALL(tile(x(), {kHalf, 4})),
    CHAINRULE_CALL(broadcast_to(scalar(1), {kHalf})),
    CHAINRULE_CALL(broadcast_to(scalar(1), {1L << 32, 1L << 32})),
    CHAINRULE_CALL(arange(kMost)),
    CHAINRULE_CALL(arange(kHalf)),
    CHAINRULE_CALL(zeros({kHalf}, f64)),
    CHAINRULE_CALL(full({1L << 31, 1L << 31}, 1)),
    CHAINRULE_CALL(zeros({0, kMost, kMost})),
    CHAINRULE_CALL(eye(kMost)),
    CHAINRULE_CALL(eye(1L << 45)),
    CHAINRULE_CALL(eye(2, kMost)),
    CHAINRULE_CALL(one_hot(tensor({1}, i64), kMost)),
    CHAINRULE_CALL(permutation(kHalf, {})),
    CHAINRULE_CALL(uniform({kHalf}, {})),
    CHAINRULE_CALL(concatenate(std::vector<Tensor>(40, broadcast_to(scalar(1), {1L << 58})))),
    CHAINRULE_CALL(stack(std::vector<Tensor>(40, broadcast_to(scalar(1), {1L << 58})))),
    CHAINRULE_CALL(max_pool2d(image(), 2, {.padding = kMost})),
    CHAINRULE_CALL(max_pool2d(image(), kMost)),
    CHAINRULE_CALL(max_pool2d(image(), 2, {.dilation = kMost})),
    CHAINRULE_CALL(max_pool2d(image(), 3, {.dilation = kHalf, .ceil_mode = true})),
    CHAINRULE_CALL(max_pool2d(image(), kMost, {.padding = kHalf, .ceil_mode = true})),
    CHAINRULE_CALL(max_pool3d(ones({1, 1, 1, 1, 1}), 1L << 40, {.padding = 1L << 39})),
    CHAINRULE_CALL(avg_pool2d(image(), kMost, {.padding = kMost})),
    CHAINRULE_CALL(avg_pool2d(image(), 2, {.padding = kMost, .ceil_mode = true})),
    CHAINRULE_CALL(conv2d(image(), kernel(), {.padding = kMost})),
    CHAINRULE_CALL(conv2d(image(), kernel(), {.padding = 1L << 45})),
    CHAINRULE_CALL(conv2d(image(), kernel(), {.dilation = kMost})),
    CHAINRULE_CALL(conv2d(image(), kernel(), {.padding = Padding::same(), .dilation = kMost})),
    CHAINRULE_CALL(conv2d(image(), kernel(), {.padding = Padding::of(kMost, kMost)})),
    CHAINRULE_CALL(conv_transpose2d(image(), kernel(), {.stride = kMost})),
    CHAINRULE_CALL(conv_transpose2d(image(), kernel(), {.stride = kThird, .padding = Padding::same()})),
    CHAINRULE_CALL(conv_transpose2d(image(), kernel(), {.stride = kMost, .output_padding = kMost - 1})),
    CHAINRULE_CALL(conv_transpose2d(image(), kernel(), {.dilation = kMost})),
    CHAINRULE_CALL(conv_transpose2d(image(), kernel(), {.padding = kMost})),
    CHAINRULE_CALL(unfold(image(), 2, {.padding = kMost})),
    CHAINRULE_CALL(nn::Affine(kMost).predict(x())),
    CHAINRULE_CALL(nn::Conv2d(kMost, 2).predict(image())),
    CHAINRULE_CALL(unfold(image(), 1L << 40, {.padding = 1L << 40})),
    CHAINRULE_CALL(unfold(image(), 2, {.dilation = kMost})),
    CHAINRULE_CALL(fold(ones({1, 4, 4}), {kMost, kMost}, 2)),
    CHAINRULE_CALL(fold(ones({1, 4, 4}), {4, 4}, 2, {.padding = kMost})),
    CHAINRULE_CALL(upsample_nearest(image(), kMost)),
    CHAINRULE_CALL(upsample_nearest(nothing(3), 1L << 55)),
    CHAINRULE_CALL(upsample_nearest_by(image(), kHalf)),
    CHAINRULE_CALL(upsample_bilinear(image(), kHalf)),
    CHAINRULE_CALL(upsample_bilinear(nothing(3), 1L << 55, true)),
    CHAINRULE_CALL(adaptive_avg_pool(image(), kMost)),
    CHAINRULE_CALL(adaptive_max_pool(nothing(3), 1L << 55)),
    CHAINRULE_CALL(adaptive_avg_pool(nothing(3), 1L << 55)),
};

TEST(TooLarge, IsAnError) {
  for (const Call& call : kTooLarge) {
    SCOPED_TRACE(call.text);
    try {
      call.make().to_vector();
      ADD_FAILURE() << "computed";
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == 1 || e.code() == 148 || e.code() == 123 || e.code() == 126) << e.what();
    }
  }
}

// What reaches past the end changes nothing: one window, one element, all elements.
TEST(TooLarge, StepsGoToTheEnd) {
  const Tensor ramp = reshape(arange(16, f32), {1, 1, 4, 4});
  EXPECT_EQ(max_pool2d(ramp, 2, {.stride = kMost}).to_vector(), (Values{5}));
  EXPECT_EQ(max_pool2d(ramp, 2, {.stride = kMost, .ceil_mode = true}).to_vector(), (Values{5}));
  EXPECT_EQ(max_pool2d(ramp, 1, {.stride = 2, .dilation = kMost}).to_vector(), (Values{0, 2, 8, 10}));
  EXPECT_EQ(max_pool2d(ramp, 2, {.stride = kMost, .padding = 1}).to_vector(), (Values{0}));
  EXPECT_EQ(max_pool2d(ramp, 3, {.stride = kMost, .padding = Padding::same()}).to_vector(), (Values{10}));
  EXPECT_EQ(avg_pool2d(ramp, 2, {.stride = kMost}).to_vector(), (Values{2.5}));
  EXPECT_EQ(conv2d(ramp, kernel(), {.stride = kMost}).to_vector(), (Values{10}));
  EXPECT_EQ(conv2d(ramp, ones({1, 1, 1, 1}), {.stride = 3, .dilation = kMost}).to_vector(),
            (Values{0, 3, 12, 15}));
  EXPECT_EQ(unfold(ramp, 2, {.stride = kMost}).to_vector(), (Values{0, 1, 4, 5}));
  EXPECT_EQ(grad(sum(max_pool2d(ramp, 2, {.stride = kMost})), ramp).to_vector()[5], 1);
  EXPECT_EQ(slice(arange(5), 0, 1, kMost, kMost).to_vector(), (Values{1}));
  EXPECT_EQ(slice(arange(5), 0, -kMost, kMost, 2).to_vector(), (Values{0, 2, 4}));
  EXPECT_EQ(slice(arange(5), 0, kMost, INT64_MIN, INT64_MIN).to_vector(), (Values{4}));
  EXPECT_EQ(pad(ones({1}), 0, 1, 0, kMost).to_vector(), (Values{0, 1}));
  EXPECT_EQ(pad(ones({0}), 0, 1, 0, kMost).to_vector(), (Values{0}));
  const Tensor alone = ones({1});
  EXPECT_EQ(grad(sum(pad(alone, 0, 1, 0, kMost)), alone).item(), 1);
  EXPECT_EQ(roll(arange(3), INT64_MIN, 0).to_vector(), roll(arange(3), INT64_MIN % 3, 0).to_vector());
  EXPECT_EQ(sum(tril(x(), kMost)).item(), 12);
  EXPECT_EQ(sum(triu(x(), -kMost)).item(), 12);
  EXPECT_EQ(sum(tril(x(), INT64_MIN)).item(), 0);
  EXPECT_EQ(sum(triu(x(), kMost)).item(), 0);
  EXPECT_EQ(adaptive_avg_pool(reshape(arange(5, f32), {1, 1, 5}), 3).to_vector(), (Values{0.5, 2, 3.5}));
}

TEST(Memory, ThatCannotBeHadIsAnError) {
  for (const std::size_t bytes : {std::size_t{1} << 48, SIZE_MAX, SIZE_MAX - 100, std::size_t{1} << 63}) {
    EXPECT_THROW(Buffer::allocate(bytes), MemoryError);
  }
  // More than there is though it could be addressed, and what was there is as it was.
  if constexpr (!kReusesMemory) return;
  const auto starve = [] {
    const rlimit limit{std::size_t{4} << 30, std::size_t{4} << 30};
    setrlimit(RLIMIT_AS, &limit);
    const Tensor row = ones({1 << 17}), small = row * 2;
    bool ok = small.numel() > 0;
    for (const auto& make :
         {std::function([&] { return zeros({std::int64_t{1} << 33}); }),
          std::function([&] { return matmul(exp(expand_dims(row, 1)), expand_dims(row, 0)); }),
          std::function([&] {
            return permute(exp(row * expand_dims(row, 1)), {1, 0});
          })}) {
      try {
        make().to_vector();
        ok = false;
      } catch (const MemoryError&) {
      }
    }
    ok = ok && sum(small).item() == 2 * (1 << 17) && sum(exp(row * 0) + 1).item() == 2 * (1 << 17);
    std::exit(ok ? 0 : 1);
  };
  EXPECT_EXIT(starve(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace chainrule
