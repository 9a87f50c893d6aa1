// A whole step writes parameters and states of the rule over the old ones.
#include <gtest/gtest.h>

#include <map>

#include "chainrule/chainrule.h"
#include "core/sanitizer.h"
#include "ops/op.h"
#include "plan/program.h"

namespace chainrule::optim {
namespace {

/// Where parameters and states of the rule lie that are large enough for a difference, by path. Running
/// statistics are not among them: they are computed with those of the batch, before the loss has been found
/// to be finite.
std::map<std::string, const float*> places(const nn::Layer& net, const Optimizer& optimizer) {
  std::map<std::string, const float*> found;
  const auto note = [&](const std::string& name, const Tensor& value) {
    if (value.dtype() != f32 || value.numel() * sizeof(float) < kMinTakeoverBytes) return;
    found[name] = value.data<float>().data();
  };
  for (const nn::NamedParameter& p : net.parameters()) note(p.name, p.parameter.value());
  for (const auto& [name, tensor] : optimizer.state()) note(name, tensor);
  return found;
}

struct Training {
  std::string name;
  Shared<nn::Layer> net;
  Shape input;
  AnyRule rule;
  Options options;
};
std::ostream& operator<<(std::ostream& out, const Training& training) { return out << training.name; }

std::vector<Training> trainings() {
  using namespace nn;
  const Sequential dense(Affine(1100), BatchNorm(), Relu(), Dropout(0.3), Affine(1030), Tanh(), Affine(10));
  const Sequential images(Conv2d(16, 3, {.padding = 1}), BatchNorm(), Relu(), Conv2d(16, 3), Sigmoid(),
                          MaxPool2d(2), Dropout(0.2), Affine(40), Affine(10));
  const Rate rate = warm_up(steps(5), cosine(0.01, steps(1000)));
  std::vector<Training> all;
  for (const Registry::Row& row : registry<Rule>().rows()) {
    const Shared<Rule> rule(static_cast<Rule*>(row.make()));
    all.push_back({std::string(row.info->name) + "_dense", dense.clone(), {32, 70}, rule, {.lr = rate}});
    all.push_back(
        {std::string(row.info->name) + "_images", images.clone(), {8, 1, 12, 12}, rule, {.lr = rate}});
  }
  all.push_back(
      {"one_row", Sequential(Affine(64), Relu(), Affine(50)).clone(), {1, 60}, Adam{}, {.lr = rate}});
  all.push_back({"weight_decay", dense.clone(), {32, 70}, Adam{}, {.lr = rate, .weight_decay = 0.01}});
  all.push_back({"clip_value", dense.clone(), {32, 70}, Momentum{}, {.lr = rate, .clip_value = 0.1}});
  all.push_back({"clip_norm", dense.clone(), {32, 70}, Adam{}, {.lr = rate, .clip_norm = 0.1}});
  return all;
}

class InPlace : public ::testing::TestWithParam<Training> {};
INSTANTIATE_TEST_SUITE_P(Nets, InPlace, ::testing::ValuesIn(trainings()),
                         [](const auto& training) { return training.param.name; });

TEST_P(InPlace, AWholeStepWritesOverTheOldNumbers) {
  if (mode() != Mode::lazy) GTEST_SKIP() << "in this mode all numbers are written anew";
  const Training& training = GetParam();
  const Shared<nn::Layer> net = training.net->clone();
  Optimizer optimizer(*net, training.rule, training.options);
  const auto step = [&] {
    const auto now = static_cast<std::uint64_t>(optimizer.steps());
    nn::Pass pass = nn::Pass::training(1, optimizer.steps());
    const Tensor x = normal(training.input, {.seed = 3, .step = now});
    const Tensor output = net->forward(x, pass);  // held: keeps its value, and nothing that it was made of
    optimizer.step(softmax_cross_entropy(output, zeros({training.input[0]}, i64)), pass);
  };
  // The first run of a plan writes to new memory, and in the first step of Adam m and v are one leaf.
  for (int i = 0; i < 3; ++i) step();
  const auto before = places(*net, optimizer);
  EXPECT_GE(before.size(), 2u);
  for (int i = 0; i < 3; ++i) step();
  for (const auto& [name, place] : places(*net, optimizer)) {
    EXPECT_EQ(place, before.at(name)) << name;
  }
}

}  // namespace
}  // namespace chainrule::optim
