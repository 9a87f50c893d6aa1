// chainrule export to ONNX, and models in the format ONNX: the real tool.
#include <gtest/gtest.h>

#include <filesystem>

#include "../../cli/onnx_file.h"
#include "cli/tool.h"
#include "message_of.h"

namespace chainrule::cli {
namespace {

/// A short run on the built-in digits.
class ExportOnnx : public testing::Test {
 protected:
  void SetUp() override {
    const Outcome trained = run_tool({"train", "--net", "mlp([10])", "--data", "digits", "--epochs", "1",
                                      "--set", "train.batch_size=1000", "--out", run});
    ASSERT_EQ(trained.code, 0) << trained.err;
  }
  const TemporaryFolder folder;
  const std::string run = folder / "run1", file = folder / "net.onnx";
};

TEST_F(ExportOnnx, TheFileIsAModelLikeTheRun) {
  const Outcome outcome = run_tool({"export", run, "--out", file});
  if (outcome.err.find("(E510)") != std::string::npos) GTEST_SKIP() << "the tool was built without ONNX";
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find(": ONNX, opset 17, "), std::string::npos) << outcome.out;
  const Outcome info = run_tool({"info", file});
  EXPECT_NE(info.out.find("input  x (N, 1, 28, 28) float"), std::string::npos) << info.out;
  EXPECT_EQ(run_tool({"eval", file}).out, run_tool({"eval", run}).out);
  EXPECT_NE(info.out.find(", by chainrule " CHAINRULE_VERSION "\n"), std::string::npos) << info.out;
  const Outcome checked = run_tool({"check", file});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_NE(checked.out.find("They agree."), std::string::npos) << checked.out;
  EXPECT_EQ(run_tool({"check", file, "--break", "affine1.weight"}).code, 3);
  EXPECT_EQ(run_tool({"graph", file}).code, 0);
  EXPECT_EQ(run_tool({"explain", file}).code, 0);
}

TEST(WithoutOnnx, TheToolSaysSo) {  // onnx_file.cpp is compiled into this test without it
  EXPECT_EQ(message_of([] { load_onnx_file("net.onnx"); }),
            "[onnx] net.onnx: this program was built without ONNX. Build it where libonnx-dev and "
            "libprotobuf-dev are installed: scripts/install-deps.sh onnx. (E510)");
}

TEST_F(ExportOnnx, SaysWhatIsMissing) {
  const std::string odd = folder / "net.xyz";
  const Outcome outcome = run_tool({"export", run, "--out", odd});
  EXPECT_EQ(outcome.err,
            "chainrule: [export] " + odd +
                " is no format that is known. Name one with --to: onnx, c, pytorch, trace. (E511)\n");
  EXPECT_FALSE(std::filesystem::exists(odd));
}

}  // namespace
}  // namespace chainrule::cli
