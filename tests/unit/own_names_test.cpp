// A program's own operations may have any name: plans know the library's by their rows, not by what they are
// called.
#include <gtest/gtest.h>

#include <algorithm>

#include "chainrule/chainrule.h"
#include "chainrule/op.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {
namespace {

template <std::size_t kSize>
struct Text {
  char letters[kSize]{};
  constexpr Text(const char (&text)[kSize]) { std::copy_n(text, kSize, letters); }
};

/// The sum of its inputs' elements at each place, plus 100, whatever it is called: what no operation of the
/// library computes. Inputs of one element count everywhere. Floating.
template <Text kName, int kArity>
struct Own {
  static constexpr OpInfo kInfo{.name = kName.letters, .arity = kArity, .doc = "A name that is taken."};
  bool operator==(const Own&) const = default;
  Meta infer(std::span<const Meta> in) const { return {in.back().dtype, broadcast_shape(in)}; }
  Gradients vjp(const Vjp& v) const { return Tensors(v.inputs.size(), v.cotangent); }
  void run(const Kernel& k) const {
    for (std::int64_t i = 0; i < k.output.numel(); ++i) {
      float sum = 100;
      for (const ConstArray& in : k.inputs) sum += in.as<float>()[in.numel() == 1 ? 0 : i];
      k.output.as<float>()[i] = sum;
    }
  }
  static std::vector<Sample> samples() { return {}; }
};

template <Text kName>
Tensor own(std::initializer_list<TensorRef> in) {
  const Location where = Location::current();
  return in.size() == 1   ? apply(Own<kName, 1>{}, in, where)
         : in.size() == 2 ? apply(Own<kName, 2>{}, in, where)
                          : apply(Own<kName, 3>{}, in, where);
}

/// A name with the inputs that would be simplified, were it the library's operation.
template <Text kName>
void expect_own_result() {
  SCOPED_TRACE(kName.letters);
  const Tensor x = tensor({1, -2, 3, -4}, {2, 2}), zero = literal(0, f32), one = literal(1, f32);
  const auto sum_of = [](std::initializer_list<Tensor> in) {
    Tensor sum = full({2, 2}, 100);
    for (const Tensor& tensor : in) sum += tensor;
    return sum.to_vector();
  };
  EXPECT_EQ(own<kName>({x}).to_vector(), sum_of({x}));
  for (const Tensor& number : {zero, one}) {
    EXPECT_EQ(own<kName>({x, number}).to_vector(), sum_of({x, number}));
    EXPECT_EQ(own<kName>({number, x}).to_vector(), sum_of({x, number}));
    EXPECT_EQ(own<kName>({x, number, x}).to_vector(), sum_of({x, number, x}));
  }
  const Tensor turned = transpose(x);
  EXPECT_EQ(own<kName>({transpose(x), x}).to_vector(), sum_of({turned, x}));
  // Beside what follows and comes before, as in nets: bias, relu, update.
  EXPECT_EQ(relu(own<kName>({x, x}) + tensor({1, 2})).to_vector(),
            relu(full({2, 2}, 100) + x + x + tensor({1, 2})).to_vector());
  EXPECT_EQ((x - 0.5 * own<kName>({x, x})).to_vector(), (x - 0.5 * (100 + x + x)).to_vector());
  EXPECT_EQ(own<kName>({matmul(x, x), x}).to_vector(), sum_of({matmul(x, x), x}));
  EXPECT_EQ(own<kName>({x, own<kName>({matmul(x, x), one})}).to_vector(),
            (x + matmul(x, x) + 201).to_vector());
  EXPECT_EQ(grad(sum(own<kName>({x, x})), x).to_vector(), std::vector<double>(4, 2));
}

// All names that the library's operations have.
TEST(OwnNames, ArePrivate) {
  expect_own_result<"matmul">();
  expect_own_result<"mul">();
  expect_own_result<"div">();
  expect_own_result<"sub">();
  expect_own_result<"add">();
  expect_own_result<"where">();
  expect_own_result<"less_equal">();
  expect_own_result<"descend">();
  expect_own_result<"sum">();
  expect_own_result<"max">();
  expect_own_result<"broadcast_to">();
  expect_own_result<"permute">();
  expect_own_result<"reshape">();
  expect_own_result<"max_pool">();
  expect_own_result<"argmax_pool">();
  expect_own_result<"max_unpool">();
  expect_own_result<"softmax_cross_entropy">();
}

/// Beside the library's pooling, in one program, an operation called as the one that comes with it.
TEST(OwnNames, AreNotTakenForACompanion) {
  const Tensor image = reshape(arange(16, f32), {1, 1, 4, 4});
  const Tensor largest = max_pool2d(image, 2), mine = own<"argmax_pool">({image}),
               unpooled = own<"max_unpool">({mine});
  evaluate({largest, mine, unpooled});
  EXPECT_EQ(largest.to_vector(), (std::vector<double>{5, 7, 13, 15}));
  EXPECT_EQ(mine.to_vector()[3], 103);
  EXPECT_EQ(sum(unpooled, {2, 3}).item(), 16 * 200 + 120);
}

}  // namespace
}  // namespace chainrule
