#include "kernels/simd/dispatch.h"

#include <cstdint>

#include "core/environment.h"

namespace chainrule::kernels {
namespace {

// Highway numbers the targets of one architecture from best to worst, so a ceiling leaves out the lower bits.
std::int64_t targets_above(SimdCeiling ceiling) {
  switch (ceiling) {
    case SimdCeiling::none:
      return 0;
    case SimdCeiling::avx512:
      return HWY_AVX3 - 1;
    case SimdCeiling::avx2:
      return HWY_AVX2 - 1;
    case SimdCeiling::sse4:
      return HWY_SSE4 - 1;
  }
  return 0;
}

void apply(SimdCeiling ceiling) {
  hwy::SetSupportedTargetsForTest(0);  // ask the CPU again
  const std::int64_t allowed = hwy::SupportedTargets() & ~targets_above(ceiling);
  // On another architecture than x86 nothing is above the ceiling, and 0 would mean "no ceiling" to Highway.
  if (allowed != 0) hwy::SetSupportedTargetsForTest(allowed);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

bool apply_environment() {
  const auto word = environment::word(environment::kSimd);
  apply(word ? static_cast<SimdCeiling>(*word) : SimdCeiling::none);
  return true;
}

void set_simd_ceiling(SimdCeiling ceiling) {
  use_simd_ceiling();
  apply(ceiling);
}

std::string_view simd_name() {
  use_simd_ceiling();
  const std::int64_t usable = hwy::SupportedTargets() & (HWY_TARGETS);
  switch (usable & -usable) {  // the lowest bit is the best
    case HWY_AVX3:
      return "avx512";
    case HWY_AVX2:
      return "avx2";
    case HWY_SSE4:
      return "sse4";
    case HWY_NEON:
      return "neon";
    case HWY_WASM:
      return "wasm";
    default:
      return "scalar";
  }
}

bool fuses_multiply_add() {
  const std::string_view name = simd_name();
  return name == "avx512" || name == "avx2" || name == "neon";
}

}  // namespace chainrule::kernels
