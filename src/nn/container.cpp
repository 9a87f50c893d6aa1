// Layers that hold other layers.
#include "chainrule/nn/container.h"

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

void Sequential::fields(Fields& f) { f("layers", layers, "what runs, in this order"); }

std::string Sequential::name_of(std::size_t place) const {
  const auto begin = layers.begin(), end = begin + static_cast<std::ptrdiff_t>(place) + 1;
  const auto is_alike = [&](const Shared<Layer>& other) {
    return other && other->kind() == layers[place]->kind();
  };
  return cat(layers[place]->kind(), std::count_if(begin, end, is_alike));
}

void Sequential::members(Members& m) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i]) m(name_of(i), layers[i]);
  }
}

void Sequential::init(Init&) { check(); }

void Sequential::check() const {
  const auto empty = std::find(layers.begin(), layers.end(), Shared<Layer>());
  if (!layers.empty() && empty == layers.end()) return;
  if (!layers.empty()) {
    throw ValueError(244,
                     cat("[sequential] layer ", empty - layers.begin() + 1, " of ", layers.size(),
                         " is an empty handle. Put a layer there.", OriginScope::current({}).to_string()));
  }
  throw ValueError(244, cat("[sequential] there are no layers: the net is empty, or was moved from. Use add.",
                            OriginScope::current({}).to_string()));
}

Tensor Sequential::compute(const Tensor& x, Pass& pass) const {
  check();
  Tensor y = x;
  for (const Shared<Layer>& layer : layers) y = (*layer)(y, pass);
  return y;
}

void Residual::fields(Fields& f) {
  f("body", body, "what is added to x");
  f("shortcut", shortcut, "what x goes through beside it; x itself without one");
}

void Residual::members(Members& m) {
  m("body", body);
  m("shortcut", shortcut);
}

void Residual::init(Init&) { check(); }

void Residual::check() const {
  if (body) return;
  throw ValueError(244,
                   cat("[residual] there is no body, or it was moved from. Use Residual(Sequential(...)).",
                       OriginScope::current({}).to_string()));
}

Tensor Residual::compute(const Tensor& x, Pass& pass) const {
  check();
  const Tensor added = (*body)(x, pass);
  return (shortcut ? (*shortcut)(x, pass) : x) + added;
}

}  // namespace chainrule::nn
