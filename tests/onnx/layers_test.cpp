// Every layer that has a name, with its settings, written to ONNX and read again.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "chainrule/onnx.h"
#include "message_of.h"
#include "nn/samples.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

class OnnxLayers : public testing::TestWithParam<nn::LayerSample> {};

TEST_P(OnnxLayers, ReadsBack) {
  const nn::LayerSample& sample = GetParam();
  const TemporaryFolder folder;
  const Shared<nn::Layer> layer = nn::make(sample);
  const auto write = [&] {
    return save_onnx((folder / "layer.onnx").string(), *layer, nn::Inputs(nn::inputs_of(sample, 3, f32)));
  };
  OnnxReport report;
  ASSERT_NO_THROW(report = write()) << message_of(write);
  EXPECT_LE(report.largest_difference, 3e-6);
}

INSTANTIATE_TEST_SUITE_P(All, OnnxLayers, testing::ValuesIn(nn::samples()));

}  // namespace
}  // namespace chainrule
