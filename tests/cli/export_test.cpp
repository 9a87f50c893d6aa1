// chainrule export.
#include <gtest/gtest.h>

#include "chainrule/io.h"
#include "chainrule/nn/model.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

std::string small_run(const TemporaryFolder& folder) {
  const std::string run = (folder / "run").string();
  run_tool({"train", "--data", small_set(), "--net", "sequential([flatten, affine(4), relu, affine(4)])",
            "--steps", "6", "--batch-size", "10", "--out", run});
  return run;
}

TEST(Export, WritesARunAsC) {
  const TemporaryFolder folder;
  const std::string run = small_run(folder), out = (folder / "net").string();
  const Outcome outcome = run_tool({"export", run, "--to", "c", "--out", out, "--train-last", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.rfind(out + ".h, " + out + ".c: ", 0), 0U) << outcome.out;
  EXPECT_NE(read_file(out + ".h").find("float net_train_step("), std::string::npos);
  EXPECT_NE(read_file(out + ".c").find("/* relu1: where */"), std::string::npos);
}

TEST(Export, WritesWeightsForPytorch) {
  const TemporaryFolder folder;
  const std::string run = small_run(folder), out = (folder / "torch.safetensors").string();
  EXPECT_EQ(run_tool({"export", run, "--to", "pytorch", "--out", out}).code, 0);
  EXPECT_EQ(io::read_safetensors(out).tensors["1.weight"].shape(), (Shape{4, 30}));
}

TEST(Export, WritesATraceThatDiffFindsTheSame) {
  const TemporaryFolder folder;
  const std::string run = small_run(folder), out = (folder / "trace.npz").string();
  EXPECT_EQ(run_tool({"export", run, "--to", "trace", "--steps", "2", "--out", out}).code, 0);
  EXPECT_TRUE(io::read_npz(out).contains("step1/affine2.weight.grad"));
  EXPECT_EQ(run_tool({"diff", run, out}).code, 0);
}

TEST(Export, NeedsToKnowWhatTheNetTakes) {
  const TemporaryFolder folder;
  const std::string path = (folder / "net.safetensors").string();
  nn::Affine net{2};
  net.build(zeros({1, 3}));
  save(path, net);
  EXPECT_EQ(
      run_tool({"export", path, "--to", "c"}).err,
      "chainrule: [export] " + path +
          " does not say what its inputs are. Give the sizes of one, without the batch: --input 1,28,28. "
          "(E512)\n");
  const std::string out = (folder / "small").string();
  EXPECT_EQ(run_tool({"export", path, "--to", "c", "--input", "3", "--out", out + ".c"}).code, 0);
  EXPECT_NE(read_file(out + ".h").find("small_predict"), std::string::npos);
}

TEST(Export, NamesTheFormats) {
  EXPECT_EQ(
      run_tool({"export", "run1"}).err,
      "chainrule: [export] nothing is no format that is known. Name one with --to: onnx, c, pytorch, trace. "
      "(E511)\n");
}

}  // namespace
}  // namespace chainrule::cli
