// The functions made of operations: documentation, derivatives of both orders, f32 against f64.
#include "ops/composed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "autodiff/probe.h"
#include "chainrule/ops.h"

namespace chainrule {

/// Name the tests.
static std::ostream& operator<<(std::ostream& out, const ElementwiseFunction& f) { return out << f.name; }
static std::ostream& operator<<(std::ostream& out, const ComposedFunction& f) { return out << f.name; }

}  // namespace chainrule

namespace chainrule::testing {
namespace {

class Elementwise : public ::testing::TestWithParam<ElementwiseFunction> {};
class Composed : public ::testing::TestWithParam<ComposedFunction> {};

void expect_right_derivatives(const Probe& p) {
  if (!p.exempt.empty()) return;
  EXPECT_LE(derivative_error(p, 1), kDerivativeTolerance) << p.text;
  EXPECT_LE(derivative_error(p, 2), kDerivativeTolerance) << p.text;
}

TEST_P(Elementwise, IsDocumented) {
  EXPECT_EQ(GetParam().doc.back(), '.');
  EXPECT_EQ(find_op(GetParam().name), nullptr);
}

TEST_P(Elementwise, DerivativesAreTheCentralDifferences) { expect_right_derivatives(probe(GetParam())); }

TEST_P(Composed, IsDocumentedAndHasCalls) {
  const ComposedFunction& f = GetParam();
  EXPECT_EQ(f.doc.back(), '.');
  EXPECT_FALSE(f.calls.empty());
  for (const ComposedCall& call : f.calls) {
    EXPECT_EQ(call.text.substr(0, f.name.size()), f.name);
  }
}

TEST_P(Composed, DerivativesAreTheCentralDifferences) {
  for (const ComposedCall& call : GetParam().calls) {
    const Probe p = probe(call);
    EXPECT_TRUE(p.exempt.empty() || !call.not_differentiable.empty()) << p.text << ": " << p.exempt;
    expect_right_derivatives(p);
  }
}

TEST_P(Composed, F32GivesWhatF64Gives) {
  for (const ComposedCall& c : GetParam().calls) {
    const Probe single = probe(c, DType::f32);
    Tensors same;  // the f32 inputs, converted: both start from equal numbers
    for (const Tensor& x : single.inputs) same.push_back(is_floating(x.dtype()) ? cast(x, f64) : x);
    const Tensor by_single = single.call(single.inputs);
    const Tensor by_double = single.call(same);
    ASSERT_EQ(by_single.shape(), by_double.shape()) << c.text;
    if (by_double.dtype() == DType::f64) {
      EXPECT_EQ(by_single.dtype(), DType::f32) << c.text;
    }
    const std::vector<double> a = by_single.to_vector();
    const std::vector<double> b = by_double.to_vector();
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_NEAR(a[i], b[i], 1e-5 * std::max(1.0, std::abs(b[i]))) << c.text << " element " << i;
    }
  }
}

TEST(ComposedChecks, FindAWrongDerivative) {
  const Probe p{"x detach(x)",
                [](const Tensors& in) { return in[0] * detach(in[0]); },
                {tensor({-1.5, 0.5, 2}, f64)},
                {}};
  EXPECT_GT(derivative_error(p, 1), 1e-3);
}

TEST(ComposedChecks, NamesAreUnique) {
  std::vector<std::string_view> names;
  for (const ComposedFunction& f : composed_functions()) names.push_back(f.name);
  for (const ElementwiseFunction& f : elementwise_functions()) names.push_back(f.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

INSTANTIATE_TEST_SUITE_P(All, Elementwise,
                         ::testing::ValuesIn(elementwise_functions().begin(), elementwise_functions().end()),
                         [](const auto& param) { return std::string(param.param.name); });
INSTANTIATE_TEST_SUITE_P(All, Composed,
                         ::testing::ValuesIn(composed_functions().begin(), composed_functions().end()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace chainrule::testing
