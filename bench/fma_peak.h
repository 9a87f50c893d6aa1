#pragma once

#include <cstdint>

namespace chainrule::bench {

/// Runs `steps` rounds of independent fused multiply-adds in registers, in the instruction set in use.
/// @return  Floating-point operations done, two for each lane of each multiply-add.
double run_fma_f32(std::int64_t steps);
double run_fma_f64(std::int64_t steps);

}  // namespace chainrule::bench
