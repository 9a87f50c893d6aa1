// All numbers that a training depends on: taken as handles, put back, and kept for the case that they become
// infinite.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/train/trainer.h"
#include "core/text.h"
#include "train/weights_of.h"

namespace chainrule::train {
namespace {

constexpr std::string_view kOptimizer = "optimizer/";

bool is_finite(const Tensor& tensor) {
  const auto all_of = [](auto numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](auto x) { return std::isfinite(x); });
  };
  if (tensor.dtype() == f32) return all_of(tensor.data<float>());
  return tensor.dtype() != f64 || all_of(tensor.data<double>());
}

/// " Row 17 of x is not finite.": the first such row of a batch, by its number in the source; "" if there is
/// none.
std::string bad_row(const data::Source& source, const data::Batch& batch,
                    std::span<const std::int64_t> rows) {
  for (int column = 0; column < batch.size(); ++column) {
    if (is_finite(batch[column])) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (is_finite(slice(batch[column], 0, row, row + 1))) continue;
      return cat(" Row ", source.inside()->origin(rows[i]), " of ",
                 batch.columns()[static_cast<std::size_t>(column)].name, " is not finite.");
    }
  }
  return "";
}

std::string of_handler(std::size_t i) { return cat("handler", i + 1, "/"); }

bool begins_with(const std::string& name, std::string_view prefix) {
  return std::string_view(name).substr(0, prefix.size()) == prefix;
}

/// Those whose names begin so, without that.
NamedTensors part_of(const NamedTensors& all, std::string_view prefix) {
  NamedTensors part;
  for (const auto& [name, tensor] : all) {
    if (begins_with(name, prefix)) part.add(name.substr(prefix.size()), tensor);
  }
  return part;
}

bool is_of_net(const std::string& name) { return name.find('/') == std::string::npos; }

/// Those of the net and of the optimizer. What handlers keep may be anything.
bool are_finite(const NamedTensors& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const NamedTensor& t) {
    const bool is_of_handler = !is_of_net(t.name) && !begins_with(t.name, kOptimizer);
    return is_of_handler || is_finite(t.tensor);
  });
}

}  // namespace

NamedTensors Trainer::tensors() const {
  NamedTensors all = take_weights(task_.net());
  for (const auto& [name, tensor] : optimizer_->state()) all.add(cat(kOptimizer, name), tensor);
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    for (const auto& [name, tensor] : hooks_[i].handler->state()) all.add(cat(of_handler(i), name), tensor);
  }
  return all;
}

/// Checks everything before anything is changed.
void Trainer::restore(const NamedTensors& tensors) {
  std::string wrong;
  const auto check = [&](const std::string& name, const Tensor& own) {
    const Tensor* given = tensors.find(name);
    if (given == nullptr) {
      wrong += cat("\n  ", name, " is missing");
    } else if (given->shape() != own.shape() || given->dtype() != own.dtype()) {
      wrong += cat("\n  ", name, " is ", given->shape(), " ", name_of(given->dtype()), " instead of ",
                   own.shape(), " ", name_of(own.dtype()));
    }
  };
  const auto parameters = net().parameters();
  const auto states = net().states();
  for (const auto& [name, parameter] : parameters) check(name, parameter.value());
  for (const auto& [name, state] : states) check(name, state.value());
  for (const auto& [name, tensor] : tensors) {
    const auto is_it = [&name = name](const auto& own) { return own.name == name; };
    if (is_of_net(name) && std::none_of(parameters.begin(), parameters.end(), is_it) &&
        std::none_of(states.begin(), states.end(), is_it)) {
      wrong += cat("\n  ", name, " is not known");
    }
  }
  if (!wrong.empty()) {
    throw ValueError(304, cat("[train] the numbers do not fit this net:", wrong, "\nIs it the same net?"));
  }
  optimizer_->restore(part_of(tensors, kOptimizer));
  put_weights(net(), tensors);
}

/// What handlers had in a checkpoint, which was read before they were hung up.
void Trainer::take_up() {
  if (!std::exchange(is_resumed_, false)) return;
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    if (step_ % hooks_[i].every == 0) hooks_[i].called_at = step_;
    const NamedTensors part = part_of(handler_states_, of_handler(i));
    if (!part.empty()) hooks_[i].handler->restore(part);
  }
  handler_states_ = {};
}

/// Costs handles, and a look at each number.
void Trainer::take_snapshot() {
  NamedTensors now = tensors();
  if (are_finite(now)) snapshot_ = {std::move(now), step_, hooks_.size()};
}

/// To the last snapshot, as if what came after it had not been. Reports of it stay.
void Trainer::go_back() {
  restore(snapshot_.tensors);
  step_ = snapshot_.step;
  loss_sum_ = 0, loss_count_ = 0;
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    Hook& hook = hooks_[i];
    if (hook.called_at > step_) hook.called_at = step_ % hook.every == 0 ? step_ : 0;
    if (i < snapshot_.handlers) hook.handler->restore(part_of(snapshot_.tensors, of_handler(i)));
  }
}

/// After a loss that is not finite: if the weights are at fault, takes the last that were not. Returns the
/// message.
std::string Trainer::recover(const std::string& message, const data::Batch& batch, std::int64_t first_row) {
  std::string text = message.substr(0, message.rfind(" (E"));
  text +=
      cat(" It was batch ", step_ % steps_per_epoch() + 1, " of epoch ", step_ / steps_per_epoch() + 1, ".");
  const std::vector<std::int64_t> rows = loader_.rows(step_);
  text += bad_row(loader_.source(), batch,
                  std::span(rows).subspan(static_cast<std::size_t>(first_row),
                                          static_cast<std::size_t>(batch.size() > 0 ? batch.rows() : 0)));
  if (!are_finite(tensors()) && !snapshot_.tensors.empty()) {
    go_back();
    text += cat(" The weights were not finite any more: they are those after step ", step_, " again.");
  }
  return text;
}

}  // namespace chainrule::train
