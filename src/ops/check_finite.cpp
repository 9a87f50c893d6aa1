// A guard in the graph: computing fails where a number is not finite.
#include <cmath>
#include <cstring>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "ops/op.h"

namespace chainrule {
namespace {

struct CheckFinite {
  static constexpr bool kChecksValues = true;
  static constexpr OpInfo kInfo{
      .name = "check_finite",
      .doc = "The input as it is; computing it fails if a number is infinite or NaN.",
      .ulp = kExact};
  bool operator==(const CheckFinite&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (!is_floating(in[0].dtype)) throw op_error<DTypeError>(15, "takes f32 or f64.");
    return in[0];
  }
  Gradients vjp(const Vjp& v) const { return {v.cotangent}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      const std::int64_t n = k.output.numel();
      for (std::int64_t i = 0; i < n; ++i) {
        if (std::isfinite(x[i])) continue;
        throw op_error<ValueError>(147, cat("element ", i, " of ", n, " is ",
                                            std::isnan(x[i]) ? "nan"
                                            : x[i] > 0       ? "infinite"
                                                             : "-infinite",
                                            "."));
      }
      if (n > 0) std::memcpy(k.output.data, x, static_cast<std::size_t>(n) * sizeof(T));
    });
  }
  static std::vector<Sample> samples() {
    return {sample(CheckFinite{}, {{{2, 3}}}), sample(CheckFinite{}, {{{}}}), sample(CheckFinite{}, {{{0}}}),
            sample(CheckFinite{}, {{{2}, i64}}, 15)};
  }
};
}  // namespace

CHAINRULE_OP_ROW(CheckFinite)

Tensor check_finite(const Tensor& x, Location where) { return apply<CheckFinite>(CheckFinite{}, {x}, where); }

}  // namespace chainrule
