#pragma once

#include <atomic>
#include <cstdint>

namespace chainrule {

/// Calls of operator new in this program so far; not counted under a sanitizer, which has its own.
extern std::atomic<std::int64_t> allocations;

}  // namespace chainrule
