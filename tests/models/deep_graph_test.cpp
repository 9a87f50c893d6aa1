// Graphs are walked and freed without recursion: depth costs memory, never stack.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"

namespace chainrule {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kNodes = 100000;  // a sanitizer's shadow memory costs ten times the graph
#else
constexpr int kNodes = 1000000;
#endif

TEST(DeepGraph, AMillionNodesBuildRunDifferentiateAndFree) {
  constexpr double kFactor = 1 + 1e-6;
  const Tensor x = scalar(2, f64);
  Tensor y = x;
  for (int i = 0; i < kNodes; ++i) y = y * kFactor;
  // Each step rounds once: the relative error stays below kNodes ULP.
  const double expected = std::pow(kFactor, kNodes);
  EXPECT_NEAR(y.item(), 2 * expected, 1e-9 * expected);
  EXPECT_NEAR(grad(y, x).item(), expected, 1e-9 * expected);
}

TEST(DeepGraph, AMillionNodesFreeUnevaluated) {
  Tensor y = scalar(1);
  for (int i = 0; i < kNodes; ++i) y = -y;
  y = Tensor();
  EXPECT_TRUE(y.is_empty());
}

}  // namespace
}  // namespace chainrule
