// Every elementwise function is as accurate as its row, or its line among the composed ones, states.
//
// The stated errors come from CHAINRULE_SWEEP=full: every 127th f32 and 10 million f64.
#include "ops/accuracy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace chainrule::testing {
namespace {

class Accuracy : public ::testing::TestWithParam<Measured> {};

TEST_P(Accuracy, IsAsStated) {
  const Measured& f = GetParam();
  const bool full = std::getenv("CHAINRULE_SWEEP") != nullptr;
  ASSERT_GE(f.stated.f32, 0) << f.name << " states no largest error";
  ASSERT_GE(f.stated.f64, 0) << f.name << " states no largest error";
  EXPECT_LE(f.stated.f32, 4);
  for (const Kernels kernels : {Kernels::reference, Kernels::fast}) {
    const char* by = kernels == Kernels::fast ? "fast" : "reference";
    const Worst f32 = measure_f32(f, kernels, full ? 127 : 65521);
    const Worst f64 = measure_f64(f, kernels, full ? 10'000'000 : 60'000);
    // Half an ULP is exceeded a little where the exact value is itself rounded.
    EXPECT_LE(f32.ulp, f.stated.f32 * 1.001) << by << " f32: " << f32;
    EXPECT_LE(f64.ulp, f.stated.f64 * 1.001) << by << " f64: " << f64;
    if (full) std::cout << f.name << " " << by << " f32 " << f32 << "; f64 " << f64 << std::endl;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Accuracy, ::testing::ValuesIn(measured_functions()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace chainrule::testing
