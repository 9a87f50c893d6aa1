#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "chainrule/chainrule.h"
#include "workloads.h"

namespace chainrule::cli {

/// A net in training. The loss is of a net, a step's number, and its pass.
template <class Net, class Loss>
Prepared training(Net net, optim::AnyRule rule, optim::Options options, Loss loss) {
  struct State {
    Net net;
    optim::Optimizer optimizer;
    Loss loss;
    std::int64_t step = 0;
  };
  optim::Optimizer optimizer(net, std::move(rule), std::move(options));
  const auto state = std::make_shared<State>(State{std::move(net), std::move(optimizer), std::move(loss)});
  const auto loss_now = [state](nn::Pass& pass) { return state->loss(state->net, state->step, pass); };
  return {[=] {
            auto pass = nn::Pass::training(1, state->step);
            Tensor now = loss_now(pass);
            ++state->step;
            state->optimizer.step(std::move(now), pass);
          },
          [=] {
            auto pass = nn::Pass::training(1, state->step);
            return loss_now(pass).item();
          }};
}

}  // namespace chainrule::cli
