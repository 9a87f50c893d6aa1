// Derivatives of elementwise functions keep their digits in f32: where they are small, near 0, and where
// numbers are large.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"
#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule::testing {
namespace {

struct Function {
  std::string name;
  std::function<Tensor(const Tensor&)> call;
};

std::vector<Function> functions() {
  std::vector<Function> all;
  for (const OpRow* row : op_table()) {
    if (!row->info.elementwise || row->info.arity != 1 || row->vjp == nullptr || row->info.view) continue;
    all.push_back({std::string(row->info.name), [row](const Tensor& x) {
                     const Tensor in[] = {x};
                     return apply_row(*row, nullptr, in, Location::current());
                   }});
  }
  for (const ElementwiseFunction& f : elementwise_functions()) all.push_back({std::string(f.name), f.call});
  return all;
}

/// Their derivatives come from results that saturate, y (1 - y) and 1 - y^2: to a step of 1, not of their
/// own.
bool saturates(const std::string& name) {
  for (const char* one : {"sigmoid", "tanh", "silu", "gelu", "mish"}) {
    if (name == one) return true;
  }
  return false;
}

class DerivativeAccuracy : public ::testing::TestWithParam<Function> {};

TEST_P(DerivativeAccuracy, OfBothOrdersIsThatOfF32) {
  std::vector<double> numbers;
  for (const double size : {1e-12, 1e-6, 1e-3, 0.01, 0.1,   0.4,   0.6, 0.99, 1.5,  4.0,
                            9.0,   20.0, 60.0, 95.0, 120.0, 180.0, 1e3, 1e5,  1e10, 1e30}) {
    numbers.insert(numbers.end(), {size, -size});
  }
  const Tensor x = detach(cast(from_data(numbers, Shape{static_cast<std::int64_t>(numbers.size())}), f32));
  const Tensor wide = cast(x, f64);
  const double least = saturates(GetParam().name) ? 1 : 1e-37;
  Tensor y = GetParam().call(x), exact = GetParam().call(wide);
  for (int order = 1; order <= 2; ++order) {
    y = grad(sum(y), x, {.allow_unused = true});
    exact = grad(sum(exact), wide, {.allow_unused = true});
    const std::vector<double> got = y.to_vector(), wanted = exact.to_vector();
    for (std::size_t i = 0; i < got.size(); ++i) {
      const auto rounded = static_cast<double>(static_cast<float>(wanted[i]));
      if (got[i] == rounded || (std::isnan(got[i]) && std::isnan(wanted[i]))) continue;
      const double error = std::abs(got[i] - wanted[i]) / std::max(std::abs(wanted[i]), least);
      EXPECT_TRUE(error < 1e-5) << "order " << order << " at " << numbers[i] << ": " << got[i] << ", in f64 "
                                << wanted[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DerivativeAccuracy, ::testing::ValuesIn(functions()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace chainrule::testing
