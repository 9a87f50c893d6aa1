#include <gtest/gtest.h>

#include <algorithm>

#include "chainrule/error.h"
#include "config/kinds.h"

namespace chainrule::config {
namespace {

TEST(ConfigDescribe, HasWhatDiffersFromTheDefaults) {
  // Each is its own description.
  for (const char* text :
       {"relu", "conv2d", "conv2d(30)", "conv2d(30, 5)", "conv2d(30, 5, stride=2)", "conv2d(kernel=5)",
        "conv2d(30, stride=2)", "conv2d(padding=same)", "sequential([relu, conv2d(2)])"}) {
    EXPECT_EQ(describe(*make<Layer>(text)), text);
  }
  for (const char* text :
       {"sgd", "sgd(0.5, 0.25, nesterov=true)", "sgd(nesterov=true)", "sgd(clip={norm = 2.0})",
        "sgd(schedule=warmup(then=cosine(0.5, 3)))", "adam(betas=0.5)", "adam(betas=[0.5, 0.25])",
        "sgd(schedule=0.5)", "sgd(schedule=0.01)", "sgd(schedule=warmup(then=0.5))"}) {
    EXPECT_EQ(describe(*make<Rule>(text)), text);
  }
  EXPECT_EQ(describe(*make<Layer>("conv2d(1, 3, 1, none)")), "conv2d");
  EXPECT_EQ(describe(Lambda(0.5)), "lambda(0.5)") << "without a default: everything";
}

TEST(ConfigLeaves, HaveAllThatAnOptionNeeds) {
  RunSettings run;
  run.optimizer = make<Rule>("sgd(schedule=cosine)");
  std::vector<std::string> names;
  for (const Leaf& leaf : leaves(run)) names.push_back(leaf.name);
  EXPECT_EQ(names, (std::vector<std::string>{"shuffle",
                                             "batch",
                                             "seed",
                                             "scale",
                                             "name",
                                             "padding",
                                             "sizes",
                                             "weights",
                                             "tags",
                                             "optimizer",
                                             "optimizer.lr",
                                             "optimizer.momentum",
                                             "optimizer.nesterov",
                                             "optimizer.clip.norm",
                                             "optimizer.clip.strict",
                                             "optimizer.schedule",
                                             "optimizer.schedule.low",
                                             "optimizer.schedule.epochs",
                                             "layers",
                                             "train.epochs",
                                             "train.validation",
                                             "train.clip.norm",
                                             "train.clip.strict",
                                             "clips"}));
  const std::vector<Leaf> some = leaves(run, Objects::skip);
  const auto leaf = [&](std::string_view name) {
    return *std::find_if(some.begin(), some.end(), [&](const Leaf& one) { return one.name == name; });
  };
  EXPECT_EQ(some.size(), 16u);
  EXPECT_EQ(leaf("train.epochs").doc, "how often all examples are seen");
  EXPECT_EQ(leaf("train.epochs").kind, "integer");
  EXPECT_EQ(leaf("train.epochs").range, "from 1 to 1000");
  EXPECT_EQ(leaf("train.epochs").value, "10");
  EXPECT_EQ(leaf("padding").choices, (std::vector<std::string>{"none", "same", "reflect"}));
  EXPECT_EQ(leaf("optimizer").choices, (std::vector<std::string>{"sgd", "adam"}));
  EXPECT_EQ(leaf("optimizer").value, "sgd(schedule=cosine)");
  EXPECT_EQ(leaf("clips").kind, "list of tables");
}

TEST(ConfigLeaves, CanBeSetToWhatTheyAre) {
  RunSettings run;
  run.name = "none, or \"this\" = [that";
  run.tags = {"a b", "c, d", "none"};
  run.padding = Border::none;
  run.layers = {make<Layer>("conv2d(3, padding=reflect)"), make<Layer>("relu")};
  run.optimizer = make<Rule>("sgd(0.5, schedule=warmup(1, cosine))");
  run.clips = {{.norm = 2}, {.strict = true}};
  const Value before = write(run);
  for (const Leaf& leaf : leaves(run)) {
    set(run, leaf.name, leaf.value);
    EXPECT_EQ(write(run), before) << leaf.name << " = " << leaf.value;
  }
}

TEST(ConfigSet, TakesOptions) {
  RunSettings run;
  set(run, "name", "3 = [x");
  EXPECT_EQ(run.name, "3 = [x");
  set(run, "tags", " a.csv , 7, b c,");
  EXPECT_EQ(run.tags, (std::vector<std::string>{"a.csv", "7", "b c"}));
  set(run, "tags", "['a, b', c]");
  EXPECT_EQ(run.tags, (std::vector<std::string>{"a, b", "c"}));
  set(run, "tags", "");
  EXPECT_TRUE(run.tags.empty());
  set(run, "sizes", "100, 50");
  EXPECT_EQ(run.sizes, (std::vector<std::int64_t>{100, 50}));
  set(run, "layers", "conv2d(8, 5), relu");
  set(run, "layers.0.padding", "same");
  set(run, "layers.1", "conv2d(2)");
  EXPECT_EQ(to_text(Value(describe(*run.layers[0]))), "\"conv2d(8, 5, padding=same)\"");
  EXPECT_EQ(describe(*run.layers[1]), "conv2d(2)");
  set(run, "train", "epochs=3, validation=0.5");
  EXPECT_EQ(run.train.epochs, 3);
  set(run, "train.clip.norm", "2");
  EXPECT_EQ(run.train.clip.norm, 2);
}

TEST(ConfigRange, InWords) {
  EXPECT_EQ(range_words({}), "");
  EXPECT_EQ(range_words(at_least(0)), "at least 0");
  EXPECT_EQ(range_words(above(0)), "above 0");
  EXPECT_EQ(range_words(between(0, 1)), "from 0 to 1");
  EXPECT_EQ(range_words(fraction()), "from 0 to less than 1");
  EXPECT_EQ(range_words({.high = 0.5}), "at most 0.5");
  EXPECT_EQ(range_words({.high = 1, .without_high = true}), "below 1");
  EXPECT_EQ(range_words({.low = 0, .high = 1, .without_low = true}), "above 0 and at most 1");
  EXPECT_EQ(range_words({.low = 0, .high = 1, .without_low = true, .without_high = true}),
            "above 0 and below 1");
}

TEST(ConfigMarkdown, ListsSettings) {
  Registry layers("layer");
  layers.add<Relu>();
  layers.add<Conv2d>();
  EXPECT_EQ(markdown(layers, 3), R"x(### relu

What is above 0 | else 0.

### conv2d

A convolution of images.

| setting | kind | default | range | what it is |
|---|---|---|---|---|
| `filters` | integer | `1` | at least 1 | channels of the result |
| `kernel` | integer | `3` | at least 1 | side of the window |
| `stride` | integer | `1` | at least 1 | step of the window |
| `padding` | one of none, same, reflect | `none` |  | what is around the image |
)x");
}

struct Bad : ConfigurableOf<Bad, Layer> {
  static constexpr Info kInfo{.name = "bad", .doc = "Bad."};
  static inline std::string_view first, second;
  double a = 0, b = 0;
  void fields(Fields& f) {
    f(first, a, "a");
    f(second, b, "b");
  }
};

TEST(ConfigMarkdown, RefusesBadNames) {
  Registry layers("layer");
  layers.add<Bad>();
  const auto message = [&](std::string_view first, std::string_view second) -> std::string {
    Bad::first = first;
    Bad::second = second;
    try {
      markdown(layers);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(message("x", "y"), "none");
  EXPECT_EQ(message("x", "x"),
            "[config] the setting 'x' of bad is listed twice. Give one of them another name. (E237)");
  EXPECT_EQ(message("x", "type"),
            "[config] the setting 'type' of bad cannot be named so. Need a lower-case word, not true, false, "
            "none, inf, "
            "nan or type. (E237)");
  EXPECT_EQ(message("X", "y"),
            "[config] the setting 'X' of bad cannot be named so. Need a lower-case word, not true, false, "
            "none, inf, "
            "nan or type. (E237)");
}

}  // namespace
}  // namespace chainrule::config
