#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <vector>

#include "core/sanitizer.h"

namespace chainrule {

/// More bytes at once than this are not asked for: no machine has them, and a sanitizer would end the
/// program.
inline constexpr std::size_t kMostBytesAtOnce = std::size_t{1} << (kReusesMemory ? 47 : 36);

/// @throws MemoryError E148, always.
[[noreturn]] void throw_no_memory(std::size_t bytes);

/// An empty vector with room for so many elements, for lists as long as a caller likes. @throws MemoryError
/// E148
template <class T>
std::vector<T> vector_with_room(std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  std::vector<T> list;
  if (size > list.max_size() / 2) throw_no_memory(SIZE_MAX);
  if (size > kMostBytesAtOnce / sizeof(T)) throw_no_memory(size * sizeof(T));
  try {
    list.reserve(size);
  } catch (const std::bad_alloc&) {
    throw_no_memory(size * sizeof(T));
  }
  return list;
}

}  // namespace chainrule
