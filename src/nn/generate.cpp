// Sequences that nets write.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/nn/text_nets.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "core/text.h"
#include "nn/path.h"

namespace chainrule::nn {
namespace {

/// Logits of the last step that counts, as numbers.
std::vector<double> row_of(const Layer& net, const Tensor& logits, std::int64_t steps, std::int64_t row) {
  const Shape& shape = logits.shape();
  if (shape.ndim() != 3 || shape[0] != 1 || shape[1] != steps || shape[2] < 1) {
    throw ShapeError(450, cat("[generate] ", net.kind(), " gives ", shape, " for (1, ", steps, "); need (1, ",
                              steps, ", classes)."));
  }
  const std::vector<double> found = reshape(slice(logits, 1, row, row + 1), {-1}).to_vector();
  if (std::all_of(found.begin(), found.end(), [](double x) { return std::isfinite(x); })) return found;
  throw ValueError(449, cat("[generate] ", net.kind(), " gives logits that are not finite."));
}

/// The place where a number in [0, 1) falls, of probabilities in the order from the largest on.
std::int64_t drawn(const std::vector<double>& logits, const GenerateOptions& options, double chance) {
  std::vector<std::int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](std::int64_t i) { return logits[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return logit(a) > logit(b); });
  if (options.temperature == 0) return order[0];
  if (options.top_k > 0 && options.top_k < std::ssize(order)) {
    order.resize(static_cast<std::size_t>(options.top_k));
  }
  std::vector<double> sums;
  double sum = 0;
  for (const std::int64_t i : order) {
    sum += std::exp((logit(i) - logit(order[0])) / options.temperature);
    sums.push_back(sum);
  }
  const auto at = std::upper_bound(sums.begin(), sums.end(), chance * sum) - sums.begin();
  return order[static_cast<std::size_t>(std::min(at, std::ssize(order) - 1))];
}

/// What a net reads on from, and how it goes on.
class Reading {
 public:
  Reading(const Layer& net, std::span<const std::int64_t> ids, std::int64_t block)
      : net_(net), ids_(ids.begin(), ids.end()), block_(block) {
    const auto* text = dynamic_cast<const TextNet*>(&net);
    if (block_ == 0 && text != nullptr) block_ = text->block();
    has_state_ = net.kind() == CharRnn::kInfo.name;
  }

  std::vector<double> next() { return has_state_ ? by_state() : block_ > 0 ? by_block() : by_all(); }
  void append(std::int64_t id) { ids_.push_back(id); }

 private:
  Tensor tensor_of(std::span<const std::int64_t> ids) const { return from_data(ids, {1, std::ssize(ids)}); }
  std::vector<double> by_state() {
    const auto fresh = std::span(ids_).subspan(read_);
    const Ports found = net_.predict_all({tensor_of(fresh), state_});
    const std::int64_t steps = std::ssize(fresh);
    read_ = ids_.size();
    evaluate({found[0], found[1]});
    state_ = detach(found[1]);
    return row_of(net_, found[0], steps, steps - 1);
  }
  /// Filled up behind: a net that sees no future gives the same, and one plan does for all steps.
  std::vector<double> by_block() {
    const auto whole = static_cast<std::size_t>(block_), count = std::min(whole, ids_.size());
    std::vector<std::int64_t> seen(ids_.end() - static_cast<std::ptrdiff_t>(count), ids_.end());
    seen.resize(whole, ids_[0]);
    return row_of(net_, net_.predict(tensor_of(seen)), block_, static_cast<std::int64_t>(count) - 1);
  }
  std::vector<double> by_all() {
    const std::int64_t steps = std::ssize(ids_);
    return row_of(net_, net_.predict(tensor_of(ids_)), steps, steps - 1);
  }

  const Layer& net_;
  std::vector<std::int64_t> ids_;
  std::int64_t block_;
  bool has_state_ = false;
  std::size_t read_ = 0;  // how many are in the state
  Tensor state_;
};

}  // namespace

void GenerateOptions::fields(Fields& f) {
  f("temperature", temperature, "logits are divided by it; 0: always the most probable", at_least(0));
  f("top_k", top_k, "only so many most probable ones are drawn from; 0: all", at_least(0));
  f("seed", seed, "of what is drawn");
  f("stop", stop, "a number after which nothing more is drawn; -1: none", at_least(-1));
  f("block", block, "the most steps that are read; 0: as the net says", at_least(0));
}

std::vector<std::int64_t> generate(const Layer& net, std::span<const std::int64_t> ids, std::int64_t count,
                                   const GenerateOptions& given) {
  GenerateOptions options = given;
  config::check(options);
  if (ids.empty()) {
    throw ValueError(448,
                     "[generate] there are no ids to go on from. Give one at least, such as a line end.");
  }
  Reading reading(net, ids, options.block);
  Random random(options.seed, number_of_path("generate"));
  std::vector<std::int64_t> written;
  while (std::ssize(written) < count && (written.empty() || written.back() != options.stop)) {
    written.push_back(drawn(reading.next(), options, random.uniform()));
    reading.append(written.back());
  }
  return written;
}

Tensor write_greedily(const Seq2Seq& net, const Tensor& source, std::int64_t start, std::int64_t longest,
                      const Tensor& lengths) {
  const std::int64_t rows = source.shape()[0];
  const Tensor first = full({rows, 1}, start, i64);
  Tensor written = zeros({rows, longest}, i64);
  for (std::int64_t t = 0; t < longest; ++t) {
    const Tensor target = slice(concatenate({first, written}, 1), 1, 0, longest);
    const Tensor best = argmax(net.predict_all({source, target, lengths})[0], 2);
    written = detach(where(equal(arange(longest), t), best, written));
  }
  return written;
}

}  // namespace chainrule::nn
