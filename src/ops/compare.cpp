// Comparisons, and the choice by a condition.
#include <algorithm>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

constexpr std::string_view kComparisonReason =
    "a comparison is constant between its jumps and has no slope at them";

Meta comparison(std::span<const Meta> in) {
  require_same_dtype(in);
  return {DType::boolean, broadcast_shape(in)};
}

template <class F>
void run_comparison(const Kernel& k, F f) {
  with_type(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map_binary<T, bool>(k.inputs[0], k.inputs[1], k.output, f);
  });
}

struct Less {
  static constexpr OpInfo kInfo{
      .name = "less", .arity = 2, .elementwise = true, .doc = "Whether a < b.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kComparisonReason;
  bool operator==(const Less&) const = default;
  Meta infer(std::span<const Meta> in) const { return comparison(in); }
  void run(const Kernel& k) const {
    run_comparison(k, [](auto a, auto b) { return a < b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Compare::less); }
};

struct LessEqual {
  static constexpr OpInfo kInfo{
      .name = "less_equal", .arity = 2, .elementwise = true, .doc = "Whether a <= b.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kComparisonReason;
  bool operator==(const LessEqual&) const = default;
  Meta infer(std::span<const Meta> in) const { return comparison(in); }
  void run(const Kernel& k) const {
    run_comparison(k, [](auto a, auto b) { return a <= b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Compare::less_equal); }
};

struct Equal {
  static constexpr OpInfo kInfo{
      .name = "equal", .arity = 2, .elementwise = true, .doc = "Whether a == b.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kComparisonReason;
  bool operator==(const Equal&) const = default;
  Meta infer(std::span<const Meta> in) const { return comparison(in); }
  void run(const Kernel& k) const {
    run_comparison(k, [](auto a, auto b) { return a == b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Compare::equal); }
};

struct NotEqual {
  static constexpr OpInfo kInfo{.name = "not_equal",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "Whether a != b; true for NaN.",
                                .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kComparisonReason;
  bool operator==(const NotEqual&) const = default;
  Meta infer(std::span<const Meta> in) const { return comparison(in); }
  void run(const Kernel& k) const {
    run_comparison(k, [](auto a, auto b) { return a != b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Compare::not_equal); }
};

struct Where {
  static constexpr OpInfo kInfo{
      .name = "where", .arity = 3, .doc = "a where the condition holds, else b.", .ulp = kExact};
  bool operator==(const Where&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (in[0].dtype != DType::boolean) {
      throw op_error<DTypeError>(15, cat("needs a boolean condition, got ", name_of(in[0].dtype),
                                         ". Make one by comparing, e.g. x > 0."));
    }
    require_same_dtype(in.subspan(1));
    return {in[1].dtype, broadcast_shape(in)};
  }
  Gradients vjp(const Vjp& v) const {
    return {Tensor(), v.needs(1) ? where(v.inputs[0], v.cotangent, 0.0) : Tensor(),
            v.needs(2) ? where(v.inputs[0], 0.0, v.cotangent) : Tensor()};
  }
  void run(const Kernel& k) const {
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::map_where<T>(k.inputs[0], k.inputs[1], k.inputs[2], k.output);
    });
  }
  void run_block(const Block& b) const {
    with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = static_cast<const T*>(b.inputs[1]);
      const T* y = static_cast<const T*>(b.inputs[2]);
      const bool* condition = static_cast<const bool*>(b.inputs[0]);
      T* out = static_cast<T*>(b.output);
      if (!b.is_scalar[0]) {
        kernels::select(condition, x, b.is_scalar[1], y, b.is_scalar[2], out, b.count);
      } else if (b.is_scalar[*condition ? 1 : 2]) {
        std::fill_n(out, b.count, *(*condition ? x : y));
      } else {
        std::copy_n(*condition ? x : y, b.count, out);
      }
    });
  }
  static std::vector<Sample> samples() {
    const auto condition = [](Shape shape) { return SampleInput{shape, DType::boolean, {0, 2}}; };
    return {sample(Where{}, {condition({4, 5}), {{4, 5}}, {{4, 5}}}),
            sample(Where{}, {condition({4, 1}), {{5}}, {{4, 5}}}),
            sample(Where{}, {condition({3}), {{}}, {{3}}}),
            sample(Where{}, {condition({0}), {{0}}, {{0}}}),
            sample(Where{}, {condition({33}), {{33}}, {{}}}),
            sample(Where{}, {{{3}}, {{3}}, {{3}}}, 15),
            sample(Where{}, {condition({3}), {{4}}, {{4}}}, 11)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Less)
CHAINRULE_OP_ROW(LessEqual)
CHAINRULE_OP_ROW(Equal)
CHAINRULE_OP_ROW(NotEqual)
CHAINRULE_OP_ROW(Where)

Tensor operator<(const Operand& a, const Operand& b) { return apply_comparison<Less>(a, b); }
Tensor operator<=(const Operand& a, const Operand& b) { return apply_comparison<LessEqual>(a, b); }
Tensor operator>(const Operand& a, const Operand& b) { return apply_comparison<Less>(b, a); }
Tensor operator>=(const Operand& a, const Operand& b) { return apply_comparison<LessEqual>(b, a); }
Tensor equal(const Operand& a, const Operand& b) { return apply_comparison<Equal>(a, b); }
Tensor not_equal(const Operand& a, const Operand& b) { return apply_comparison<NotEqual>(a, b); }

Tensor where(const Operand& condition, const Operand& a, const Operand& b) {
  const OriginScope scope(condition.where());
  const SameDtype same(a, b, Where::kInfo.name);
  const bool is_boolean = condition.number().kind() == Number::Kind::truth;
  const Tensor number =
      condition.tensor() ? Tensor() : scalar(condition.number(), is_boolean ? boolean : f32);
  return apply(Where{}, {condition.tensor() ? *condition.tensor() : number, same.a(), same.b()},
               condition.where());
}

}  // namespace chainrule
