// Operations on numbers, one by one, in ONNX.
#include <array>
#include <limits>
#include <numbers>

#include "chainrule/dtype.h"
#include "onnx/form.h"

namespace chainrule::onnx {
namespace {

using Names = std::vector<std::string>;

/// Bytes wrap around: they are computed as i64 and brought back. ONNX has few operators for uint8.
std::string wrapping(FormCall& f, std::string_view type) {
  if (f.dtype() != DType::u8) return f.w.add(type, f.names());
  Names wide;
  for (const std::string& name : f.names()) wide.push_back(f.w.cast(name, DType::i64));
  const std::string y = f.w.add("Mod", {f.w.add(type, wide), f.w.number(256, DType::i64)});
  return f.w.cast(y, DType::u8);
}
std::string neg(FormCall& f) { return wrapping(f, "Neg"); }
std::string add(FormCall& f) { return wrapping(f, "Add"); }
std::string sub(FormCall& f) { return wrapping(f, "Sub"); }
std::string mul(FormCall& f) { return wrapping(f, "Mul"); }

/// Of dtypes for which runtimes have no operator, as i64.
std::string widened(FormCall& f, std::string_view type) {
  const bool is_narrow = f[0].dtype == DType::u8 || f[0].dtype == DType::boolean;
  if (!is_narrow) return f.w.add(type, f.names());
  Names wide;
  for (const std::string& name : f.names()) wide.push_back(f.w.cast(name, DType::i64));
  const std::string y = f.w.add(type, wide);
  return f.dtype() == f[0].dtype && f.dtype() == DType::u8 ? f.w.cast(y, DType::u8) : y;
}
std::string maximum(FormCall& f) { return widened(f, "Max"); }
std::string minimum(FormCall& f) { return widened(f, "Min"); }
std::string less(FormCall& f) { return widened(f, "Less"); }
std::string less_equal(FormCall& f) { return widened(f, "LessOrEqual"); }
std::string equal(FormCall& f) { return widened(f, "Equal"); }
std::string not_equal(FormCall& f) { return f.w.add("Not", {widened(f, "Equal")}); }

std::string where(FormCall& f) {
  if (f.dtype() != DType::boolean) return f.w.add("Where", f.names());
  const std::string y =
      f.w.add("Where", {f[0].name, f.w.cast(f[1].name, DType::u8), f.w.cast(f[2].name, DType::u8)});
  return f.w.cast(y, DType::boolean);
}

std::string cast(FormCall& f) {
  std::string x = f[0].name;
  const DType from = f[0].dtype;
  if (f.dtype() == DType::u8 && from != DType::u8 && from != DType::boolean)
    x = f.w.add("Clip", {x, f.w.number(0, from), f.w.number(255, from)});
  return f.w.cast(x, f.dtype());
}

std::string expm1(FormCall& f) {  // tanh(x / 2) (exp(x) + 1)
  const std::string half = f.w.add("Tanh", {f.w.add("Mul", {f[0].name, f.w.number(0.5, f.dtype())})});
  return f.w.add("Mul", {half, f.w.add("Add", {f.w.add("Exp", {f[0].name}), f.w.number(1, f.dtype())})});
}

std::string log1p(FormCall& f) {  // 2 atanh(x / (2 + x)) for small x
  const std::string &x = f[0].name, one = f.w.number(1, f.dtype());
  const std::string far = f.w.add("Log", {f.w.add("Add", {x, one})});
  const std::string ratio = f.w.add("Div", {x, f.w.add("Add", {x, f.w.number(2, f.dtype())})});
  const std::string near = f.w.add("Mul", {f.w.add("Atanh", {ratio}), f.w.number(2, f.dtype())});
  return f.w.add("Where", {f.w.add("Less", {x, one}), near, far});
}

std::string sigmoid_grad(FormCall& f) {  // c y (1 - y)
  const std::string rest = f.w.add("Sub", {f.w.number(1, f.dtype()), f[1].name});
  return f.w.add("Mul", {f.w.add("Mul", {f[0].name, f[1].name}), rest});
}

std::string atan2(FormCall& f) {
  const auto number = [&](double x) { return f.w.number(x, f.dtype()); };
  const std::string &a = f[0].name, &b = f[1].name, zero = number(0);
  const std::string up = f.w.add("Less", {a, zero}), left = f.w.add("Less", {b, zero});
  const std::string turn = f.w.add("Where", {up, number(-std::numbers::pi), number(std::numbers::pi)});
  const std::string quotient = f.w.add("Atan", {f.w.add("Div", {a, b})});
  const std::string turned = f.w.add("Where", {left, f.w.add("Add", {quotient, turn}), quotient});
  const std::string right_angle = f.w.add("Mul", {f.w.add("Sign", {a}), number(std::numbers::pi / 2)});
  return f.w.add("Where", {f.w.add("Equal", {b, zero}), right_angle, turned});
}

/// Whole numbers divided by 0 give 0.
std::string guarded(FormCall& f, std::string_view type, std::vector<Attribute> attributes, const Names& in) {
  const std::string zero = f.w.number(0, DType::i64);
  const std::string is_zero = f.w.add("Equal", {in[1], zero});
  const std::string safe = f.w.add("Where", {is_zero, f.w.number(1, DType::i64), in[1]});
  return f.w.add("Where", {is_zero, zero, f.w.add(type, {in[0], safe}, std::move(attributes))});
}

Names as_i64(FormCall& f) {
  if (f.dtype() == DType::i64) return f.names();
  return {f.w.cast(f[0].name, DType::i64), f.w.cast(f[1].name, DType::i64)};
}
std::string back(FormCall& f, const std::string& y) {
  return f.dtype() == DType::i64 ? y : f.w.cast(y, f.dtype());
}

std::string fmod(FormCall& f) {
  if (is_floating(f.dtype())) return f.w.add("Mod", f.names(), {integer("fmod", 1)});
  return back(f, guarded(f, "Mod", {integer("fmod", 1)}, as_i64(f)));
}

std::string remainder(FormCall& f) {
  if (!is_floating(f.dtype())) return back(f, guarded(f, "Mod", {}, as_i64(f)));
  const std::string zero = f.w.number(0, f.dtype()), rest = f.w.add("Mod", f.names(), {integer("fmod", 1)});
  const std::string differ =
      f.w.add("Less", {f.w.add("Mul", {f.w.add("Sign", {rest}), f.w.add("Sign", {f[1].name})}), zero});
  return f.w.add("Where", {differ, f.w.add("Add", {rest, f[1].name}), rest});
}

std::string floor_divide(FormCall& f) {
  if (is_floating(f.dtype())) return f.w.add("Floor", {f.w.add("Div", f.names())});
  const Names in = as_i64(f);
  const std::string rest = guarded(f, "Mod", {}, in);
  return back(f, guarded(f, "Div", {}, {f.w.add("Sub", {in[0], rest}), in[1]}));
}

// Their inputs are a, the number s, b.
std::string descend(FormCall& f) {
  return f.w.add("Sub", {f[0].name, f.w.add("Mul", {f[1].name, f[2].name})});
}
std::string approach(FormCall& f) {
  const std::string way = f.w.add("Sub", {f[0].name, f[2].name});
  return f.w.add("Sub", {f[0].name, f.w.add("Mul", {f[1].name, way})});
}
std::string approach_square(FormCall& f) {
  const std::string way = f.w.add("Sub", {f[0].name, f.w.add("Mul", {f[2].name, f[2].name})});
  return f.w.add("Sub", {f[0].name, f.w.add("Mul", {f[1].name, way})});
}
std::string over_root(FormCall& f) {
  return f.w.add("Div", {f[0].name, f.w.add("Add", {f.w.add("Sqrt", {f[2].name}), f[1].name})});
}

constexpr Form kForms[] = {
    {"neg", "Neg", neg},
    {"abs", "Abs"},
    {"sign", "Sign"},
    {"floor", "Floor"},
    {"ceil", "Ceil"},
    {"round", "Round"},
    {"cast", "Cast", cast},
    {"exp", "Exp"},
    {"expm1", "", expm1, "Tanh, Exp: tanh(x / 2) (exp(x) + 1)"},
    {"log", "Log"},
    {"log1p", "", log1p, "Log, Atanh, Where: 2 atanh(x / (2 + x)) below 1"},
    {"sqrt", "Sqrt"},
    {"tanh", "Tanh"},
    {"sigmoid", "Sigmoid"},
    {"sigmoid_grad", "", sigmoid_grad, "Mul, Sub"},
    {"erf", "Erf"},
    {"sin", "Sin"},
    {"cos", "Cos"},
    {"asinh", "Asinh"},
    {"sinh", "Sinh"},
    {"cosh", "Cosh"},
    {"atanh", "Atanh"},
    {"atan2", "", atan2, "Atan, Where"},
    {"add", "Add", add},
    {"sub", "Sub", sub},
    {"mul", "Mul", mul},
    {"div", "Div"},
    {"pow", "Pow"},
    {"maximum", "Max", maximum},
    {"minimum", "Min", minimum},
    {"fmod", "Mod", fmod},
    {"remainder", "", remainder, "Mod, Where"},
    {"floor_divide", "", floor_divide, "Div, Floor; Mod of whole numbers"},
    {"descend", "", descend, "Sub, Mul"},
    {"approach", "", approach, "Sub, Mul"},
    {"approach_square", "", approach_square, "Sub, Mul"},
    {"over_root", "", over_root, "Div, Sqrt, Add"},
    {"less", "Less", less},
    {"less_equal", "LessOrEqual", less_equal},
    {"equal", "Equal", equal},
    {"not_equal", "", not_equal, "Not, Equal"},
    {"where", "Where", where},
    {"check_finite", "Identity", nullptr, "without the check"},
    {"check_range", "Identity", nullptr, "without the check"},
};

}  // namespace

std::span<const Form> number_forms() { return kForms; }

}  // namespace chainrule::onnx
