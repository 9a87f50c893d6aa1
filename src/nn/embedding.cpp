#include "chainrule/nn/embedding.h"
#include <utility>

#include <cmath>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/sequences.h"
#include "ops/internal.h"
#include "ops/op.h"

namespace chainrule::nn {
namespace {

/// As another initialiser, but for one row of zeros.
struct WithoutRow {
  static constexpr Info kInfo{.name = "without_row", .doc = "As another, but one row is 0."};
  AnyInitializer others;
  std::int64_t row = 0;
  Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const {
    const Tensor drawn = others->make(shape, fans, key);
    return where(equal(reshape(arange(shape[0]), {-1, 1}), row), 0, drawn);
  }
};

}  // namespace

void Embedding::fields(Fields& f) {
  f("count", count, "how many numbers there are: they are below this", at_least(1));
  f("size", size, "features of a vector", at_least(1));
  f("padding", options.padding, "a number whose vector is 0 and is not trained; -1: none", at_least(-1));
  f("weight_init", options.weight_init.handle(), "first values of the vectors");
}

void Embedding::members(Members& m) { m("weight", weight); }

void Embedding::init(Init& init) {
  const AnyInitializer& how = options.weight_init;
  init("weight", weight, {count, size},
       options.padding < 0 ? how : AnyInitializer(WithoutRow{how, options.padding}),
       {.in = count, .out = size});
}

Tensor Embedding::compute(const Tensor& x, Pass&) const {
  // take counts negative numbers from the end: here they are a mistake, as a symbol that nobody knows.
  const OpScope scope(kInfo.name, OriginScope::current({}).where);
  const Tensor known = check_range(x, 0, static_cast<double>(count - 1), Bounded::index);
  const Tensor y = take(weight, known);
  return options.padding < 0 ? y : where(equal(expand_dims(x, -1), options.padding), 0, y);
}

void PositionalEmbedding::fields(Fields& f) {
  f("length", length, "the longest sequence", at_least(1));
  f("weight_init", weight_init.handle(), "first values of the vectors");
}

void PositionalEmbedding::members(Members& m) { m("weight", weight); }

void PositionalEmbedding::init(Init& init) {
  init("weight", weight, {length, init.size(2)}, weight_init, {.in = length, .out = init.size(2)});
}

Tensor PositionalEmbedding::compute(const Tensor& x, Pass&) const {
  check_sequence(kInfo.name, x);
  const std::int64_t steps = x.shape()[1];
  if (steps > length) {
    throw ShapeError(441, cat("[", kInfo.name, "] ", steps, " steps, but vectors for ", length,
                              " places. Give it a larger length, or the last ", length, " steps.",
                              OriginScope::current({}).to_string()));
  }
  return x + (steps == length ? weight.value() : slice(weight, 0, 0, steps));
}

Tensor SinusoidalPositions::compute(const Tensor& x, Pass&) const {
  check_sequence(kInfo.name, x);
  const std::int64_t steps = x.shape()[1], features = x.shape()[2];
  std::vector<double> places;
  places.reserve(static_cast<std::size_t>(steps * features));
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t j = 0; j < features; ++j) {
      const double exponent = static_cast<double>(j / 2 * 2) / static_cast<double>(features);
      const double angle = static_cast<double>(t) / std::pow(10000, exponent);
      places.push_back(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return x + cast(from_data(places, {steps, features}), x.dtype());
}

Embedding::Embedding(std::int64_t numbers, std::int64_t features, EmbeddingOptions more)
    : count(numbers), size(features), options(std::move(more)) {}

PositionalEmbedding::PositionalEmbedding(std::int64_t longest, AnyInitializer how)
    : length(longest), weight_init(std::move(how)) {}

}  // namespace chainrule::nn
