#include "kernels/copy.h"

#include <algorithm>
#include <cstring>

#include "core/thread_pool.h"

namespace chainrule::kernels {
namespace {

/// One block of single elements, as a typed loop: memcpy of so few bytes costs more than the bytes.
template <class T>
void copy_elements(const std::byte* x, std::int64_t from_step, std::byte* y, std::int64_t to_step,
                   std::int64_t count) {
  const T* in = reinterpret_cast<const T*>(x);
  T* out = reinterpret_cast<T*>(y);
  for (std::int64_t j = 0; j < count; ++j) out[j * to_step] = in[j * from_step];
}

}  // namespace

void copy_places(const void* x, Places from, void* y, Places to, std::int64_t outer, std::int64_t count,
                 std::int64_t inner, std::size_t element_bytes) {
  constexpr std::int64_t kBytesAThread = 64 * 1024;
  if (outer == 0 || count == 0 || inner == 0) return;
  const std::int64_t row = inner * static_cast<std::int64_t>(element_bytes);
  const bool whole = from.step == 1 && to.step == 1;
  const std::int64_t grain = std::max<std::int64_t>(1, kBytesAThread / (count * row));
  parallel_for(outer, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::byte* in = static_cast<const std::byte*>(x) + (i * from.size + from.start) * row;
      std::byte* out = static_cast<std::byte*>(y) + (i * to.size + to.start) * row;
      if (whole) {
        std::memcpy(out, in, static_cast<std::size_t>(count * row));
      } else if (inner == 1 && element_bytes == 1) {
        copy_elements<std::uint8_t>(in, from.step, out, to.step, count);
      } else if (inner == 1 && element_bytes == 2) {
        copy_elements<std::uint16_t>(in, from.step, out, to.step, count);
      } else if (inner == 1 && element_bytes == 4) {
        copy_elements<std::uint32_t>(in, from.step, out, to.step, count);
      } else if (inner == 1) {
        copy_elements<std::uint64_t>(in, from.step, out, to.step, count);
      } else {
        for (std::int64_t j = 0; j < count; ++j) {
          std::memcpy(out + j * to.step * row, in + j * from.step * row, static_cast<std::size_t>(row));
        }
      }
    }
  });
}

}  // namespace chainrule::kernels
