// Writes docs/losses.md from the lists of losses and of metrics.
#include "chainrule/config.h"
#include "chainrule/train.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Losses and metrics

<!-- Written from src/train/ by `cmake --build --preset release --target losses_docs`; a test compares. Do not edit. -->

A loss is what training makes small; a metric is a number for people. A task has a net, one loss and any metrics:

```cpp
train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy, metric::top_k(3)}}, optimizer, loader);
train::fit(net, loss::Huber{.delta = 2}, source, {.validation = 0.1, .metrics = {metric::r2}});
```

By name, as files and options say it: `softmax_cross_entropy(label_smoothing=0.1)`, `huber(2)`, `top_k(3)`. Any function
of a prediction and a target is a loss as well. `chainrule/loss.h` has these as functions of tensors, with a reduction
or options:

```cpp
softmax_cross_entropy(logits, classes);                                       // the mean
softmax_cross_entropy(logits, classes, Reduction::none);                      // of each row
softmax_cross_entropy(logits, classes, {.class_weights = w, .label_smoothing = 0.1, .ignored = {-1}, .class_axis = -1});
mse(prediction, target, {.sample_weights = w});                               // a weighted mean
```

Logits (N, C, d...) take class numbers (N, d...), with the classes on axis 1 unless `class_axis` says another: -1 for
text nets. A mean with weights divides by the sum of the weights; ignored targets do not count. All as PyTorch's
`cross_entropy` has it, but that the mean where nothing counts is 0 here and nan there.

`ctc` learns labels without places, such as the letters of what is heard: the net gives logits for each of T frames,
the target are the labels, fewer than the frames, shorter rows padded with -1 or blanks at their end. Where rows differ
in their number of frames, a task that is a function gives them to `chainrule::ctc` as `.input_lengths`; else pad with
silence, which is learnt as blanks.

The loss of a set is the same for any batch size: each batch counts what its mean divided by. So do gradients that are
accumulated. A task that is a function says by what as the fourth part of its `Outcome`; left out, it is the number of
rows.

# Losses

)";

constexpr std::string_view kMetrics = R"(
# Metrics

Sums over a whole set, which are added in a fixed order in f64 and read once. `better` says what a run that keeps its
best weights, or stops early, looks for.

| metric | better | what it says |
|---|---|---|
)";

std::string losses_markdown() {
  std::ostringstream out;
  out << kHead << config::markdown(registry<loss::Loss>()) << kMetrics;
  for (const Registry::Row& row : registry<metric::Metric>().rows()) {
    const Shared<metric::Metric> metric(static_cast<metric::Metric*>(row.make()));
    out << "| [" << row.info->name << "](#" << row.info->name << ") | "
        << (metric->larger_is_better() ? "larger" : "smaller") << " | " << row.info->doc << " |\n";
  }
  out << "\n" << config::markdown(registry<metric::Metric>());
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) { return write_page(argc, argv, chainrule::losses_markdown, "losses_docs"); }
