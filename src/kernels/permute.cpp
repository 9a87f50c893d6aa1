#include "kernels/permute.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>

#include "core/thread_pool.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kBytesAThread = 64 * 1024;

/// A loop over the output: its size, and how far a step moves in x and in y, in elements.
struct Loop {
  std::int64_t size = 1, from = 0, to = 0;
};

/// The loops of a permutation, outermost first; axes of size 1 are gone, neighbours that stay so are merged.
class Loops {
 public:
  Loops(const Shape& from, std::span<const std::int8_t> order) {
    std::array<std::int64_t, Shape::kMaxNdim> strides{};
    std::int64_t stride = 1;
    for (int axis = from.ndim() - 1; axis >= 0; --axis) {
      strides[static_cast<std::size_t>(axis)] = stride;
      stride *= from[axis];
    }
    for (const std::int8_t axis : order) {
      const std::int64_t size = from[axis];
      const std::int64_t step = strides[static_cast<std::size_t>(axis)];
      if (size == 1) continue;
      if (count_ > 0 && loops_[count_ - 1].from == step * size) {
        loops_[count_ - 1].size *= size;
        loops_[count_ - 1].from = step;
      } else {
        loops_[count_++] = {size, step, 0};
      }
    }
    std::int64_t to = 1;
    for (std::size_t i = count_; i-- > 0;) {
      loops_[i].to = to;
      to *= loops_[i].size;
    }
  }

  std::size_t count() const { return count_; }
  const Loop& operator[](std::size_t i) const { return loops_[i]; }
  const Loop& last() const { return loops_[count_ - 1]; }
  /// Takes a loop out; the others keep their order.
  Loop take(std::size_t i) {
    const Loop taken = loops_[i];
    std::copy(loops_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
              loops_.begin() + static_cast<std::ptrdiff_t>(count_),
              loops_.begin() + static_cast<std::ptrdiff_t>(i));
    --count_;
    return taken;
  }
  std::int64_t numel() const {
    std::int64_t numel = 1;
    for (std::size_t i = 0; i < count_; ++i) numel *= loops_[i].size;
    return numel;
  }
  /// Where round number `i` of these loops stands.
  Loop at(std::int64_t i) const {
    Loop place;
    for (std::size_t l = count_; l-- > 0;) {
      place.from += i % loops_[l].size * loops_[l].from;
      place.to += i % loops_[l].size * loops_[l].to;
      i /= loops_[l].size;
    }
    return place;
  }

 private:
  std::array<Loop, Shape::kMaxNdim> loops_{};
  std::size_t count_ = 0;
};

/// The last axis stays: rows are copied whole.
void copy_rows(const std::byte* x, Loops loops, std::size_t element_bytes, std::byte* y) {
  const Loop row = loops.take(loops.count() - 1);
  const std::size_t bytes = static_cast<std::size_t>(row.size) * element_bytes;
  const auto offset = [&](std::int64_t elements) {
    return static_cast<std::size_t>(elements) * element_bytes;
  };
  const std::int64_t grain = std::max<std::int64_t>(1, kBytesAThread / static_cast<std::int64_t>(bytes));
  parallel_for(loops.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Loop place = loops.at(i);
      std::memcpy(y + offset(place.to), x + offset(place.from), bytes);
    }
  });
}

/// 16 bytes as lanes: compilers do not find these shuffles by themselves, and are 2 to 4 times slower.
template <class T>
using Lanes [[gnu::vector_size(16)]] = T;

template <class T>
Lanes<T> load(const T* from) {
  Lanes<T> lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}
template <class T>
void store(Lanes<T> lanes, T* to) {
  std::memcpy(to, &lanes, sizeof(lanes));
}

/// Turns a square of as many elements a side as fit into 16 bytes.
void turn_square(const std::uint32_t* x, std::int64_t from, std::uint32_t* y, std::int64_t to) {
  const auto a = load(x), b = load(x + from), c = load(x + 2 * from), d = load(x + 3 * from);
  const auto ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const auto cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store<std::uint32_t>(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), y);
  store<std::uint32_t>(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7), y + to);
  store<std::uint32_t>(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), y + 2 * to);
  store<std::uint32_t>(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7), y + 3 * to);
}
void turn_square(const std::uint64_t* x, std::int64_t from, std::uint64_t* y, std::int64_t to) {
  const auto a = load(x), b = load(x + from);
  store<std::uint64_t>(__builtin_shufflevector(a, b, 0, 2), y);
  store<std::uint64_t>(__builtin_shufflevector(a, b, 1, 3), y + to);
}

/// Turns a tile of `rows` x `columns`, at most a cache line each way, read along the rows and written along
/// the columns.
template <class T, std::int64_t kTile>
void turn_tile(const T* x, std::int64_t from, std::int64_t rows, std::int64_t columns, T* y,
               std::int64_t to) {
  if constexpr (sizeof(T) > 2) {
    if (rows == kTile && columns == kTile) {
      constexpr std::int64_t kSide = 16 / sizeof(T);
      for (std::int64_t i = 0; i < kTile; i += kSide) {
        for (std::int64_t j = 0; j < kTile; j += kSide)
          turn_square(x + j * from + i, from, y + i * to + j, to);
      }
      return;
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) y[i * to + j] = x[j * from + i];
  }
}

/// The last axis of x goes to loop `inner`: tiles over that loop and the last one.
template <class T>
void turn(const T* x, Loops loops, std::size_t inner, T* y) {
  constexpr std::int64_t kTile = 64 / sizeof(T);  // a cache line
  const Loop columns = loops.take(loops.count() - 1);
  const Loop rows = loops.take(inner);
  const std::int64_t strips = (rows.size + kTile - 1) / kTile;
  const auto turn_strip = [&](std::int64_t s) {
    const Loop place = loops.at(s / strips);
    const std::int64_t i = s % strips * kTile;
    const T* from = x + place.from + i;
    T* to = y + place.to + i * rows.to;
    for (std::int64_t j = 0; j < columns.size; j += kTile) {
      // The lines of a tile lie too far apart for the processor to guess the next ones.
      const std::int64_t ahead = std::min(j + 3 * kTile, columns.size);
      for (std::int64_t l = j + 2 * kTile; l < ahead; ++l) __builtin_prefetch(from + l * columns.from);
      turn_tile<T, kTile>(from + j * columns.from, columns.from, std::min(kTile, rows.size - i),
                          std::min(kTile, columns.size - j), to + j, rows.to);
    }
  };
  const std::int64_t strip_bytes = kTile * columns.size * static_cast<std::int64_t>(sizeof(T));
  parallel_for(loops.numel() * strips, std::max<std::int64_t>(1, kBytesAThread / strip_bytes),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t s = first; s < last; ++s) turn_strip(s);
               });
}

}  // namespace

void permute(const void* x, const Shape& from, std::span<const std::int8_t> order, std::size_t element_bytes,
             void* y) {
  if (from.numel() == 0) return;
  const Loops loops(from, order);
  if (loops.count() == 0) {
    std::memcpy(y, x, element_bytes);
    return;
  }
  if (loops.last().from == 1) {
    copy_rows(static_cast<const std::byte*>(x), loops, element_bytes, static_cast<std::byte*>(y));
    return;
  }
  std::size_t inner = 0;
  while (loops[inner].from != 1) ++inner;
  const auto turn_as = [&]<class T>(T) { turn(static_cast<const T*>(x), loops, inner, static_cast<T*>(y)); };
  assert(element_bytes == 1 || element_bytes == 2 || element_bytes == 4 || element_bytes == 8);
  if (element_bytes == 8) return turn_as(std::uint64_t{});
  if (element_bytes == 4) return turn_as(std::uint32_t{});
  if (element_bytes == 2) return turn_as(std::uint16_t{});
  turn_as(std::uint8_t{});
}

}  // namespace chainrule::kernels
