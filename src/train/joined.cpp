#include "train/joined.h"

#include <algorithm>
#include <sstream>

#include "autodiff/backward.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::train {
namespace {

ValueError not_alike(const std::string& what) {
  return ValueError(
      609,
      cat("[train] ", what, ". With sync_batch_norm all shards must run the same layers in the same order."));
}

}  // namespace

Joined::Joined(const TrainerOptions& options, std::span<const Range> nodes)
    : options_(options), nodes_(nodes), shards_{nodes.front().begin, nodes.back().end} {}

Joined::Building::Building(Joined& joined, std::int64_t shard)
    : joined_(joined), shard_(static_cast<std::size_t>(shard - joined.shards_.begin)), mode_(mode()) {
  if (mode_ == Mode::eager) set_mode(Mode::lazy);
}

Joined::Building::~Building() {
  if (mode_ == Mode::eager) set_mode(mode_);
}

Tensor Joined::Building::sum(const Tensor& mine) {
  std::vector<Sum>& sums = joined_.sums_;
  if (joined_.is_first_) {
    const std::vector<Tensor> none(static_cast<std::size_t>(joined_.shards_.size()));
    sums.push_back({zeros(mine.shape(), f64), zeros(mine.shape(), f64), none, none});
  }
  if (asked_ == sums.size() || sums[asked_].total.shape() != mine.shape()) {
    throw not_alike(cat("a shard of the batch asks for a sum of shape ", mine.shape(), " over all shards, ",
                        asked_ == sums.size() ? "where another asks for none"
                                              : cat("another for one of ", sums[asked_].total.shape())));
  }
  sums[asked_].mine[shard_] = mine;
  return sums[asked_++].total;
}

std::vector<Tensor> Joined::Building::gradients(const Tensor& loss, const Tensor& weighted,
                                                optim::Optimizer& optimizer, Location where) {
  std::vector<Sum>& sums = joined_.sums_;
  joined_.is_first_ = false;
  if (asked_ < sums.size()) {
    throw not_alike(
        cat("a shard of the batch asks for ", asked_, " sums over all shards, another for ", sums.size()));
  }
  Tensor output = weighted;
  std::vector<Tensor> values = optimizer.trained();
  const std::size_t parameters = values.size();
  for (const Sum& sum : sums) {
    output = output + chainrule::sum(sum.mine[shard_] * sum.slope);
    values.push_back(sum.total);
  }
  std::vector<Tensor> found;
  try {
    append_gradients(output, values, found, {}, where);
  } catch (const ValueError& error) {
    if (error.code() != 31) throw;
    optimizer.gradients(loss, where);  // names a parameter that the loss does not depend on
    found.clear();                     // else it is a sum that the loss does not depend on
    append_gradients(output, values, found, {.allow_unused = true}, where);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].slopes[shard_] = std::move(found[parameters + i]);
  found.resize(parameters);
  return found;
}

/// Of the sums that are asked for, as other ranks say it if no shard of this one has rows.
std::vector<std::size_t> Joined::sizes_of_all() const {
  std::string own;
  for (const Sum& sum : sums_) own += cat(sum.total.numel(), " ");
  if (!is_first_) own += ".";  // no sums is something else than no rows
  if (options_.team != nullptr && options_.team->size() > 1) {
    for (const std::string& other : options_.team->gather(own)) {
      if (own.empty()) own = other;
      if (!other.empty() && other != own)
        throw not_alike(cat("ranks ask for sums over all shards of other sizes: ", own, " and ", other));
    }
  }
  std::vector<std::size_t> sizes;
  std::istringstream text(own);
  for (std::size_t size = 0; text >> size;) sizes.push_back(size);
  return sizes;
}

/// Sets the leaf to the sum over all shards. A rank without rows has none, and takes part all the same.
void Joined::fill(std::size_t size, const std::vector<Tensor>* of_shards, Tensor* leaf,
                  const Compute& compute) const {
  std::vector<double> parts(nodes_.size() * size);
  const std::function<void(Range, double*)> add_up = [&](Range node, double* to) {
    if (node.size() > 1) {
      add_up({node.begin, middle(node)}, to);
      std::vector<double> more(size);
      add_up({middle(node), node.end}, more.data());
      for (std::size_t i = 0; i < size; ++i) to[i] += more[i];
      return;
    }
    if (of_shards == nullptr) return;
    const Tensor& tensor = (*of_shards)[static_cast<std::size_t>(node.begin - shards_.begin)];
    if (tensor.is_empty()) return;
    compute(node.begin, tensor);
    const auto numbers = tensor.data<double>();
    std::copy(numbers.begin(), numbers.end(), to);
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) add_up(nodes_[i], parts.data() + i * size);
  if (options_.team != nullptr) options_.team->sum(options_.shards, parts);
  if (leaf != nullptr) std::copy_n(parts.begin(), size, static_cast<double*>(leaf->node()->value.data()));
}

void Joined::find(const Compute& compute) {
  const std::vector<std::size_t> sizes = sizes_of_all();
  const bool has_rows = !is_first_;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    fill(sizes[i], has_rows ? &sums_[i].mine : nullptr, has_rows ? &sums_[i].total : nullptr, compute);
  for (std::size_t i = sizes.size(); i-- > 0;)
    fill(sizes[i], has_rows ? &sums_[i].slopes : nullptr, has_rows ? &sums_[i].slope : nullptr, compute);
}

}  // namespace chainrule::train
