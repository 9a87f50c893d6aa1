#include "machine.h"

#include <fmt/format.h>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"

namespace chainrule::cli {

std::string simd() { return std::string(kernels::simd_name()); }

std::string machine() {
  const int threads = num_threads();
  return fmt::format("{}, {} thread{}", simd(), threads, threads == 1 ? "" : "s");
}

}  // namespace chainrule::cli
