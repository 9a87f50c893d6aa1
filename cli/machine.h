#pragma once

#include <string>

namespace chainrule::cli {

/// The instruction set that kernels use: "avx512".
std::string simd();

/// "avx512, 2 threads".
std::string machine();

}  // namespace chainrule::cli
