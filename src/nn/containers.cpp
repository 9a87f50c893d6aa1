// Layers that hold other layers.
#include "chainrule/error.h"
#include "chainrule/nn/layers.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

void Sequential::fields(Fields& f) { f("layers", layers, "what runs, in this order"); }

void Sequential::members(Members& m) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    int number = 1;
    for (std::size_t before = 0; before < i; ++before) number += layers[before]->kind() == layers[i]->kind();
    m(cat(layers[i]->kind(), number), layers[i]);
  }
}

void Sequential::init(Init&) {
  if (!layers.empty()) return;
  throw ValueError(244, cat("[sequential] there are no layers: the net is empty, or was moved from.",
                            OriginScope::current({}).to_string()));
}

Tensor Sequential::compute(const Tensor& x, Pass& pass) const {
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

void Residual::init(Init&) {
  if (body) return;
  throw ValueError(244, cat("[residual] there is no body. Use Residual(Sequential(...)).",
                            OriginScope::current({}).to_string()));
}

Tensor Residual::compute(const Tensor& x, Pass& pass) const {
  const Tensor added = (*body)(x, pass);
  return (shortcut ? (*shortcut)(x, pass) : x) + added;
}

}  // namespace chainrule::nn
