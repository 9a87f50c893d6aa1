// Writes docs/optimizers.md from the lists of rules and of schedules.
#include "chainrule/config.h"
#include "chainrule/optim.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"page(# Optimizers

<!-- Written from src/optim/ by `cmake --build --preset release --target optimizers_docs`; a test compares. Do not edit. -->

An optimizer is a rule, which says how a parameter changes by its gradient, and a learning rate, which may follow a
schedule:

```cpp
optim::Optimizer optimizer(net, optim::Momentum{.momentum = 0.9}, {.lr = optim::cosine(0.1, steps(1000))});
auto pass = nn::Pass::training(seed, step);
const double loss = optimizer.step(softmax_cross_entropy(net.forward(x, pass), t), pass);
```

By name: `optim::Optimizer(net, "momentum(0.9)")`. A step computes gradients, new parameters, the rule's states and
running statistics in one run. If the loss is not finite, nothing changes and the error names the operation that it came
from. Each rule is held by a test to the formula of its paper, and a run that was stopped goes on from `state()` with
the same bits.

With `{.accumulate = 8}` every eighth step updates, by the mean gradient of eight: batches eight times as large as
memory holds. In it each counts what its loss is a mean over: a trainer knows that, a loop of your own gives it,
`optimizer.step(loss, scalar(rows), pass)`. Averages of the weights (`train::average_weights`) and rates that fall on a
plateau are handlers of a [training](training.md).

## Minima of whole functions

What can be computed whole, without batches, is minimised by methods that use more than one gradient
(`chainrule/optim/minimize.h`):

```cpp
const auto found = optim::minimize([&](const Tensor& x) { return sum(square(a - matmul(b, x))); }, start);     // L-BFGS
const auto fit = optim::minimize([&](const Tensor& b) { return y - model(x, b); }, start, optim::LevenbergMarquardt{});
optim::minimize(net, [&] { return mse(net.predict(x), t); });                                 // a net, in place
```

`LBfgs` takes a loss; `GaussNewton` and `LevenbergMarquardt` take all residuals and make the sum of their squares least.
The result has the parameters (`found.x()`, or `found.at` of several tensors), `value`, `iterations`, `converged`, and
the `reason` why it stopped. In Python: `optim.minimize(f, x0, method=optim.LBfgs())` and `optim.least_squares(f, x0)`
([python](python/README.md#minima)).

## Options

)page";

constexpr std::string_view kGroups = R"(
Parameters that are treated in another way are named by their paths, where `*` stands for any text. Each group changes
what it says and leaves the rest as the groups before it, or the options, have it: of several that match, the last one
that says something counts. So the biases of the convolutions stay frozen here, until a later group says
`.frozen = false`:

```cpp
optim::Optimizer optimizer(net, optim::Adam{}, {.groups = {{.match = "conv*", .frozen = true}, {.match = "*.bias", .lr_factor = 2}}});
```

)";

constexpr std::string_view kRules = R"(
# Rules

| rule | learning rate if none is given | states of each parameter |
|---|---|---|
)";

constexpr std::string_view kSchedules = R"(
# Schedules

A learning rate as a function of the step, so that a run that is resumed needs nothing but the number of steps. Times
are in steps or in epochs, whose length a trainer knows, or `optimizer.set_steps_per_epoch`. As text:
`warm_up(steps=100, then=cosine(0.1, steps=1000))`.

)";

std::string optimizers_markdown() {
  optim::Options options;
  optim::Group group;
  std::ostringstream out;
  out << kHead << settings_table(options) << kGroups << settings_table(group) << kRules;
  for (const Registry::Row& row : registry<optim::Rule>().rows()) {
    const Shared<optim::Rule> rule(static_cast<optim::Rule*>(row.make()));
    out << "| [" << row.info->name << "](#" << row.info->name << ") | " << rule->default_lr() << " | "
        << rule->state_names() << " |\n";
  }
  out << "\n"
      << config::markdown(registry<optim::Rule>()) << kSchedules
      << config::markdown(registry<optim::Schedule>());
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) {
  return write_page(argc, argv, chainrule::optimizers_markdown, "optimizers_docs");
}
