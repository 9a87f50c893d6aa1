// Every layer of the table as C: compiled by what compilers there are, run, and compared with the library.
#include <gtest/gtest.h>

#include <set>

#include "c_export/compiler.h"
#include "c_export/many_nets.h"
#include "chainrule/error.h"
#include "nn/samples.h"

namespace chainrule::c_export {
namespace {

struct Samples {
  std::vector<Net> nets;
  std::vector<std::string> left_out;  // with the reason
};

/// Of each kind of layer the first, or all.
Samples samples_of(bool one_a_kind) {
  Samples made;
  std::set<std::string> kinds;
  for (const nn::LayerSample& sample : nn::samples()) {
    if (one_a_kind && !kinds.insert(sample.kind()).second) continue;
    const Shared<nn::Layer> layer = nn::make(sample);
    const std::vector<Tensor> inputs = nn::inputs_of(sample, 2, f32);
    layer->build(nn::Inputs(inputs));
    try {
      made.nets.push_back(make_net(made.nets.size(), sample.text, *layer, inputs));
    } catch (const ValueError& error) {
      made.left_out.push_back(sample.text + ": " + error.what());
    }
  }
  return made;
}
const Samples& all_samples() {
  static const Samples kSamples = samples_of(false);
  return kSamples;
}

class EveryCompiler : public ::testing::TestWithParam<Compiler> {};

TEST_P(EveryCompiler, SaysOfEveryLayerWhatTheLibrarySays) {
  if (!works(GetParam())) GTEST_SKIP() << GetParam().command << " does not work here";
  static const Samples kOneAKind = samples_of(true);
  const bool is_first =
      GetParam().name == compilers()[0].name;  // the others see fewer, as compiling takes long
  const std::vector<Net>& nets = (is_first ? all_samples() : kOneAKind).nets;
  std::string messages;
  const std::string output = compile_and_run(GetParam(), program_of(nets), "-O0", messages);
  ASSERT_EQ(messages, "");
  const std::vector<Said> said = read_output(output, nets);
  for (std::size_t i = 0; i < nets.size(); ++i) {
    EXPECT_EQ(said[i].self_test, 0) << nets[i].what;
    EXPECT_LE(distance(nets[i], said[i]), 3e-6) << nets[i].what;
  }
}

INSTANTIATE_TEST_SUITE_P(, EveryCompiler, ::testing::ValuesIn(compilers()),
                         [](const auto& one) { return one.param.name; });

/// Whether the library's kernels add in another order: transposed convolutions, and Winograd's of 3 x 3.
bool has_other_order(const Net& net) {
  return net.what.starts_with("conv_transpose") || net.what.starts_with("deep_conv_net");
}

TEST(SamplesInC, HaveTheSameBits) {
  if (!works(compilers()[0])) GTEST_SKIP() << "there is no gcc";
  const std::vector<Net>& nets = all_samples().nets;
  std::string before, messages;
  for (std::size_t i = 0; i < nets.size(); ++i) before += "#define NET" + std::to_string(i) + "_SAME_BITS\n";
  const std::vector<Said> said =
      read_output(compile_and_run(compilers()[0], program_of(nets, before), "-O0", messages), nets);
  ASSERT_EQ(messages, "");
  for (std::size_t i = 0; i < nets.size(); ++i) {
    EXPECT_LE(distance(nets[i], said[i]), has_other_order(nets[i]) ? 3e-6 : 0) << nets[i].what;
  }
}

TEST(SamplesInC, LeaveOutWhatHasNoForm) {
  ASSERT_EQ(all_samples().left_out.size(), 1U);  // a loss, which takes numbers of classes
  EXPECT_EQ(all_samples().left_out[0],
            "softmax_with_loss: [export_c] these operations have no form in C:\n  softmax_cross_entropy with "
            "numbers "
            "of classes (targets must be rows)\nExport a net without them. (E570)");
}

}  // namespace
}  // namespace chainrule::c_export
