// The dtypes that numbers are kept in: made, read, converted, moved and differentiated.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/chainrule.h"
#include "chainrule/op.h"
#include "ops/op.h"

namespace chainrule {
namespace {

constexpr DType kStorage[] = {f16, bf16, i32};

TEST(DTypes, AreWhatTheTableSays) {
  for (std::size_t i = 0; i < kDTypeCount; ++i) {
    EXPECT_EQ(kDTypes[i].dtype, static_cast<DType>(i));
    EXPECT_EQ(computed_as(computed_as(kDTypes[i].dtype)), computed_as(kDTypes[i].dtype));
    EXPECT_EQ(is_storage(kDTypes[i].dtype), computed_as(kDTypes[i].dtype) != kDTypes[i].dtype);
  }
}

TEST(DTypes, AreMadeAndRead) {
  const std::vector<Float16> halves{Float16::nearest(0.1), Float16::nearest(-2)};
  const Tensor h = from_data(halves, {2});
  EXPECT_EQ(h.dtype(), f16);
  EXPECT_EQ(h.to_vector(), (std::vector<double>{0.0999755859375, -2}));  // 1638 / 16384
  EXPECT_EQ(h.data<Float16>()[1].bits, 0xC000);
  EXPECT_EQ(tensor({1, 2, 3}, bf16).data<BFloat16>()[0].bits, 0x3F80);
  const Tensor n = tensor({-1, std::numeric_limits<std::int32_t>::max()}, i32);
  EXPECT_EQ(n.data<std::int32_t>()[1], 2147483647);
  EXPECT_EQ(n.to_vector<int>(), (std::vector<int>{-1, 2147483647}));
  EXPECT_EQ(tensor({3e9, -3e9, NAN, 2.9}, i32).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{2147483647, -2147483648, 0, 2}));
  EXPECT_EQ(from_data(std::vector<int>{1}, {1}).dtype(), i64);
  EXPECT_EQ(arange(3, f16).to_vector(), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(full({2}, 0.5, bf16).to_vector(), (std::vector<double>{0.5, 0.5}));
  EXPECT_TRUE(scalar(NAN, f16).item<bool>());
}

TEST(DTypes, ArePrinted) {
  EXPECT_EQ(tensor({0.5, 1e6}, f16).to_string(), "[0.5, inf]  (2,) f16");
  EXPECT_EQ(tensor({-0.25, 1024}, bf16).to_string(), "[-0.25, 1024]  (2,) bf16");
  EXPECT_EQ(tensor({-7, 3}, i32).to_string(), "[-7, 3]  (2,) i32");
}

/// Numbers that every dtype has, so that a cast changes the dtype alone.
TEST(DTypes, AreConvertedToEachOther) {
  for (const DTypeInfo& from : kDTypes) {
    for (const DTypeInfo& to : kDTypes) {
      const Tensor x = tensor({0, 1, 1, 0}, {2, 2}, from.dtype), y = cast(x, to.dtype);
      EXPECT_EQ(y.dtype(), to.dtype);
      EXPECT_EQ(y.to_vector(), x.to_vector()) << from.name << " to " << to.name;
    }
  }
}

/// What only moves numbers, and so keeps the dtype.
struct Move {
  const char* name;
  Tensor (*of)(const Tensor& x);  // (4, 5, 6)
};
const Move kMoves[] = {
    {"transpose", [](const Tensor& x) { return transpose(x); }},
    {"permute",
     [](const Tensor& x) {
       return permute(x, {1, 0, 2});
     }},
    {"slice", [](const Tensor& x) { return slice(x, 2, 5, 0, -2); }},
    {"select", [](const Tensor& x) { return select(x, 2, 1); }},
    {"pad", [](const Tensor& x) { return pad(x, 1, 1, 2, 1); }},
    {"concatenate",
     [](const Tensor& x) {
       return concatenate({x, x}, 1);
     }},
    {"stack",
     [](const Tensor& x) {
       return stack({x, x}, 2);
     }},
    {"broadcast_to",
     [](const Tensor& x) {
       return broadcast_to(expand_dims(x, 0), {2, 4, 5, 6});
     }},
    {"take",
     [](const Tensor& x) {
       return take(x, tensor({3, 0, -1}, i32), 1);
     }},
    {"flip",
     [](const Tensor& x) {
       return flip(x, {0, 2});
     }},
    {"sort", [](const Tensor& x) { return sort(x); }},
    {"detach", [](const Tensor& x) { return detach(x); }},
};

TEST(DTypes, AreMovedAsTheyAre) {
  for (const DType dtype : kStorage) {
    const Tensor x = reshape(arange(120, dtype), {4, 5, 6});
    for (const Move& move : kMoves) {
      SCOPED_TRACE(move.name);
      const Tensor moved = move.of(x), expected = move.of(cast(x, computed_as(dtype)));
      EXPECT_EQ(moved.dtype(), dtype);
      EXPECT_EQ(moved.shape(), expected.shape());
      EXPECT_EQ(moved.to_vector(), expected.to_vector());
    }
  }
}

TEST(DTypes, AreComputedAsWhatTheyConvertTo) {
  EXPECT_EQ((tensor({1, 2}, f16) + tensor({1, 2}, f16)).dtype(), f32);
  EXPECT_EQ((tensor({1, 2}, f16) + tensor({1, 2}, bf16)).dtype(), f32);
  EXPECT_EQ((tensor({1, 2}, f16) * tensor({1, 2}, f64)).dtype(), f64);
  EXPECT_EQ((tensor({1, 2}, i32) + tensor({1, 2}, i32)).dtype(), i64);
  EXPECT_EQ((tensor({1, 2}, i32) + 1).dtype(), i64);
  EXPECT_EQ((tensor({1, 2}, i32) / 2).dtype(), f64);
  EXPECT_EQ((tensor({1, 2}, f16) * 2.5).dtype(), f32);
  EXPECT_EQ(exp(tensor({1, 2}, bf16)).dtype(), f32);
  EXPECT_EQ(exp(tensor({1, 2}, i32)).dtype(), f64);
  EXPECT_EQ(matmul(ones({2, 2}, f16), ones({2, 2}, f16)).dtype(), f32);
  EXPECT_EQ(matmul(ones({2, 2}, i32), ones({2, 2}, i32)).dtype(), i64);
  EXPECT_EQ((full({}, std::numeric_limits<std::int32_t>::max(), i32) + 1).item<std::int64_t>(), 2147483648);
  EXPECT_EQ(min(tensor({3, -2}, i32)).item(), -2);
  EXPECT_TRUE(equal(tensor({7}, i32), 7).item<bool>());
  EXPECT_EQ(concatenate({tensor({1}, f16), tensor({2}, f32)}).dtype(), f32);
}

TEST(DTypes, AreIndicesAndClasses) {
  const Tensor x = tensor({1, 2, 3, 4, 5, 6}, {3, 2}), numbers = tensor({2, 0}, i32);
  EXPECT_EQ(take(x, numbers, 0).to_vector(), (std::vector<double>{5, 6, 1, 2}));
  EXPECT_EQ(take_along_axis(x, tensor({1, 0, 1}, {3, 1}, i32), 1).to_vector(),
            (std::vector<double>{2, 3, 6}));
  EXPECT_EQ(one_hot(numbers, 3).to_vector(), one_hot(cast(numbers, i64), 3).to_vector());
  EXPECT_EQ(index_add(x, numbers, ones({2, 2})).to_vector(), (std::vector<double>{2, 3, 3, 4, 6, 7}));
  const Tensor scores = tensor({1, 2, 3, 0, 1, 0}, {2, 3}), classes = tensor({2, 0}, i32);
  EXPECT_EQ(softmax_cross_entropy(scores, classes).item(),
            softmax_cross_entropy(scores, cast(classes, i64)).item());
}

TEST(DTypes, HaveGradientsInF32) {
  for (const DType dtype : {f16, bf16}) {
    const Tensor w = tensor({1, 2, 3, 4}, {2, 2}, dtype), x = tensor({5, 6}, {1, 2});
    const Tensor rows = take(w, tensor({1, 1, 0}, i32), 0);  // each use adds its part
    const Tensor g = grad(sum(matmul(x, w)) + sum(rows), w);
    EXPECT_EQ(g.dtype(), f32);
    EXPECT_EQ(g.to_vector(), (std::vector<double>{6, 6, 8, 8}));
    // Through a rounding the gradient goes as it is, to f64 as f64.
    const Tensor v = tensor({0.1, 0.2}, f64);
    const Tensor through = grad(sum(square(cast(v, dtype))), v);
    EXPECT_EQ(through.dtype(), f64);
    EXPECT_EQ(through.to_vector(), (2 * cast(v, dtype)).to_vector());
    EXPECT_EQ(grad(reshape(cast(sum(v), dtype), {}), v).to_vector(), (std::vector<double>{1, 1}));
    EXPECT_EQ(jvp(cast(v, dtype), v, tensor({1, 2}, f64)).to_vector(), (std::vector<double>{1, 2}));
  }
}

/// A user's operation that knows f32 and f64 alone.
struct Doubled {
  static constexpr OpInfo kInfo{.name = "doubled", .elementwise = true, .doc = "2 x."};
  static constexpr std::string_view kNotDifferentiable = "it is a test";
  bool operator==(const Doubled&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = 2 * k.inputs[0].as<T>()[i];
    });
  }
};

TEST(DTypes, AreNeverSeenByAUsersOperation) {
  const Tensor y = apply(Doubled{}, {tensor({1, 2}, f16)}, Location::current());
  EXPECT_EQ(y.dtype(), f32);
  EXPECT_EQ(y.to_vector(), (std::vector<double>{2, 4}));
}

TEST(DTypes, AreTheSameInEveryMode) {
  const Mode before = mode();
  std::vector<std::vector<double>> results;
  for (const Mode each : {Mode::lazy, Mode::eager, Mode::verify}) {
    set_mode(each);
    const Tensor x = cast(reshape(arange(24, f32) / 7, {4, 6}), f16);
    const Tensor y = cast(matmul(cast(transpose(x), bf16), x) + exp(select(x, 0) * 0), f16);
    results.push_back(y.to_vector());
  }
  set_mode(before);
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

}  // namespace
}  // namespace chainrule
