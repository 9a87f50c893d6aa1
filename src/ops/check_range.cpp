// A guard in the graph: computing fails where a number is outside of a range.
#include <cstring>

#include "chainrule/array.h"
#include "core/text.h"
#include "ops/internal.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// What rounding may add to a probability.
constexpr double kSlack = 1e-5;

struct CheckRange {
  double low = 0, high = 1;
  Bounded what = Bounded::target;

  static constexpr bool kChecksValues = true;
  static constexpr OpInfo kInfo{
      .name = "check_range",
      .doc = "The input as it is; computing it fails if a number is outside of a range, or NaN.",
      .ulp = kExact};
  bool operator==(const CheckRange&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("low", low), visit("high", high), visit("what", static_cast<int>(what));
  }
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent}; }
  void run(const Kernel& k) const {
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      const std::int64_t n = k.output.numel();
      for (std::int64_t i = 0; i < n; ++i) {
        const double value = static_cast<double>(x[i]);
        const bool has_side = what != Bounded::sign || value != 0;
        if (value >= low - kSlack && value <= high + kSlack && has_side) continue;
        if (what == Bounded::length)
          throw op_error<ValueError>(635, cat("length ", value, " of sequence ", i, " is below 0."));
        if (what == Bounded::weight)
          throw op_error<ValueError>(
              635, cat("the weight of class ", i, " is ", value, "; it must be at least 0."));
        if (value == 0 && !has_side)
          throw op_error<ValueError>(
              635, cat("target 0, element ", i, " of ", n, ", is of no side; need -1 or 1."));
        const std::string_view name = what == Bounded::index ? "number" : "target";
        throw op_error<ValueError>(
            635, cat(name, " ", value, ", element ", i, " of ", n, ", is not from ", low, " to ", high, "."));
      }
      if (n > 0) std::memcpy(k.output.data, x, static_cast<std::size_t>(n) * sizeof(T));
    });
  }
  static std::vector<Sample> samples() {
    const SampleInput probs{{2, 3}, DType::f64, {0.1, 0.9}};
    return {sample(CheckRange{}, {probs}), sample(CheckRange{}, {{{}, DType::f64, {0.1, 0.9}}}),
            sample(CheckRange{}, {{{0}}}),
            sample(CheckRange{.high = 9, .what = Bounded::length}, {{{4}, DType::i64, {0, 9}}})};
  }
};

}  // namespace

CHAINRULE_OP_ROW(CheckRange)

Tensor check_range(const Tensor& x, double low, double high, Bounded what) {
  return apply(CheckRange{low, high, what}, {x}, Location::current());
}

}  // namespace chainrule
