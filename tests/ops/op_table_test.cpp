// One loop over the table of operations; a new row is tested by being there.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "autodiff/probe.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "ops/op.h"

namespace chainrule::testing {
namespace {

class OpTable : public ::testing::TestWithParam<const OpRow*> {
 protected:
  /// Calls `body` for each case of the row, in both floating dtypes.
  template <class F>
  void for_each_case(F body) {
    for (DType floating : {DType::f32, DType::f64}) {
      for (const OpCase& c : cases_of(*GetParam(), floating)) {
        SCOPED_TRACE(c.to_string());
        body(c);
      }
    }
  }
};

TEST_P(OpTable, PassesEveryCheck) {
  const OpCheck check = check_op(*GetParam());
  EXPECT_EQ(check.failures, std::vector<std::string>());
  EXPECT_EQ(find_op(GetParam()->info.name), GetParam());
  // An operation with a derivative has a case that shows it.
  EXPECT_EQ(check.first_order_error > 0 || GetParam()->info.view, GetParam()->vjp != nullptr);
}

TEST_P(OpTable, EagerGivesWhatTheReferenceGives) {
  for_each_case([](const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 2);
    const Tensor reference = run_with(c, inputs, Kernels::reference);
    const Mode before = mode();
    set_mode(Mode::eager);
    const Tensor eager = call(c, inputs);
    set_mode(before);
    EXPECT_TRUE(eager.node()->has_value());
    EXPECT_EQ(eager.to_vector(), reference.to_vector());
  });
}

// What moves and chooses numbers says so (Ulp), and what says so does no more.
TEST_P(OpTable, ExactResultsHoldNumbersOfTheInputs) {
  const OpInfo& info = GetParam()->info;
  if (info.elementwise || info.name == "random") return;  // these are measured; random has no inputs
  bool always = true, any = false;
  for_each_case([&](const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 3);
    const Tensor y = call(c, inputs);
    if (!is_floating(y.dtype())) return;
    std::set<double> numbers{0};
    for (const Tensor& input : inputs) {
      for (const double number : input.to_vector()) numbers.insert(number);
    }
    for (const double number : y.to_vector()) {
      any = true;
      always = always && numbers.contains(number);
    }
  });
  if (!any || info.name == "cast") return;  // which rounds from f64 to f32 alone
  EXPECT_EQ(info.ulp.f64 == 0, always);
}

/// Inputs that are results themselves: of a transpose, a slice, a broadcast.
Tensor through_transpose(const Tensor& x) { return transpose(transpose(x)); }
Tensor through_slice(const Tensor& x) {
  if (x.ndim() == 0) return reshape(slice(pad(reshape(x, {1}), 0, 2, 1), 0, 2, 3), Shape{});
  return slice(pad(x, 0, 2, 1), 0, 2, 2 + x.shape()[0]);
}
Tensor through_broadcast(const Tensor& x) {
  return select(broadcast_to(expand_dims(x, 0),
                             [&] {
                               std::vector<std::int64_t> sizes{2};
                               sizes.insert(sizes.end(), x.shape().begin(), x.shape().end());
                               return Shape(std::span<const std::int64_t>(sizes));
                             }()),
                1);
}

TEST_P(OpTable, InputsMayComeFromAnyOperation) {
  for_each_case([](const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 3);
    const std::vector<double> plain = call(c, inputs).to_vector();
    for (const auto view : {through_transpose, through_slice, through_broadcast}) {
      Tensors viewed;
      for (const Tensor& input : inputs) viewed.push_back(view(input));
      EXPECT_EQ(call(c, viewed).to_vector(), plain);
    }
  });
}

TEST_P(OpTable, WithoutDerivativeSaysSo) {
  const OpRow& row = *GetParam();
  if (row.vjp) return;
  const OpCase c = cases_of(row, DType::f64)[3];
  const Tensors inputs = draw_inputs(c, 6);
  if (!is_floating(inputs[0].dtype())) return;  // nothing to differentiate by
  try {
    grad(sum(cast(call(c, inputs), DType::f64)), inputs[0]);
    ADD_FAILURE() << "no error";
  } catch (const NotDifferentiable& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("[" + std::string(row.info.name) + "] has no derivative"), std::string::npos) << text;
    EXPECT_NE(text.find(row.not_differentiable), std::string::npos) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpTable, ::testing::ValuesIn(op_table().begin(), op_table().end()),
                         [](const auto& param) { return std::string(param.param->info.name); });

}  // namespace
}  // namespace chainrule::testing
