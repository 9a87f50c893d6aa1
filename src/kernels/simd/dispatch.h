#pragma once

#include <hwy/highway.h>

#include <string_view>

namespace chainrule::kernels {

/// Instruction sets a kernel may be held to, in the order of CHAINRULE_SIMD's words. Each is a ceiling: what
/// the CPU lacks is never used.
enum class SimdCeiling { avx512, avx2, sse4, none };

/// The instruction set in use: "avx512", "avx2", "sse4", "neon", "scalar", ...
/// @throws ValueError  as use_simd_ceiling.
std::string_view simd_name();

/// Whether a product and a sum are rounded once, together. All sets that do give the same bits; those that do
/// not give others.
bool fuses_multiply_add();

/// Changes the ceiling for every later kernel call, whatever CHAINRULE_SIMD says: for tests and benchmarks.
/// Not to be called while a kernel runs.
void set_simd_ceiling(SimdCeiling ceiling);

/// Applies the environment variable CHAINRULE_SIMD (avx512, avx2 or sse4; unset or empty: no ceiling). True.
/// @throws ValueError  for any other value (E003): who sets it wants to know what ran.
bool apply_environment();

/// The same once, before the first kernel runs: CHAINRULE_DISPATCH calls this.
/// @throws ValueError  at the first kernel, as apply_environment.
inline void use_simd_ceiling() {
  static const bool applied = apply_environment();
  static_cast<void>(applied);
}

}  // namespace chainrule::kernels

/// Calls a kernel exported by HWY_EXPORT in the instruction set in use: CHAINRULE_DISPATCH(name)(arguments).
#define CHAINRULE_DISPATCH(name) (::chainrule::kernels::use_simd_ceiling(), HWY_DYNAMIC_DISPATCH(name))
