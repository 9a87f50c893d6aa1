// Writes docs/layers.md from the lists of layers and of initialisers.
#include "chainrule/config.h"
#include "chainrule/nn.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Layers

<!-- Written from src/nn/ by `cmake --build --preset release --target layers_docs`; a test compares. Do not edit. -->

A layer is a struct; its settings have names. The same layer in C++, in the short text of options and lists, in TOML and
JSON:

```cpp
nn::Conv2d{30, 5, {.padding = 2}}
```
```text
conv2d(30, 5, padding=2)
```
```toml
type = "conv2d"
filters = 30
kernel = 5
padding = 2
```

Settings stand in their order, so that the first can be given without their names. One whose default is outside of its
range has to be given. Sizes of inputs are no settings: a layer takes them from its first input, and makes its
parameters then. How to write a layer of your own stands in `chainrule/nn/layer.h`.

Shapes begin with the batch, N. What has a `?` may be left out. `lengths` are from 0 on: what is below is refused
(E635), what is beyond T counts as T. Causal attention of T steps to S others is aligned at their ends: the last step
sees all S, the one before it S - 1, step t those up to t + S - T.

| layer | inputs | outputs | parameters, states | what it does |
|---|---|---|---|---|
)";

constexpr std::string_view kContainers = R"(
A container's parameters are those of the layers inside, by their paths, such as `conv2d1.weight`.

)";

constexpr std::string_view kInitializers = R"(
# First values

How a layer draws its weights, as its setting `weight_init` says: `affine(50, weight_init=xavier(uniform=true))`,
`nn::Affine{50, {.weight_init = nn::Xavier{.uniform = true}}}`. Numbers depend on the seed and on the parameter's path
alone, not on what was made before. Fan in and fan out: how many numbers go into an output, and how many outputs a
number reaches.

)";

/// Its own, not those of layers inside.
std::string held_by(nn::Layer& layer) {
  nn::Members members;
  layer.visit_members(members);
  std::string names;
  for (const nn::Members::Member& member : members.all()) {
    if (member.layer == nullptr) names += (names.empty() ? "" : ", ") + member.name;
  }
  return names;
}

std::string layers_markdown() {
  std::ostringstream out;
  out << kHead;
  for (const Registry::Row& row : registry<nn::Layer>().rows()) {
    const Shared<nn::Layer> layer(static_cast<nn::Layer*>(row.make()));
    out << "| [" << row.info->name << "](#" << row.info->name << ") | " << layer->input_names() << " | "
        << layer->output_names() << " | " << held_by(*layer) << " | " << row.info->doc << " |\n";
  }
  out << kContainers << config::markdown(registry<nn::Layer>()) << kInitializers
      << config::markdown(registry<nn::Initializer>());
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) { return write_page(argc, argv, chainrule::layers_markdown, "layers_docs"); }
