// Whole nets as C: whole numbers as weights, training on, errors.
#include <gtest/gtest.h>

#include <sstream>

#include "c_export/compiler.h"
#include "c_export/many_nets.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/loss.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"

namespace chainrule::c_export {
namespace {

Tensor images() { return normal({3, 1, 28, 28}, {.seed = 3}); }

nn::LeNet built_lenet() {
  nn::LeNet net;
  net.build(images());
  return net;
}

std::string without_first_line(const std::string& text) { return text.substr(text.find('\n') + 1); }

TEST(NetsInC, LenetCompilesFreestandingWithOptimisation) {
  if (!works(compilers()[0])) GTEST_SKIP() << "there is no gcc";
  const std::vector<Net> nets{make_net(0, "lenet", built_lenet(), {images()})};
  std::string messages;
  for (const std::string options :
       {"-O2", "-O2 -ffreestanding", "-O2 -DNET0_SAME_BITS", "-O3 -march=native -DNET0_SAME_BITS"}) {
    const std::vector<Said> said =
        read_output(compile_and_run(compilers()[0], program_of(nets), options, messages), nets);
    ASSERT_EQ(messages, "") << options;
    EXPECT_EQ(said[0].self_test, 0) << options;
    EXPECT_LE(distance(nets[0], said[0]), options.ends_with("SAME_BITS") ? 0 : 3e-6) << options;
  }
}

TEST(NetsInC, WholeNumbersAreAQuarterOfTheSizeAndAsFarAsStated) {
  if (!works(compilers()[0])) GTEST_SKIP() << "there is no gcc";
  const nn::LeNet net = built_lenet();
  const std::vector<Net> nets{make_net(0, "lenet", net, {images()}, {.int8 = true})};
  const CSource whole = c_source("net0", net, images());
  EXPECT_LT(nets[0].source.weight_bytes, whole.weight_bytes / 3);
  std::string messages;
  const std::vector<Said> said =
      read_output(compile_and_run(compilers()[0], program_of(nets), "-O1", messages), nets);
  ASSERT_EQ(messages, "");
  EXPECT_EQ(said[0].self_test, 0);
  EXPECT_GT(nets[0].source.int8_error, 0);
  EXPECT_LE(distance(nets[0], said[0]), nets[0].source.int8_error + 1e-5);
}

// Ten steps of the last two layers, each row by itself, beside the same steps here.
TEST(NetsInC, TrainsTheLastLayersAsTheLibraryDoes) {
  if (!works(compilers()[0])) GTEST_SKIP() << "there is no gcc";
  nn::Sequential net{nn::Affine{6}, nn::Tanh{}, nn::Affine{5}, nn::Relu{}, nn::Affine{3}};
  const Tensor x = normal({4, 8}, {.seed = 4});
  net.build(x);
  const CSource made = c_source("net", net, x, {.train_last = 2});
  EXPECT_EQ(made.state_bytes, 4 * (6 * 5 + 5 + 5 * 3 + 3));
  std::ostringstream program;
  program << "#define NET_SAME_BITS\n"
          << made.header << without_first_line(made.source) << R"(
#include <stdio.h>
int main(void)
{
  static float workspace[NET_WORKSPACE_BYTES / 4], state[NET_STATE_BYTES / 4];
  const float *rows[4] = {net_example_x1, net_example_x2, net_example_x3, net_example_x4};
  float t[3];
  long i, j;
  printf("%d\n", net_self_test(state, workspace));
  net_init(state);
  for (i = 0; i < 10; ++i) {
    for (j = 0; j < 3; ++j) t[j] = j == i % 3 ? 1.0f : 0.0f;
    printf("%.9g\n", (double)net_train_step(rows[i % 4], t, 0.25f, state, workspace));
  }
  for (i = 0; i < (long)(NET_STATE_BYTES / 4); ++i) printf("%.9g\n", (double)state[i]);
  return 0;
}
)";
  std::string messages;
  std::istringstream output(compile_and_run(compilers()[0], program.str(), "-O1", messages));
  ASSERT_EQ(messages, "");
  std::vector<float> said;
  for (float number = 0; output >> number;) said.push_back(number);

  std::vector<float> expected{0};
  std::vector<nn::NamedParameter> trained = net.parameters();
  trained.erase(trained.begin(), trained.begin() + 2);
  for (int i = 0; i < 10; ++i) {
    const Tensor t = tensor({i % 3 == 0 ? 1 : 0, i % 3 == 1 ? 1 : 0, i % 3 == 2 ? 1 : 0}, {1, 3});
    const Tensor loss = softmax_cross_entropy(net.predict(slice(x, 0, i % 4, i % 4 + 1)), t);
    const std::vector<Tensor> gradients = grad(loss, nn::values(trained));
    expected.push_back(loss.item<float>());
    for (std::size_t p = 0; p < trained.size(); ++p) {
      trained[p].parameter.set_value(trained[p].parameter.value() - 0.25 * gradients[p]);
    }
  }
  for (const nn::NamedParameter& one : trained) {
    for (const float number : one.parameter.value().to_vector<float>()) expected.push_back(number);
  }
  EXPECT_EQ(said, expected);
}

TEST(NetsInC, ModelsHaveTheirScalingAndClasses) {
  Model model;
  model.net = Shared<nn::Layer>(new nn::Affine{2});
  const Tensor x = ones({1, 3});
  model.net->build(x);
  model.options.classes = {"cat", "dog \"x\""};
  model.options.before = Shared<nn::Layer>(new nn::Relu{});
  const CSource made = c_source("pets", model, x);
  EXPECT_NE(made.header.find("#define PETS_CLASSES 2\n"), std::string::npos);
  EXPECT_NE(made.header.find("What goes in is scaled inside: relu"), std::string::npos);
  EXPECT_NE(made.source.find("  \"dog \\\"x\\\"\",\n"), std::string::npos);
}

struct Sorts : nn::LayerOf<Sorts> {
  static constexpr Info kInfo{.name = "sorts", .doc = "For this test."};
  Tensor compute(const Tensor& x, nn::Pass&) const { return take_along_axis(x, argsort(x, 1), 1); }
};

TEST(NetsInC, ListsAllThatHasNoForm) {
  EXPECT_EQ(message_of([] {
              c_source("net", Sorts{}, ones({1, 3}));
            }),
            "[export_c] these operations have no form in C:\n  argsort\nExport a net without them. (E570)");
  nn::Affine wide{2};
  const Tensor x = ones({1, 3}, f64);
  wide.build(x);
  EXPECT_EQ(message_of([&] { c_source("net", wide, x); }),
            "[export_c] these operations have no form in C:\n  add of f64\n  matmul of f64\n"
            "Export a net without them. (E570)");
}

TEST(NetsInC, SayWhatIsWrongWithOptions) {
  nn::Affine net{2};
  const Tensor x = ones({1, 3});
  net.build(x);
  EXPECT_EQ(
      message_of([&] { c_source("2net", net, x); }),
      "[export_c] '2net' cannot be the name of functions in C. Take letters, digits and _, no digit first. "
      "(E571)");
  EXPECT_EQ(message_of([&] { c_source("net", net, x, {.train_last = 2}); }),
            "[export_c] the last 2 affine layers are to be trained; affine has 1. Give a number from 1 to "
            "that. (E572)");
  EXPECT_EQ(message_of([&] { c_source("net", net, x, {.train_last = 1, .loss = "hinge"}); }),
            "[export_c] loss is hinge; need softmax_cross_entropy or mse. (E572)");
}

}  // namespace
}  // namespace chainrule::c_export
