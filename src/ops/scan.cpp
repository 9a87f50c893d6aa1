// Sums along an axis that keep every step.
#include <algorithm>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Columns that are summed side by side: long enough runs of memory, with totals that stay in the first
/// cache.
constexpr std::int64_t kColumns = 512;

/// Running sums of columns [begin, end) of one (size, inner) block, from the first place on or from the last,
/// with each element or without.
template <class T, class Y>
void sum_columns(const T* x, const AxisBlock& block, CumsumOptions options, std::int64_t begin,
                 std::int64_t end, Y* y) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;  // wraps
  const std::int64_t step = options.reverse ? -block.inner : block.inner;
  const std::int64_t first = options.reverse ? (block.size - 1) * block.inner : 0;
  const auto advance = [exclusive = options.exclusive](Wide& total, T element, Y& sum) {
    const Wide before = total;
    total += static_cast<Wide>(element);
    sum = static_cast<Y>(exclusive ? before : total);
  };
  if (end - begin == 1) {  // the total in a register
    Wide total = 0;
    for (std::int64_t s = 0, at = first + begin; s < block.size; ++s, at += step)
      advance(total, x[at], y[at]);
    return;
  }
  Wide totals[kColumns];
  std::fill_n(totals, end - begin, Wide(0));
  for (std::int64_t s = 0, row = first; s < block.size; ++s, row += step) {
    for (std::int64_t j = begin; j < end; ++j) advance(totals[j - begin], x[row + j], y[row + j]);
  }
}

struct Cumsum {
  int axis = 0;
  bool reverse = false, exclusive = false;

  static constexpr OpInfo kInfo{
      .name = "cumsum",
      .doc = "Sums along an axis up to each element, or from it on in reverse, with it or without."};
  bool operator==(const Cumsum&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("reverse", reverse), visit("exclusive", exclusive);
  }
  Meta infer(std::span<const Meta> in) const {
    return {is_floating(in[0].dtype) ? in[0].dtype : DType::i64, in[0].shape};
  }
  // y_i = sum over j <= i of x_j, so that x_j is in every y_i with i >= j; the same with <.
  Gradients vjp(const Vjp& v) const {
    return {apply(Cumsum{axis, !reverse, exclusive}, {v.cotangent}, Location::current())};
  }
  void run(const Kernel& k) const {
    run_split(k, [](std::int64_t count, auto body) { body(0, count); });
  }
  void run_fast(const Kernel& k) const {
    const AxisBlock block = block_around(k.output.shape, axis);
    const std::int64_t work = std::max<std::int64_t>(1, block.size * std::min(kColumns, block.inner));
    run_split(k, [work](std::int64_t count, auto body) {
      parallel_for(count, std::max<std::int64_t>(1, 16384 / work), body);
    });
  }
  /// Sums run along whole columns, whoever shares them out: the bits are the same.
  template <class Split>
  void run_split(const Kernel& k, Split split) const {
    const AxisBlock block = block_around(k.output.shape, axis);
    if (k.output.numel() == 0) return;
    const std::int64_t stretches = (block.inner + kColumns - 1) / kColumns;
    with_type(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      using Y = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
      const T* x = k.inputs[0].as<T>();
      Y* y = k.output.as<Y>();
      split(block.outer * stretches, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t offset = i / stretches * block.size * block.inner;
          const std::int64_t column = i % stretches * kColumns;
          sum_columns(x + offset, block, {reverse, exclusive}, column,
                      std::min(column + kColumns, block.inner), y + offset);
        }
      });
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Cumsum{0, false}, {{{7}}}),
            sample(Cumsum{0, true}, {{{7}}}),
            sample(Cumsum{0, false, true}, {{{7}}}),
            sample(Cumsum{0, true, true}, {{{7}}}),
            sample(Cumsum{1, false}, {{{3, 5}}}),
            sample(Cumsum{0, true, true}, {{{5, 3}}}),
            sample(Cumsum{1, false, true}, {{{2, 3, 4}}}),
            sample(Cumsum{0, false, true}, {{{9}, DType::u8, {0, 255}}}),
            sample(Cumsum{0, true}, {{{3, 513}}}),
            sample(Cumsum{1, false}, {{{2, 3, 4}}}),
            sample(Cumsum{1, false}, {{{3, 0}}}),
            sample(Cumsum{0, false}, {{{9}, DType::boolean, {0, 2}}}),
            sample(Cumsum{0, false}, {{{9}, DType::i64, {-9, 9}}})};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Cumsum)

Tensor cumsum(const Tensor& x, int axis, CumsumOptions options, Location where) {
  const OpScope scope("cumsum", where);
  return apply(Cumsum{checked_axis(axis, x.ndim()), options.reverse, options.exclusive}, {x}, where);
}

}  // namespace chainrule
