// Matrices, probabilities, losses, and what has no form, in ONNX.
#include "chainrule/ops.h"
#include "onnx/form.h"

namespace chainrule::onnx {
namespace {

std::string matmul(FormCall& f) {
  const auto side = [&](std::size_t i, std::string_view name) {
    std::string x = f[i].name;
    if (f[i].dtype == DType::u8 || f[i].dtype == DType::boolean) x = f.w.cast(x, DType::i64);
    if (f.integer(name) == 0) return x;
    std::vector<std::int64_t> order;
    const auto ndim = static_cast<std::int64_t>(f[i].shape.size());
    for (std::int64_t axis = 0; axis < ndim - 2; ++axis) order.push_back(axis);
    order.push_back(ndim - 1), order.push_back(ndim - 2);
    return f.w.add("Transpose", {x}, {integers("perm", order)});
  };
  const std::string a = side(0, "trans_a");
  return f.w.add("MatMul", {a, side(1, "trans_b")});
}

std::string softmax(FormCall& f) { return f.w.add("Softmax", f.names(), {integer("axis", -1)}); }

// Axes are counted from the front: counted from the back, ONNX Runtime 1.20 reduces empty tensors wrongly.
std::string log_sum_exp(FormCall& f, const std::string& x) {
  const auto last = static_cast<std::int64_t>(f[0].shape.size()) - 1;
  return f.w.add("ReduceLogSumExp", {x}, {integers("axes", {last}), integer("keepdims", 1)});
}
std::string logsumexp(FormCall& f) { return log_sum_exp(f, f[0].name); }

/// Targets as rows: class numbers become ones among zeros.
std::string rows(FormCall& f) {
  if (f[1].dtype != DType::i64) return f[1].name;
  const std::string classes = f.w.constant(arange(f.fixed({f[0].shape[1]})[0]));
  const std::string numbers = f.w.add("Unsqueeze", {f[1].name, f.w.integers({1})});
  return f.w.cast(f.w.add("Equal", {numbers, classes}), f[0].dtype);
}

std::string row_sum(FormCall& f, const std::string& x, bool keep) {
  return f.w.add("ReduceSum", {x, f.w.integers({1})}, {integer("keepdims", keep ? 1 : 0)});
}

/// sum_j t_j (logsumexp(z) - z_j), without 0 times infinity.
std::string weighted(FormCall& f, const std::string& losses) {
  const std::string t = rows(f), zero = f.w.number(0, f[0].dtype);
  const std::string products =
      f.w.add("Where", {f.w.add("Equal", {t, zero}), zero, f.w.add("Mul", {t, losses})});
  return row_sum(f, products, false);
}

std::string cross_entropy(FormCall& f) {
  return weighted(f, f.w.add("Sub", {log_sum_exp(f, f[0].name), f[0].name}));
}

std::string cross_entropy_grad(FormCall& f) {  // w (softmax(z) sum(t) - t)
  const std::string t = rows(f), p = f.w.add("Softmax", {f[0].name}, {integer("axis", -1)});
  const std::string difference = f.w.add("Sub", {f.w.add("Mul", {p, row_sum(f, t, true)}), t});
  return f.w.add("Mul", {difference, f.w.add("Unsqueeze", {f[2].name, f.w.integers({1})})});
}

std::string nll(FormCall& f) { return weighted(f, f.w.add("Neg", {f[0].name})); }

std::string determinant_log(FormCall& f) {
  return f.w.add("Log", {f.w.add("Abs", {f.w.add("Det", f.names())})});
}
std::string determinant_sign(FormCall& f) { return f.w.add("Sign", {f.w.add("Det", f.names())}); }

constexpr std::string_view kNoOperator = "ONNX has no operator for it, nor any to make it of for all sizes";
constexpr Form kForms[] = {
    {"matmul", "MatMul", matmul},
    {"softmax", "Softmax", softmax},
    {"logsumexp", "ReduceLogSumExp", logsumexp},
    {"softmax_cross_entropy", "", cross_entropy, "ReduceLogSumExp, Equal, ReduceSum"},
    {"softmax_cross_entropy_grad", "", cross_entropy_grad, "Softmax, Equal, ReduceSum"},
    {"nll", "", nll, "Equal, ReduceSum"},
    {"determinant", "Det"},
    {"determinant_log", "", determinant_log, "Log, Abs, Det: out of range where the determinant is"},
    {"determinant_sign", "", determinant_sign, "Sign, Det"},
    {"solve", "", nullptr, kNoOperator},
    {"cofactors", "", nullptr, kNoOperator},
    {"cholesky", "", nullptr, kNoOperator},
    {"orthonormal_columns", "", nullptr, kNoOperator},
    {"singular_values", "", nullptr, kNoOperator},
    {"singular_vectors", "", nullptr, kNoOperator},
    {"singular_gaps", "", nullptr, kNoOperator},
    {"pseudo_inverse", "", nullptr, kNoOperator},
    {"random", "", nullptr,
     "ONNX has no random numbers by a key; those of a constant key are stored as a constant"},
};

}  // namespace

std::span<const Form> other_forms() { return kForms; }

}  // namespace chainrule::onnx
