#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "chainrule/error.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/gemm.h"

namespace chainrule::kernels {
namespace {

TEST(SimdCeiling, HoldsKernelsToAnInstructionSet) {
  const std::string best(simd_name());
  if (best != "avx512" && best != "avx2") GTEST_SKIP() << "the best here is " << best;
  set_simd_ceiling(SimdCeiling::avx2);
  EXPECT_EQ(simd_name(), "avx2");
  set_simd_ceiling(SimdCeiling::sse4);
  EXPECT_EQ(simd_name(), "sse4");
  set_simd_ceiling(SimdCeiling::avx512);  // a ceiling only: never more than the CPU has
  EXPECT_EQ(simd_name(), best);
  set_simd_ceiling(SimdCeiling::none);
  EXPECT_EQ(simd_name(), best);
}

// Each in a fresh process, where CHAINRULE_SIMD has not been read yet.
class SimdEnvironment : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  // Runs a kernel under CHAINRULE_SIMD=value; says on stderr what was in use, or what was thrown.
  [[noreturn]] static void run_under(const char* value) {
    setenv("CHAINRULE_SIMD", value, 1);
    try {
      float one = 1, result = 0;
      gemm(Gemm<float>{
          .m = 1, .n = 1, .k = 1, .a = &one, .lda = 1, .b = &one, .ldb = 1, .c = &result, .ldc = 1});
      std::fprintf(stderr, "%s gave %g", std::string(simd_name()).c_str(), static_cast<double>(result));
    } catch (const ValueError& error) {
      std::fprintf(stderr, "%s", error.what());
    }
    std::_Exit(0);
  }
};

TEST_F(SimdEnvironment, SetsTheCeilingBeforeTheFirstKernel) {
  // Asked of Highway: simd_name() would read the environment already, in the fresh process too.
  if ((hwy::SupportedTargets() & HWY_AVX2) == 0) GTEST_SKIP() << "this CPU has nothing above SSE4";
  EXPECT_EXIT(run_under("sse4"), ::testing::ExitedWithCode(0), "^sse4 gave 1$");
  EXPECT_EXIT(run_under("avx2"), ::testing::ExitedWithCode(0), "^avx2 gave 1$");
  EXPECT_EXIT(run_under(""), ::testing::ExitedWithCode(0), "^avx(2|512) gave 1$");
}

TEST_F(SimdEnvironment, RefusesAnUnknownName) {
  EXPECT_EXIT(run_under("avx1024"), ::testing::ExitedWithCode(0),
              "^\\[environment\\] CHAINRULE_SIMD is \"avx1024\". Need avx512, avx2 or sse4; or unset it. "
              "\\(E003\\)$");
}

}  // namespace
}  // namespace chainrule::kernels
