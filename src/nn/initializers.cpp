// How first values are drawn. All in f64, rounded to the parameter's dtype afterwards.
#include <algorithm>
#include <cmath>

#include "chainrule/linalg.h"
#include "chainrule/nn/initializer.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace nn {
namespace {

/// Normal, or uniform, with that deviation.
Tensor draw(const Shape& shape, const RandomKey& key, double deviation, bool is_uniform) {
  const double bound = std::sqrt(3.0) * deviation;
  return is_uniform ? uniform(shape, key, -bound, bound, f64) : normal(shape, key, 0, deviation, f64);
}

/// At least one, so that a layer without inputs has numbers.
double positive(std::int64_t fan) { return static_cast<double>(std::max<std::int64_t>(fan, 1)); }

void scaled_fields(Fields& f, double& gain, bool& uniform) {
  f("gain", gain, "factor of the deviation", at_least(0));
  f("uniform", uniform, "uniform instead of normal, with the same deviation");
}

}  // namespace

Tensor Zeros::make(const Shape& shape, Fans, const RandomKey&) const { return zeros(shape, f64); }

void Constant::fields(Fields& f) { f("value", value, "the number"); }
Tensor Constant::make(const Shape& shape, Fans, const RandomKey&) const { return full(shape, value, f64); }

void Normal::fields(Fields& f) { f("deviation", deviation, "standard deviation", at_least(0)); }
Tensor Normal::make(const Shape& shape, Fans, const RandomKey& key) const {
  return draw(shape, key, deviation, false);
}

void Uniform::fields(Fields& f) {
  f("low", low, "the smallest number");
  f("high", high, "the number that all are below");
}
Tensor Uniform::make(const Shape& shape, Fans, const RandomKey& key) const {
  return chainrule::uniform(shape, key, low, high, f64);
}

void Xavier::fields(Fields& f) { scaled_fields(f, gain, uniform); }
Tensor Xavier::make(const Shape& shape, Fans fans, const RandomKey& key) const {
  return draw(shape, key, gain * std::sqrt(2 / positive(fans.in + fans.out)), uniform);
}

void He::fields(Fields& f) { scaled_fields(f, gain, uniform); }
Tensor He::make(const Shape& shape, Fans fans, const RandomKey& key) const {
  return draw(shape, key, gain * std::sqrt(2 / positive(fans.in)), uniform);
}

void Lecun::fields(Fields& f) { scaled_fields(f, gain, uniform); }
Tensor Lecun::make(const Shape& shape, Fans fans, const RandomKey& key) const {
  return draw(shape, key, gain * std::sqrt(1 / positive(fans.in)), uniform);
}

void Orthogonal::fields(Fields& f) { f("gain", gain, "length of each row or column", at_least(0)); }
/// Q of a random matrix's QR, whose R has no negative diagonal: uniform over all rotations (Mezzadri 2007).
Tensor Orthogonal::make(const Shape& shape, Fans, const RandomKey& key) const {
  if (shape.ndim() == 0 || shape.numel() == 0) return full(shape, gain, f64);
  const std::int64_t rows = shape[0], columns = shape.numel() / rows;
  const Tensor q = qr(normal({std::max(rows, columns), std::min(rows, columns)}, key, 0, 1, f64)).q;
  return reshape((columns > rows ? transpose(q) : q) * gain, shape);
}

}  // namespace nn

template <>
Registry& registry<nn::Initializer>() {
  static Registry rows = [] {
    using namespace nn;
    Registry made("initializer");
#define CHAINRULE_ROW(Type) add_boxed<Initializer, Type>(made);
#include "nn/initializer_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
