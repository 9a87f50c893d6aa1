#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// Runs `steps` rounds of independent fused multiply-adds in registers, in the instruction set in use.
/// @return  Floating-point operations done, two for each lane of each multiply-add.
double run_fma_f32(std::int64_t steps);
double run_fma_f64(std::int64_t steps);

/// Floating-point operations a second that all threads reach with those in f32, the best of some runs of
/// about 1.5 ms each: what nothing can be faster than.
double measured_fma_peak(int runs);

}  // namespace chainrule::kernels
