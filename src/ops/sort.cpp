// The order of elements along an axis. Sorting itself is taking in that order: it then has its derivatives.
#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <numeric>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/interruption.h"
#include "core/thread_pool.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// a before b, where NaN is the largest number.
template <class T>
bool before(T a, T b) {
  return a < b || (b != b && a == a);
}

/// A number of the same size whose order as an unsigned number is that of x; -0 is 0, every NaN the largest.
template <class T>
auto sort_key(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    using U = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr U kSign = U{1} << (8 * sizeof(T) - 1);
    if (x != x) return std::numeric_limits<U>::max();
    const U bits = std::bit_cast<U>(x == 0 ? T(0) : x);
    return (bits & kSign) ? static_cast<U>(~bits) : static_cast<U>(bits | kSign);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return static_cast<std::uint64_t>(x) ^ (std::uint64_t{1} << 63);
  } else {
    return static_cast<std::uint8_t>(x);
  }
}

/// An element's key and where it stood. No two are equal, so that any sort is a stable one.
template <class Key>
struct Keyed {
  Key key;
  std::int64_t place;
  Keyed() = default;
  Keyed(Key k, std::int64_t p) : key(k), place(p) {}
  std::int64_t where() const { return place; }
  bool operator<(const Keyed& other) const {
    return key != other.key ? key < other.key : place < other.place;
  }
};

/// The same in one word, for keys of 32 bits or less and places below 2^32: sorts in half the time.
struct Packed {
  std::uint64_t word;
  Packed() = default;
  Packed(std::uint64_t key, std::int64_t place) : word(key << 32 | static_cast<std::uint64_t>(place)) {}
  std::int64_t where() const { return static_cast<std::int64_t>(word & 0xffffffffu); }
  bool operator<(const Packed& other) const { return word < other.word; }
};

/// The order of items, which asks now and then, in a row of millions, whether to go on.
struct Asking {
  std::uint32_t* count;
  template <class Item>
  bool operator()(const Item& a, const Item& b) const {
    if ((++*count & 0xfffff) == 0) ask_interruption();
    return a < b;
  }
};

struct Argsort {
  int axis = 0;
  std::int64_t count = 0;
  bool descending = false;

  static constexpr OpInfo kInfo{.name = "argsort",
                                .doc = "Places of the first `count` elements in sorted order along an axis.",
                                .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable =
      "a place is a whole number: it jumps and has no slope";
  bool operator==(const Argsort&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("count", count), visit("descending", descending);
  }
  Meta infer(std::span<const Meta> in) const { return {DType::i64, with_size(in[0].shape, axis, count)}; }
  void run(const Kernel& k) const {
    const AxisBlock block = block_around(k.inputs[0].shape, axis);
    std::vector<std::int64_t> order(static_cast<std::size_t>(block.size));
    with_type(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      for (std::int64_t i = 0; i < block.outer * block.inner; ++i) {
        const std::int64_t outer = i / block.inner, inner = i % block.inner;
        const T* x = k.inputs[0].as<T>() + outer * block.size * block.inner + inner;
        const auto at = [&](std::int64_t place) { return x[place * block.inner]; };
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
          return descending ? before(at(b), at(a)) : before(at(a), at(b));
        });
        std::int64_t* y = k.output.as<std::int64_t>() + outer * count * block.inner + inner;
        for (std::int64_t j = 0; j < count; ++j) y[j * block.inner] = order[static_cast<std::size_t>(j)];
      }
    });
  }
  void run_fast(const Kernel& k) const {
    const bool few = k.inputs[0].shape[axis] < (std::int64_t{1} << 32);
    with_type(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      using Key = decltype(sort_key(T()));
      if (sizeof(Key) <= 4 && few) return sort_rows<T, Packed>(k);
      sort_rows<T, Keyed<Key>>(k);
    });
  }
  template <class T, class Item>
  void sort_rows(const Kernel& k) const {
    const AxisBlock block = block_around(k.inputs[0].shape, axis);
    const std::int64_t grain = 2048 / std::max<std::int64_t>(1, block.size) + 1;
    parallel_for(block.outer * block.inner, grain, [&](std::int64_t begin, std::int64_t end) {
      std::vector<Item> items(static_cast<std::size_t>(block.size));
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t outer = i / block.inner, inner = i % block.inner;
        sort_row(k.inputs[0].as<T>() + outer * block.size * block.inner + inner, block.inner, items,
                 k.output.as<std::int64_t>() + outer * count * block.inner + inner);
      }
    });
  }
  template <class T, class Item>
  void sort_row(const T* x, std::int64_t stride, std::vector<Item>& items, std::int64_t* y) const {
    using Key = decltype(sort_key(T()));
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto place = static_cast<std::int64_t>(i);
      const Key key = sort_key(x[place * stride]);
      items[i] = Item(descending ? static_cast<Key>(~key) : key, place);
    }
    constexpr std::size_t kLong = std::size_t{1} << 20;
    if (interruption != nullptr && items.size() > kLong) {
      std::uint32_t compared = 0;
      sort_items(items, Asking{&compared});
    } else {
      sort_items(items, std::less<>());
    }
    for (std::int64_t j = 0; j < count; ++j) y[j * stride] = items[static_cast<std::size_t>(j)].where();
  }
  template <class Item, class Before>
  void sort_items(std::vector<Item>& items, Before before_other) const {
    if (count < static_cast<std::int64_t>(items.size())) {
      std::partial_sort(items.begin(), items.begin() + count, items.end(), before_other);
    } else {
      std::sort(items.begin(), items.end(), before_other);
    }
  }
  static std::vector<Sample> samples() {
    const auto whole = [](Shape shape, std::int64_t below) {
      return SampleInput{shape, DType::i64, {static_cast<double>(-below), static_cast<double>(below)}};
    };
    return {sample(Argsort{0, 7, false}, {{{7}}}),
            sample(Argsort{0, 7, true}, {{{7}}}),
            sample(Argsort{1, 10, false}, {{{4, 10}}}),
            sample(Argsort{0, 3, true}, {{{4, 10}}}),
            sample(Argsort{1, 2, false}, {{{2, 3, 4}}}),
            sample(Argsort{0, 0, false}, {{{3}}}),
            sample(Argsort{1, 0, false}, {{{3, 0}}}),
            sample(Argsort{0, 300, false}, {whole({300}, 5)}),
            sample(Argsort{0, 9, true}, {whole({300}, 5)}),
            sample(Argsort{0, 50, true}, {{{50}, DType::u8, {0, 9}}}),
            sample(Argsort{0, 50, false}, {{{50}, DType::boolean, {0, 2}}})};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Argsort)

Tensor argsort(const Tensor& x, int axis, bool descending, Location where) {
  const OpScope scope("argsort", where);
  const int along = checked_axis(axis, x.ndim());
  return apply(Argsort{along, x.shape()[along], descending}, {x}, where);
}

Tensor sort(const Tensor& x, int axis, bool descending, Location where) {
  const OpScope scope("sort", where);
  return take_along_axis(x, argsort(x, axis, descending), axis);
}

TopK topk(const Tensor& x, std::int64_t count, int axis, bool largest, Location where) {
  const OpScope scope("topk", where);
  const int along = checked_axis(axis, x.ndim());
  if (count < 0 || count > x.shape()[along]) {
    throw op_error<ValueError>(
        110, cat("the first ", count, " of ", x.shape()[along], " elements along axis ", along, "."));
  }
  const Tensor places = apply(Argsort{along, count, largest}, {x}, where);
  return {take_along_axis(x, places, along), places};
}

std::vector<ComposedFunction> sort_functions() {
  using In = std::span<const Tensor>;
  const SampleInput distinct{{3, 4}, DType::f64, {-40, 40}};
  return {
      {"sort",
       "take_along_axis(x, argsort(x)).",
       {{"sort(x, 1, true)", [](In in) { return sort(in[0], 1, true); }, {distinct}}}},
      {"topk",
       "The first of the sorted elements.",
       {{"topk(x, 2).values", [](In in) { return topk(in[0], 2).values; }, {distinct}}}},
  };
}

}  // namespace chainrule
