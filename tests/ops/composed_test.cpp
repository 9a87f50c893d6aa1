// The functions made of operations: documentation, derivatives of both orders, f32 against f64.
#include "ops/composed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

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

TEST_P(Elementwise, IsDocumented) {
  EXPECT_EQ(GetParam().doc.back(), '.');
  EXPECT_EQ(find_op(GetParam().name), nullptr);
}

TEST_P(Elementwise, PassesEveryCheck) {
  const OpCheck check = check_function(GetParam());
  EXPECT_EQ(check.failures, std::vector<std::string>());
  EXPECT_EQ(check.exemptions, std::vector<std::string>());
}

// x times x alone keeps the dtype, and booleans have no arithmetic.
TEST_P(Elementwise, TakesBooleansAsWholeNumbers) {
  const Tensor x = tensor({false, true}, boolean);
  if (GetParam().name == "square") {
    EXPECT_THROW(GetParam().call(x), DTypeError);
    return;
  }
  const std::vector<double> got = GetParam().call(x).to_vector(),
                            wanted = GetParam().call(cast(x, f64)).to_vector();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool is_same = std::abs(got[i] - wanted[i]) < 1e-6 || got[i] == wanted[i] ||
                         (std::isnan(got[i]) && std::isnan(wanted[i]));
    EXPECT_TRUE(is_same) << got[i] << " of " << i << ", as a number " << wanted[i];
  }
}

TEST_P(Composed, IsDocumentedAndHasCalls) {
  const ComposedFunction& f = GetParam();
  EXPECT_EQ(f.doc.back(), '.');
  EXPECT_FALSE(f.calls.empty());
  for (const ComposedCall& call : f.calls) {
    EXPECT_EQ(call.text.substr(0, f.name.size()), f.name);
  }
}

TEST_P(Composed, PassesEveryCheck) {
  const OpCheck check = check_function(GetParam());
  EXPECT_EQ(check.failures, std::vector<std::string>());
  std::set<std::string> reasons;  // nothing is exempt but what says so itself
  for (const ComposedCall& call : GetParam().calls) {
    if (!call.not_differentiable.empty()) reasons.emplace(call.not_differentiable);
  }
  EXPECT_EQ(std::set(check.exemptions.begin(), check.exemptions.end()), reasons);
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
