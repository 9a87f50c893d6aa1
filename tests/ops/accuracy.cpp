#include "ops/accuracy.h"

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "chainrule/ops.h"
#include "ops/op.h"
#include "unit/kernel_test.h"

namespace chainrule::testing {
namespace {

using kernels::Wide;

template <class W>
using Exact = W (*)(W a, W b);

template <class W>
W exact_softplus(W x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

template <class W>
W exact_sigmoid(W x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

/// By the largest whole number not above a / b.
template <class W>
W exact_remainder(W a, W b) {
  const W left = std::fmod(a, b);
  return left == 0 || (left < 0) == (b < 0) ? left : left + b;
}

template <class W>
W exact_floor_divide(W a, W b) {
  if (b == 0) return a / b;
  const W left = std::fmod(a, b);
  return std::nearbyint((a - left) / b) - (left != 0 && (left < 0) != (b < 0) ? 1 : 0);
}

template <class W>
W exact_hard_sigmoid(W scaled) {
  const W y = scaled + W(0.5);
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

/// The functions in a type with room to spare.
template <class W>
const std::map<std::string_view, Exact<W>>& exact_functions() {
#define CHAINRULE_STD(name)                         \
  {                                                 \
#name, [](W a, W) -> W { return std::name(a); } \
  }
#define CHAINRULE_OF(name, formula)                              \
  {                                                              \
    name, [](W a, [[maybe_unused]] W b) -> W { return formula; } \
  }
  static const std::map<std::string_view, Exact<W>> kMap{
      CHAINRULE_STD(exp),
      CHAINRULE_STD(expm1),
      CHAINRULE_STD(log),
      CHAINRULE_STD(log1p),
      CHAINRULE_STD(sqrt),
      CHAINRULE_STD(abs),
      CHAINRULE_STD(floor),
      CHAINRULE_STD(ceil),
      CHAINRULE_STD(sin),
      CHAINRULE_STD(cos),
      CHAINRULE_STD(tan),
      CHAINRULE_STD(asin),
      CHAINRULE_STD(acos),
      CHAINRULE_STD(atan),
      CHAINRULE_STD(sinh),
      CHAINRULE_STD(cosh),
      CHAINRULE_STD(tanh),
      CHAINRULE_STD(asinh),
      CHAINRULE_STD(acosh),
      CHAINRULE_STD(atanh),
      CHAINRULE_STD(erf),
      CHAINRULE_OF("round", std::nearbyint(a)),
      CHAINRULE_OF("neg", -a),
      CHAINRULE_OF("sign", a > 0    ? 1
                           : a < 0  ? -1
                           : a == 0 ? 0
                                    : a),
      CHAINRULE_OF("square", a * a),
      CHAINRULE_OF("reciprocal", 1 / a),
      CHAINRULE_OF("rsqrt", 1 / std::sqrt(a)),
      CHAINRULE_OF("sigmoid", exact_sigmoid(a)),
      CHAINRULE_OF("softplus", exact_softplus(a)),
      CHAINRULE_OF("log_sigmoid", -exact_softplus(-a)),
      CHAINRULE_OF("relu", a <= 0 ? 0 : a),
      CHAINRULE_OF("leaky_relu", a <= 0 ? a / 100 : a),
      CHAINRULE_OF("elu", a > 0 ? a : std::expm1(a)),
      CHAINRULE_OF("selu", W(1.0507009873554805) * (a > 0 ? a : W(1.6732632423543772) * std::expm1(a))),
      CHAINRULE_OF("gelu", a == -kernels::kInfinity<W> ? W(-0.0) : a / 2 * std::erfc(-a / std::sqrt(W(2)))),
      CHAINRULE_OF("hard_sigmoid", exact_hard_sigmoid(a / 5)),
      CHAINRULE_OF("hard_swish", a <= -3 ? W(0) : a * exact_hard_sigmoid(a / 6)),
      CHAINRULE_OF("silu", a == -kernels::kInfinity<W> ? W(-0.0) : a * exact_sigmoid(a)),
      CHAINRULE_OF("softsign", std::isinf(a) ? std::copysign(W(1), a) : a / (1 + std::abs(a))),
      CHAINRULE_OF("mish", a == -kernels::kInfinity<W> ? W(-0.0) : a * std::tanh(exact_softplus(a))),
      CHAINRULE_OF("add", a + b),
      CHAINRULE_OF("sub", a - b),
      CHAINRULE_OF("mul", a * b),
      CHAINRULE_OF("div", a / b),
      CHAINRULE_OF("pow", std::pow(a, b)),
      CHAINRULE_OF("fmod", std::fmod(a, b)),
      CHAINRULE_OF("remainder", exact_remainder(a, b)),
      CHAINRULE_OF("floor_divide", exact_floor_divide(a, b)),
      CHAINRULE_OF("atan2", std::atan2(a, b)),
      CHAINRULE_OF("maximum", a > b || std::isnan(a) ? a : b),
      CHAINRULE_OF("minimum", a < b || std::isnan(a) ? a : b),
  };
#undef CHAINRULE_STD
#undef CHAINRULE_OF
  return kMap;
}

/// As kernels::ulp_error, but a number rounded across the border to infinity is off by what it is off, and
/// the sign of a zero is not looked at.
template <class T>
double ulp_error(T y, Wide<T> exact) {
  const Wide<T> border = std::ldexp(Wide<T>(1), std::numeric_limits<T>::max_exponent);
  const T rounded = static_cast<T>(exact);
  if (rounded == 0 && y == 0)
    return static_cast<double>(std::abs(exact) / std::numeric_limits<T>::denorm_min());
  if (std::isinf(y) != std::isinf(rounded) && std::abs(exact) < 2 * border && (y > 0) == (exact > 0)) {
    const Wide<T> near = std::isinf(y) ? std::copysign(border, exact) : static_cast<Wide<T>>(y);
    return static_cast<double>(std::abs(near - exact) / std::ldexp(border, -std::numeric_limits<T>::digits));
  }
  return kernels::ulp_error(y, exact);
}

/// The error in units of the larger of argument and result.
template <class T>
double error_of_larger(T y, Wide<T> exact, T x) {
  if (!std::isfinite(y) || !std::isfinite(exact) || !std::isfinite(x)) return ulp_error(y, exact);
  const T larger = std::max(std::abs(x), std::abs(static_cast<T>(exact)));
  const T unit = larger - std::nextafter(larger, T(0));
  return unit == 0 ? 0 : static_cast<double>(std::abs(y - exact) / unit);
}

template <class T>
void measure_block(const Measured& f, Kernels kernels, const std::vector<T>& a, const std::vector<T>& b,
                   Worst& worst) {
  const Shape shape({static_cast<std::int64_t>(a.size())});
  const Mode before = mode();
  set_mode(kernels == Kernels::reference ? Mode::eager : Mode::lazy);
  const Tensor result = f(from_data(a, shape), f.arity == 2 ? from_data(b, shape) : Tensor());
  const std::span<const T> y = result.data<T>();
  set_mode(before);
  const Exact<Wide<T>> exact = exact_functions<Wide<T>>().at(f.name);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide<T> right = exact(a[i], f.arity == 2 ? b[i] : T(0));
    const double error = f.cancels ? error_of_larger<T>(y[i], right, a[i]) : ulp_error<T>(y[i], right);
    if (error > worst.ulp) worst = {error, a[i], f.arity == 2 ? b[i] : T(0), y[i]};
  }
}

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Half of them of every magnitude, half where functions bend.
template <class T>
T random_number(std::mt19937_64& random) {
  const std::uint64_t bits = random();
  if (bits % 2 == 0) {
    const T any = std::bit_cast<T>(static_cast<BitsOf<T>>(random()));
    return std::isnan(any) ? kernels::kNaN<T> : any;  // signalling ones have rules of their own
  }
  const double fraction = static_cast<double>(static_cast<std::int64_t>(random())) * 0x1p-63;
  if (bits % 4 == 1) return static_cast<T>(std::ldexp(fraction, static_cast<int>(bits / 4 % 12)));
  const double sign = bits % 8 == 3 ? 1 : -1;
  return static_cast<T>(sign * (1 + std::ldexp(fraction, -static_cast<int>(bits / 8 % 50))));
}

template <class T>
Worst measure_random(const Measured& f, Kernels kernels, std::size_t count) {
  constexpr std::size_t kBlock = 1 << 16;
  std::mt19937_64 random(7);
  Worst worst;
  for (std::size_t done = 0; done < count; done += kBlock) {
    std::vector<T> a(std::min(kBlock, count - done));
    std::vector<T> b(f.arity == 2 ? a.size() : 0);
    for (T& value : a) value = random_number<T>(random);
    for (T& value : b) value = random_number<T>(random);
    measure_block(f, kernels, a, b, worst);
  }
  return worst;
}

}  // namespace

Tensor Measured::operator()(const Tensor& a, const Tensor& b) const {
  if (call) return call(a);
  const Tensor inputs[] = {a, b};
  return apply_row(*row, nullptr, std::span(inputs, static_cast<std::size_t>(arity)), Location::current());
}

std::ostream& operator<<(std::ostream& out, const Measured& f) { return out << f.name; }

std::ostream& operator<<(std::ostream& out, const Worst& worst) {
  return out << worst.ulp << " ULP at (" << worst.a << ", " << worst.b << "), where it is " << worst.y;
}

std::vector<Measured> measured_functions() {
  std::vector<Measured> all;
  for (const OpRow* row : op_table()) {
    const Meta in[] = {{DType::f32, {}}, {DType::f32, {}}};
    const OpInfo& info = row->info;
    if (!info.elementwise) continue;
    if (!is_floating(row->infer(nullptr, std::span(in, static_cast<std::size_t>(info.arity))).dtype))
      continue;
    all.push_back({info.name, info.arity, info.ulp, row});
  }
  for (const ElementwiseFunction& f : elementwise_functions()) {
    all.push_back({f.name, 1, f.ulp, nullptr, f.call, !f.cancels.empty()});
  }
  return all;
}

Worst measure_f32(const Measured& f, Kernels kernels, std::uint64_t stride) {
  if (f.arity == 2) return measure_random<float>(f, kernels, (std::size_t{1} << 32) / stride);
  constexpr std::size_t kBlock = 1 << 16;
  Worst worst;
  std::vector<float> a;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += stride) {
    a.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    if (a.size() == kBlock || bits + stride >= (std::uint64_t{1} << 32)) {
      measure_block(f, kernels, a, {}, worst);
      a.clear();
    }
  }
  return worst;
}

Worst measure_f64(const Measured& f, Kernels kernels, std::size_t count) {
  return measure_random<double>(f, kernels, count);
}

}  // namespace chainrule::testing
