// One loop over the table of operations; a new row is tested by being there.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "ops/derivatives.h"
#include "plan/run.h"

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

/// |a - b| within `ulps` rounding steps of the larger of the two values and 1.
void expect_close(const Tensor& a, const Tensor& b, double ulps) {
  ASSERT_EQ(a.shape(), b.shape());
  ASSERT_EQ(a.dtype(), b.dtype());
  const double step = a.dtype() == DType::f32 ? 0x1p-24 : a.dtype() == DType::f64 ? 0x1p-53 : 0;
  const std::vector<double> x = a.to_vector();
  const std::vector<double> y = b.to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double scale = std::max({1.0, std::abs(x[i]), std::abs(y[i])});
    ASSERT_LE(std::abs(x[i] - y[i]), ulps * step * scale)
        << "element " << i << ": " << x[i] << " and " << y[i];
  }
}

TEST_P(OpTable, IsDocumentedAndHasCases) {
  const OpRow& row = *GetParam();
  EXPECT_FALSE(row.info.doc.empty());
  EXPECT_EQ(row.info.doc.back(), '.');
  EXPECT_EQ(find_op(row.info.name), &row);
  EXPECT_GE(cases_of(row, DType::f64).size(), 2u);
  EXPECT_NE(row.vjp == nullptr, row.not_differentiable.empty())
      << "either a vjp or the reason why there is none";
}

TEST_P(OpTable, EveryAttributeIsPrintedAndCompared) {
  for (const OpCase& c : cases_of(*GetParam(), DType::f64)) {
    const std::vector<std::byte>& own = c.sample.attributes;
    EXPECT_TRUE(GetParam()->equal(own.data(), own.data()));
    std::ostringstream text;
    GetParam()->print(own.data(), text);
    EXPECT_EQ(text.str().empty(), GetParam()->attribute_bytes == 0);
    for (const OpCase& other : cases_of(*GetParam(), DType::f64)) {
      std::ostringstream other_text;
      GetParam()->print(other.sample.attributes.data(), other_text);
      EXPECT_EQ(GetParam()->equal(own.data(), other.sample.attributes.data()),
                text.str() == other_text.str());
    }
  }
}

TEST_P(OpTable, FastKernelsGiveWhatTheReferenceGives) {
  for_each_case([](const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 1);
    const Tensor reference = run_with(c, inputs, Kernels::reference);
    const Tensor fast = run_with(c, inputs, Kernels::fast);
    expect_close(reference, fast, 16);
  });
}

TEST_P(OpTable, EagerGivesWhatTheReferenceGives) {
  for_each_case([](const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 2);
    const Tensor reference = run_with(c, inputs, Kernels::reference);
    const bool before = is_eager();
    set_eager(true);
    const Tensor eager = call(c, inputs);
    set_eager(before);
    EXPECT_TRUE(eager.node()->has_value());
    EXPECT_EQ(eager.to_vector(), reference.to_vector());
  });
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

TEST_P(OpTable, BadInputsAreRefusedAtTheCall) {
  for (const OpCase& c : cases_of(*GetParam(), DType::f64, true)) {
    SCOPED_TRACE(c.to_string());
    const Tensors inputs = draw_inputs(c, 4);
    try {
      call(c, inputs);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), c.sample.error) << error.what();
      const std::string start = "[" + std::string(GetParam()->info.name) + "] ";
      EXPECT_EQ(std::string(error.what()).substr(0, start.size()), start);
    }
  }
}

TEST_P(OpTable, VjpIsTheCentralDifference) {
  for (const OpCase& c : cases_of(*GetParam(), DType::f64)) {
    const Probe p = probe(c);
    if (p.exempt.empty()) {
      EXPECT_LE(derivative_error(p, 1), kDerivativeTolerance) << c;
    }
  }
}

TEST_P(OpTable, SecondOrderIsTheCentralDifferenceOfTheFirst) {
  for (const OpCase& c : cases_of(*GetParam(), DType::f64)) {
    const Probe p = probe(c);
    if (p.exempt.empty()) {
      EXPECT_LE(derivative_error(p, 2), kDerivativeTolerance) << c;
    }
  }
}

/// x^3, whose derivative is wrong at the first order, or right there and wrong at the second.
template <int kWrongOrder>
struct Cube {
  static constexpr OpInfo kInfo{.name = "cube", .elementwise = true, .doc = "x^3."};
  bool operator==(const Cube&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Tensors vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    return {v.cotangent * (kWrongOrder == 1 ? 3.001 * x * x : 3.0 * x * detach(x))};
  }
  void run(const Kernel& k) const {
    for (std::int64_t i = 0; i < k.output.numel(); ++i) {
      const double x = k.inputs[0].as<double>()[i];
      k.output.as<double>()[i] = x * x * x;
    }
  }
};

TEST(OpChecks, FindAWrongDerivative) {
  for (const OpCase& c : cases_of(kRow<Cube<1>>, DType::f64)) {
    const Probe p = probe(c);
    if (p.exempt.empty() && p.inputs[0].numel() > 0) {
      EXPECT_GT(derivative_error(p, 1), kDerivativeTolerance) << c;
    }
  }
}

TEST(OpChecks, FindADetachedSecondOrder) {
  for (const OpCase& c : cases_of(kRow<Cube<2>>, DType::f64)) {
    const Probe p = probe(c);
    if (!p.exempt.empty() || p.inputs[0].numel() == 0) continue;
    EXPECT_LE(derivative_error(p, 1), kDerivativeTolerance) << c;
    EXPECT_GT(derivative_error(p, 2), kDerivativeTolerance) << c;
  }
}

TEST_P(OpTable, WithoutDerivativeSaysSo) {
  const OpRow& row = *GetParam();
  if (row.vjp) return;
  const OpCase c = cases_of(row, DType::f64)[3];
  const Tensors inputs = draw_inputs(c, 6);
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
