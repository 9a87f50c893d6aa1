// Layers that hold other layers.
#include "chainrule/nn/container.h"

#include <algorithm>
#include <array>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/axes.h"

namespace chainrule::nn {
namespace {

/// The sum of what two layers made of one x; numbers would be repeated without a word where shapes differ.
Tensor sum_of(std::string_view kind, const Tensor& a, std::string_view of_a, const Tensor& b,
              std::string_view of_b) {
  if (a.shape() == b.shape()) return a + b;
  throw ShapeError(661, cat("[", kind, "] ", of_a, " is ", a.shape(), ", ", of_b, " is ", b.shape(),
                            "; need equal shapes, to add them.", OriginScope::current({}).to_string()));
}

}  // namespace

void LayerList::append(Shared<Layer> layer) {
  const auto is_alike = [&](const Shared<Layer>& other) { return other && other->kind() == layer->kind(); };
  layer->set_name(cat(layer->kind(), 1 + std::count_if(layers.begin(), layers.end(), is_alike)));
  layers.push_back(std::move(layer));
}

void LayerList::members(Members& m) {
  std::vector<std::pair<std::string_view, int>> counts;  // of each kind so far: there are few kinds
  for (Shared<Layer>& layer : layers) {
    if (!layer) continue;
    auto found = std::find_if(counts.begin(), counts.end(),
                              [&](const auto& count) { return count.first == layer->kind(); });
    if (found == counts.end()) found = counts.insert(counts.end(), {layer->kind(), 0});
    m(cat(found->first, ++found->second), layer);
  }
}

void LayerList::init(Init&) { check(); }

void LayerList::check() const {
  const auto empty = std::find(layers.begin(), layers.end(), Shared<Layer>());
  if (!layers.empty() && empty == layers.end()) return;
  if (!layers.empty()) {
    throw ValueError(244,
                     cat("[", kind(), "] layer ", empty - layers.begin() + 1, " of ", layers.size(),
                         " is an empty handle. Put a layer there.", OriginScope::current({}).to_string()));
  }
  throw ValueError(244,
                   cat("[", kind(), "] there are no layers: the net is empty, or was moved from. Use add.",
                       OriginScope::current({}).to_string()));
}

void Sequential::fields(Fields& f) { f("layers", layers, "what runs, in this order"); }

Tensor Sequential::compute(const Tensor& x, Pass& pass) const {
  check();
  Tensor y = x;
  for (const Shared<Layer>& layer : layers) y = (*layer)(y, pass);
  return y;
}

void Parallel::fields(Fields& f) {
  static constexpr std::array<std::string_view, 2> kJoins = {"concatenate", "add"};
  f("layers", layers, "what runs, each on x");
  f("join", join, kJoins, "what becomes of their results");
  f("axis", axis, "along which they stand one after another");
}

Tensor Parallel::compute(const Tensor& x, Pass& pass) const {
  check();
  std::vector<Tensor> results;
  for (const Shared<Layer>& layer : layers) results.push_back((*layer)(x, pass));
  if (join == Join::concatenate) return concatenate(results, axis_of(axis));
  Tensor total = results[0];
  for (std::size_t i = 1; i < results.size(); ++i)
    total = sum_of(kInfo.name, total, "the result of layer 1", results[i], cat("that of layer ", i + 1));
  return total;
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
  return shortcut ? sum_of(kInfo.name, (*shortcut)(x, pass), "what the shortcut gives", added, "the body's")
                  : sum_of(kInfo.name, x, "x", added, "what the body gives");
}

void TimeDistributed::fields(Fields& f) { f("body", body, "what is applied to each step"); }

void TimeDistributed::members(Members& m) { m("body", body); }

void TimeDistributed::init(Init&) { check(); }

void TimeDistributed::check() const {
  if (body) return;
  throw ValueError(244, cat("[time_distributed] there is no body, or it was moved from. Use "
                            "TimeDistributed(Affine(...)).",
                            OriginScope::current({}).to_string()));
}

Tensor TimeDistributed::compute(const Tensor& x, Pass& pass) const {
  check();
  const auto refuse = [&](const Shape& shape, std::string_view need) {
    return ShapeError(253, cat("[time_distributed] ", shape, need, OriginScope::current({}).to_string()));
  };
  if (x.ndim() < 2) throw refuse(x.shape(), " is no batch of sequences; need (N, T, ...).");
  const std::int64_t rows = x.shape()[0], steps = x.shape()[1];
  std::vector<std::int64_t> sizes(x.shape().begin() + 1, x.shape().end());
  sizes[0] = Shape{rows, steps}.numel();
  const Tensor y = (*body)(reshape(x, sizes), pass);
  if (y.ndim() < 1 || y.shape()[0] != sizes[0]) {
    throw refuse(y.shape(), cat(" is what the layer gives for ", sizes[0], " steps; need a row for each."));
  }
  sizes.assign(y.shape().begin(), y.shape().end());
  sizes[0] = rows;
  sizes.insert(sizes.begin() + 1, steps);
  return reshape(y, sizes);
}

}  // namespace chainrule::nn
