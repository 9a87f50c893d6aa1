#include "random_graph.h"

#include <algorithm>
#include <cmath>

#include "chainrule/chainrule.h"

namespace chainrule::fuzz {
namespace {

constexpr std::int64_t kLargest = 400;  // elements of one value
constexpr double kHuge = 1e3;           // values beyond are left out: they would hide the others

bool small(const std::vector<SampleInput>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const SampleInput& input) { return input.shape.numel() <= kLargest; });
}

bool has_floating(const std::vector<SampleInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const SampleInput& input) { return is_floating(input.dtype); });
}

Tensor random_numbers(const SampleInput& wanted, DType dtype, Random& random) {
  std::vector<double> values(static_cast<std::size_t>(wanted.shape.numel()));
  for (double& value : values) {
    value = random.uniform(wanted.domain.low, wanted.domain.high);
    if (!is_floating(dtype)) value = std::floor(value);
  }
  return detach(cast(from_data(values, wanted.shape), dtype));
}

/// Numbers between the domain's ends, smoothly.
Tensor squeezed(const Tensor& x, const Domain& domain) {
  return domain.low + (domain.high - domain.low) * sigmoid(x);
}

}  // namespace

std::vector<Part> parts_of(std::span<const OpRow* const> rows) {
  std::vector<Part> parts;
  for (const OpRow* row : rows) {
    for (const OpCase& c : cases_of(*row, f64)) {
      if (!small(c.sample.inputs)) continue;
      parts.push_back({c.to_string(),
                       [row, attributes = c.sample.attributes](std::span<const Tensor> in) {
                         return apply_row(*row, attributes.data(), in, Location::current());
                       },
                       c.sample.inputs, row->vjp != nullptr && has_floating(c.sample.inputs), row});
    }
  }
  return parts;
}

std::vector<Part> all_parts() {
  std::vector<Part> parts = parts_of(op_table());
  for (const ComposedFunction& f : composed_functions()) {
    for (const ComposedCall& c : f.calls) {
      parts.push_back(
          {std::string(c.text), c.call, c.inputs, c.not_differentiable.empty() && has_floating(c.inputs)});
    }
  }
  for (const ElementwiseFunction& f : elementwise_functions()) {
    parts.push_back({std::string(f.name),
                     [call = f.call](std::span<const Tensor> in) { return call(in[0]); },
                     {{{3, 4}, f64, f.domain}}});
  }
  return parts;
}

RandomGraph::RandomGraph(std::span<const Part> parts, std::uint64_t seed) {
  Random random(seed);
  const std::vector<Shape> shapes{{}, {1}, {5}, {3, 4}, {2, 3, 4}, {4, 1}};
  for (std::uint64_t i = 0; i < 2 + random.below(2); ++i) {
    leaves_.push_back(random_numbers({shapes[random.below(shapes.size())], f64, {}}, f64, random));
  }
  values_ = leaves_;
  const std::size_t wanted = 2 + random.below(10);
  for (int tries = 0; steps_.size() < wanted && tries < 100; ++tries) {
    try_step(parts[random.below(parts.size())], random);
  }
  // Each value that nothing uses counts as much as the others.
  std::vector<char> used(values_.size());
  for (const Step& step : steps_) {
    for (const Feed& feed : step.feeds) {
      if (feed.source >= 0) used[static_cast<std::size_t>(feed.source)] = 1;
    }
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Tensor& value = values_[i];
    const bool counts = is_floating(value.dtype()) && (!used[i] || i < leaves_.size());
    Tensor weight;
    if (counts) {
      const double size = std::max(1e-3, norm(value).item());
      weight = detach(random_numbers({value.shape(), f64, {-1, 1}}, f64, random) / size);
    }
    weights_.push_back(weight);
  }
}

bool RandomGraph::try_step(const Part& part, Random& random) {
  Step step{&part, {}};
  for (const SampleInput& input : part.inputs) step.feeds.push_back(choose_feed(input, random));
  const Tensor value = run_step(step, values_, f64);
  if (value.numel() > kLargest || value.dtype() == f32) return false;
  for (const double number : value.to_vector()) {
    if (!(std::abs(number) <= kHuge)) return false;
  }
  steps_.push_back(std::move(step));
  values_.push_back(detach(value));
  return true;
}

RandomGraph::Feed RandomGraph::choose_feed(const SampleInput& wanted, Random& random) const {
  Feed feed;
  feed.wanted = &wanted;
  if (!is_floating(wanted.dtype)) {
    feed.constant = random_numbers(wanted, wanted.dtype, random);
    return feed;
  }
  // Later values more often, so that graphs are deep.
  for (int tries = 0; tries < 10; ++tries) {
    const std::size_t i = std::max(random.below(values_.size()), random.below(values_.size()));
    if (!is_floating(values_[i].dtype()) || values_[i].numel() == 0) continue;
    feed.source = static_cast<int>(i);
    break;
  }
  if (feed.source < 0) feed.source = 0;
  const Tensor& source = values_[static_cast<std::size_t>(feed.source)];
  if (source.shape() != wanted.shape) {
    const double count = static_cast<double>(source.numel());
    feed.indices = random_numbers({wanted.shape, i64, {0, count}}, i64, random);
  }
  for (const double number : source.to_vector()) {
    feed.squeeze = feed.squeeze || number < wanted.domain.low || number > wanted.domain.high;
  }
  return feed;
}

Tensor RandomGraph::run_step(const Step& step, const Tensors& values, DType floating) const {
  Tensors inputs;
  for (const Feed& feed : step.feeds) {
    if (feed.source < 0) {
      inputs.push_back(feed.constant);
      continue;
    }
    Tensor x = values[static_cast<std::size_t>(feed.source)];
    if (!feed.indices.is_empty()) x = take(flatten(x), feed.indices);
    if (feed.squeeze) x = squeezed(x, feed.wanted->domain);
    if (feed.wanted->prepare) x = feed.wanted->prepare(x);
    inputs.push_back(cast(x, floating));
  }
  if (step.part->differentiable) return step.part->call(inputs);
  const NoGrad constant;
  return step.part->call(inputs);
}

Tensor RandomGraph::operator()(std::span<const Tensor> leaves) const {
  const DType floating = leaves[0].dtype();
  Tensors values(leaves.begin(), leaves.end());
  for (const Step& step : steps_) values.push_back(run_step(step, values, floating));
  Tensor total = scalar(0, floating);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!weights_[i].is_empty()) total = total + sum(cast(weights_[i], floating) * values[i]);
  }
  return total;
}

bool RandomGraph::has(const OpRow* row) const {
  return std::any_of(steps_.begin(), steps_.end(), [row](const Step& step) { return step.part->row == row; });
}

std::string RandomGraph::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    text += cat("  v", i, " = leaf ", leaves_[i].shape(), "\n");
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    text += cat("  v", leaves_.size() + i, " = ", steps_[i].part->name, " of");
    for (const Feed& feed : steps_[i].feeds) {
      text += feed.source < 0 ? std::string(" constants")
                              : cat(feed.squeeze ? " squeezed" : "", feed.indices.is_empty() ? "" : " taken",
                                    " v", feed.source);
    }
    text += "\n";
  }
  return text;
}

}  // namespace chainrule::fuzz
