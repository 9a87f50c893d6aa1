// chainrule explain MODEL.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Outcome run(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return run_tool(words);
}

/// Trains a few steps on the small set.
std::string train(const TemporaryFolder& folder, const std::string& name, const std::string& net,
                  const Words& more = {}) {
  const std::string run_folder = folder / name;
  const Outcome made = run({"train", "--data", small_set(), "--net", net, "--steps", "5", "--batch-size",
                            "20", "--out", run_folder, "--optimizer", "adam", "--lr", "0.01"},
                           more);
  EXPECT_EQ(made.code, 0) << made.err;
  return run_folder;
}

class ExplainNet : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    mlp = train(*folder, "mlp", "mlp([6, 4])");
  }
  static void TearDownTestSuite() { delete folder; }

  static Json json(const Words& words) {
    const Outcome outcome = run({"explain", "--json"}, words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out);
  }
  static std::string refusal(const Words& words, int code = 2) {
    const Outcome outcome = run({"explain"}, words);
    EXPECT_EQ(outcome.code, code) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  }

  static inline TemporaryFolder* folder = nullptr;
  static inline std::string mlp;
};

TEST_F(ExplainNet, SaysEachLayer) {
  const Json made = json({mlp, "--sample", "3:13"});
  EXPECT_EQ(made["rows"].size(), 10u);
  EXPECT_EQ(made["rows"][0], 3);
  ASSERT_EQ(made["layers"].size(), 3u);
  const Json &affine = made["layers"][0], &relu = made["layers"][1];
  EXPECT_EQ(affine["path"], "affine1");
  EXPECT_EQ(affine["what"], "affine(6)");
  EXPECT_EQ(affine["output_shape"], (Json{10, 6}));
  EXPECT_EQ(affine["parameters"][0]["path"], "affine1.weight");
  EXPECT_FALSE(affine.contains("units"));
  EXPECT_EQ(relu["units"]["count"], 6);
  EXPECT_GE(relu["output"]["smallest"], 0.0);
  // What comes back through relu is what comes back to it, where it is on.
  EXPECT_LE(affine["gradient"]["norm"].get<double>(), relu["gradient"]["norm"].get<double>() * (1 + 1e-6));
  const Outcome text = run({"explain", mlp}, {});
  EXPECT_EQ(text.code, 0);
  EXPECT_EQ(
      text.out.rfind(
          mlp + "/model.safetensors, row 0 of the test part of " + small_set() + ": 0, and the net says ", 0),
      0u)
      << text.out;
  EXPECT_NE(text.out.find("\n  affine2  (1, 4) "), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\n  affine2.weight  (6, 4) "), std::string::npos) << text.out;
}

// dL/dW[i, j] = sum over rows of x[n, i] dy[n, j].
TEST_F(ExplainNet, AGradientIsTheSumOfItsTerms) {
  for (const char* weight : {"affine1.weight[7,2]", "affine1.bias[2]", "affine2.weight[5,3]"}) {
    const Json made = json({mlp, "--sample", "0:60", "--parameter", weight})["weight"];
    EXPECT_EQ(made["kind"], "products");
    ASSERT_EQ(made["terms"].size(), 60u);
    double sum = 0, size = 0, before = 1e300;
    for (const Json& term : made["terms"]) {
      EXPECT_EQ(term["product"].get<double>(), term["x"].get<double>() * term["dy"].get<double>());
      sum += term["product"].get<double>();
      size += std::abs(term["product"].get<double>());
      EXPECT_LE(std::abs(term["product"].get<double>()), before);
      before = std::abs(term["product"].get<double>());
    }
    EXPECT_EQ(made["sum"], sum);
    EXPECT_NEAR(made["gradient"], sum, 1e-6 * size) << weight;
  }
}

TEST_F(ExplainNet, OtherLayersHaveAPassARow) {
  const std::string conv =
      train(*folder, "conv", "sequential([conv2d(3, 3, bias=false), batch_norm, relu, affine(4)])");
  const Json made = json({conv, "--sample", "0:7", "--parameter", "conv2d1.weight[1,0,2,2]"})["weight"];
  EXPECT_EQ(made["kind"], "samples");
  ASSERT_EQ(made["terms"].size(), 7u);
  double sum = 0, size = 0;
  for (const Json& term : made["terms"])
    sum += term["product"].get<double>(), size += std::abs(term["product"].get<double>());
  EXPECT_NEAR(made["gradient"], sum, 1e-5 * size);
  // In training batch norm mixes the rows.
  EXPECT_EQ(json({conv, "--batch", "--parameter", "conv2d1.weight[1,0,2,2]"})["weight"]["kind"], "none");
  const Outcome text = run({"explain", conv}, {"--batch", "--parameter", "conv2d1.weight[1,0,2,2]"});
  EXPECT_NE(text.out.find("The loss is no sum over the rows here"), std::string::npos) << text.out;
}

// What is said of the next step is what the next step does, to the last bit.
TEST_F(ExplainNet, AnUpdateIsWhatTheNextStepDoes) {
  const std::vector<Words> settings{
      {},
      {"--optimizer", "sgd", "--lr", "0.5"},
      {"--optimizer", "momentum", "--set", "optimizer.weight_decay=0.01"},
      {"--optimizer", "rmsprop(momentum=0.5, centred=true)"},
      {"--optimizer", "lion"},
      {"--optimizer", "sgd", "--lr", "0.5", "--set", "optimizer.clip_norm=0.01"},
      {"--optimizer", "nadam", "--set", "optimizer.clip_value=0.0001"},
      {"--optimizer", "adadelta", "--set", "optimizer.l1=0.001"},
      {"--optimizer", "sgd", "--set",
       "optimizer.groups=[{match=\"affine2.*\", lr_factor=0.5, weight_decay=0.1}]"},
      {"--set", "optimizer.accumulate=3", "--lr", "cosine(0.1, 5)"}};
  int number = 0;
  for (const Words& more : settings) {
    const std::string name = train(*folder, "next" + std::to_string(number++), "mlp([6, 4])", more);
    const Json update = json({name, "--batch", "--parameter", "affine2.weight[5,3]"})["update"];
    EXPECT_EQ(update["step"], 6);
    EXPECT_EQ(update["states_from"], "the optimizer's states are those of the checkpoint of step 5");
    ASSERT_EQ(run_tool({"train", "--resume", name, "--steps", "6"}).code, 0);
    const Tensor weight = io::read_safetensors(name + "/model.safetensors").tensors["affine2.weight"];
    EXPECT_EQ(static_cast<float>(update["after"].get<double>()), weight.to_vector<float>()[5 * 4 + 3])
        << update.dump(1);
    EXPECT_NE(update["after"], update["before"]) << update.dump(1);
  }
}

TEST_F(ExplainNet, AFrozenWeightHasAGradientAndNoUpdate) {
  const std::string name = train(*folder, "frozen", "mlp([6, 4])",
                                 {"--set", "optimizer.groups=[{match=\"affine1.*\", frozen=true}]"});
  const Json made = json({name, "--parameter", "affine1.bias[0]"});
  EXPECT_EQ(made["weight"]["terms"].size(), 1u);
  EXPECT_TRUE(made["update"].is_null());
  const std::string text = run({"explain", name}, {"--parameter", "affine1.bias[0]"}).out;
  EXPECT_NE(text.find("\n(affine1.bias is frozen: no step changes it)\n"), std::string::npos) << text;
}

TEST_F(ExplainNet, WritesTheRuleOut) {
  const std::string text = run({"explain", mlp}, {"--batch", "--parameter", "affine1.bias[0]"}).out;
  for (const char* line : {"\nStep 6 of adam, lr 0.01:\n", "\n  new m = m - 0.1 * (m - gradient)\n",
                           "\n  new v = v - 0.001 * (v - gradient^2)\n", "* (new m / (sqrt(new v) + "}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST_F(ExplainNet, WritesAPageThatLoadsNothing) {
  const std::string file = *folder / "net.html";
  EXPECT_EQ(run({"explain", mlp}, {"--out", file, "--parameter", "affine1.bias[0]"}).code, 0);
  const std::string page = read_file(file);
  EXPECT_EQ(page.find("://"), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  std::size_t sections = 0;
  for (auto at = page.find("<section"); at != std::string::npos; at = page.find("<section", at + 1))
    ++sections;
  EXPECT_EQ(sections, 8u);  // input, three layers, loss, three layers
  EXPECT_NE(page.find("max=\"7\""), std::string::npos);
  EXPECT_NE(page.find("Step 6 of adam"), std::string::npos);
}

TEST_F(ExplainNet, KnowsEveryKindOfNet) {
  const std::string text = *folder / "text.txt", csv = *folder / "table.csv";
  {
    std::ofstream words(text), table(csv);
    for (int i = 0; i < 60; ++i) words << "the cat sat on the mat. ";
    table << "a,b,y\n";
    for (int i = 0; i < 50; ++i) table << i % 7 << "," << i % 5 << "," << i % 7 - i % 5 << "\n";
  }
  const std::string drop =
      train(*folder, "drop", "sequential([flatten, affine(8), dropout(0.5), tanh, affine(4)])");
  const std::string gpt = train(*folder, "gpt", "char_gpt(layers=1, channels=8, heads=2)",
                                {"--data", text, "--data.text.length", "8"});
  const std::string lstm =
      train(*folder, "lstm", "char_rnn(hidden=8)", {"--data", text, "--data.text.length", "8"});
  const std::string regression = train(*folder, "cars", "mlp([4, 1])", {"--data", csv, "--target", "y"});
  for (const std::string& name : {drop, gpt, lstm, regression}) {
    for (const Words& more : {Words{"--sample", "1"}, Words{"--batch"}, Words{"--format", "html"}}) {
      const Outcome outcome = run({"explain", name}, more);
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_EQ(outcome.err, "");
    }
  }
  // A linear layer sees each of the eight steps of a row.
  const Json linear = json({gpt, "--sample", "0", "--parameter", "block1.expand.weight[3,1]"})["weight"];
  EXPECT_EQ(linear["kind"], "products");
  EXPECT_EQ(linear["terms"].size(), 8u);
  EXPECT_NEAR(linear["gradient"], linear["sum"].get<double>(), 1e-7);
  EXPECT_NE(run({"explain", regression}, {}).out.find(", and the net says "), std::string::npos);
  const Json other = json({regression, "--data", csv, "--sample", "49"});
  EXPECT_EQ(other["rows"][0], 49);
}

TEST_F(ExplainNet, RefusesWhatCannotBe) {
  const std::string model = mlp + "/model.safetensors", set = "the test part of " + small_set();
  EXPECT_EQ(refusal({mlp, "--sample", "60"}),
            "chainrule: [explain] --sample 60: " + set + " has rows from 0 to 59. (E382)\n");
  EXPECT_EQ(refusal({mlp, "--sample", "-1"}),
            "chainrule: [explain] --sample -1: " + set + " has rows from 0 to 59. (E382)\n");
  EXPECT_EQ(refusal({mlp, "--sample", "5:5"}),
            "chainrule: [explain] --sample 5:5: " + set + " has rows from 0 to 59. (E382)\n");
  const std::string big = *folder / "big.csv";
  {
    std::ofstream table(big);
    table << "a,y\n";
    for (int i = 0; i < 1200; ++i) table << i % 7 << "," << i % 5 << "\n";
  }
  const std::string many = train(*folder, "many", "mlp([2, 1])", {"--data", big, "--target", "y"});
  EXPECT_EQ(refusal({many, "--data", big, "--sample", "0:1001"}),
            "chainrule: [explain] --sample 0:1001: 1000 rows at most. (E382)\n");
  for (const char* wrong : {"x", "1:", "1:2:3", "99999999999999999999", "1.5"}) {
    EXPECT_EQ(refusal({mlp, "--sample", wrong}), std::string("chainrule: [explain] --sample ") + wrong +
                                                     ": need a row, 3, or some rows, 0:100. (E382)\n");
  }
  EXPECT_EQ(refusal({mlp, "--parameter", "affine1.wieght[0,0]"}),
            "chainrule: [explain] the net has no parameter 'affine1.wieght'. Did you mean affine1.weight? "
            "(E381)\n");
  EXPECT_EQ(refusal({mlp, "--parameter", "affine1.weight[30,0]"}),
            "chainrule: [explain] affine1.weight has the shape (30, 6): it has no element [30,0]. Indices "
            "count from 0, up "
            "to [29,5]. (E381)\n");
  EXPECT_EQ(refusal({mlp, "--parameter", "affine1.bias"}),
            "chainrule: [explain] affine1.bias has the shape (6,): it has no element []. Indices count from "
            "0, up to [5]. "
            "(E381)\n");
  for (const std::string wrong : {"affine1.bias[", "affine1.bias[]]", "affine1.bias[1,]", "affine1.bias[a]",
                                  "[1]", "affine1.bias[1 2]", "affine1.bias[99999999999999999999]"}) {
    EXPECT_EQ(refusal({mlp, "--parameter", wrong}),
              "chainrule: [explain] '" + wrong +
                  "' names no weight. Write its path and its place: affine1.weight[3,5]. (E381)\n");
  }
  EXPECT_EQ(refusal({model, "--batch"}), "chainrule: [explain] --batch: " + model +
                                             " has no checkpoint, so it is not known which step comes next. "
                                             "Name a run's folder, or rows with --sample. "
                                             "(E382)\n");
  EXPECT_EQ(
      refusal({mlp, "--format", "svg"}),
      "chainrule: a net is explained as text, json or html. For a picture: chainrule graph " + mlp + "\n");
  EXPECT_EQ(refusal({mlp, "--at", "x=1"}),
            "chainrule: --at, --wrt, --order, --check, --solve and --minimize explain an "
            "expression; " +
                mlp + " is a net.\n");
  EXPECT_EQ(
      refusal({"x", "--at", "x=1", "--sample", "3"}),
      "chainrule: --sample, --batch, --parameter and --data explain a net; x is no run and no model file.\n");
  EXPECT_EQ(refusal({mlp, "--batch", "--sample", "3"}).rfind("chainrule: --sample excludes --batch", 0), 0u);
  EXPECT_EQ(refusal({"nothing.safetensors"}, 4),
            "chainrule: [read] nothing.safetensors: No such file or directory. Check the path. (E200)\n");
  const std::string foreign = *folder / "foreign.safetensors";
  io::write_safetensors(foreign, {{"w", zeros({2})}});
  EXPECT_EQ(refusal({foreign}, 4)
                .rfind("chainrule: [model] " + foreign + " does not say what net its tensors are of", 0),
            0u);
}

TEST_F(ExplainNet, RefusesEndingsThatSayNothing) {
  EXPECT_EQ(refusal({"x", "--at", "x=1", "--out", "foo.pdf"}),
            "chainrule: [write] foo.pdf: the ending .pdf says nothing of how to write it. Take .txt, .json, "
            ".dot, .svg or "
            ".html, or name the kind with --format. (E380)\n");
  EXPECT_EQ(refusal({mlp, "--out", "foo.svg"}),
            "chainrule: [write] foo.svg: the ending .svg says nothing of how to write it. Take .txt, .json "
            "or .html, or "
            "name the kind with --format. (E380)\n");
  EXPECT_EQ(refusal({"x", "--at", "x=1", "--solve", "2", "--out", "foo.html"}),
            "chainrule: [write] foo.html: the ending .html says nothing of how to write it. Take .txt or "
            ".json, or name "
            "the kind with --format. (E380)\n");
  const Outcome sheet = run_tool({"data", "show", small_set(), "--out", *folder / "sheet.jpg"});
  EXPECT_EQ(sheet.code, 2);
  EXPECT_EQ(sheet.err, "chainrule: [write] " + (*folder / "sheet.jpg").string() +
                           ": the ending .jpg says nothing of how to write it. Take .png. (E380)\n");
}

// A file or folder that happens to have the name of a variable is no net.
TEST_F(ExplainNet, AVariableIsNoFile) {
  const TemporaryFolder elsewhere;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(elsewhere.string());
  std::ofstream("x") << "text";
  std::filesystem::create_directory("y");
  EXPECT_EQ(run_tool({"explain", "x", "--at", "x=1"}).code, 0);
  EXPECT_EQ(run_tool({"explain", "y", "--at", "y=1"}).code, 0);
  EXPECT_EQ(run_tool({"explain", "./y"}).code, 4);
  std::filesystem::current_path(before);
}

TEST_F(ExplainNet, ValuesMayFollowOneAnother) {
  const Words point{"x*y", "--at", "x=1", "y=2"};
  const Outcome apart = run({"explain"}, point);
  EXPECT_EQ(apart.code, 0) << apart.err;
  EXPECT_EQ(apart.out, run_tool({"explain", "x*y", "--at", "x=1,y=2"}).out);
  EXPECT_EQ(run_tool({"explain", "--at", "x=1", "y=2", "x*y"}).out, apart.out);
  EXPECT_EQ(
      refusal({"x*y", "--at", "x=1,y=2", "--wrt", "x", "y"}),
      "chainrule: [explain] 'y' is one argument too many. Several names are written with commas: --wrt x,y. "
      "(E384)\n");
  EXPECT_EQ(refusal({"x", "+", "1", "--at", "x=1"}),
            "chainrule: [explain] '+' is one argument too many. An expression with blanks stands in quotes: "
            "'w * 2 + b'. "
            "(E384)\n");
}

TEST_F(ExplainNet, SaysWhyAFunctionIsNone) {
  EXPECT_EQ(refusal({"sign(x)", "--at", "x=1"}),
            "chainrule: [explain] 'sign' has no derivative: it is constant between its jumps and has no "
            "slope at them.\n"
            "    sign(x)\n    ^^^^ (E092)\n");
  EXPECT_EQ(refusal({"sum(x)", "--at", "x=1"}),
            "chainrule: [explain] 'sum' is a function of tensors, and expressions have numbers only.\n"
            "    sum(x)\n    ^^^ (E092)\n");
  for (const char* known : {"floor", "ceil", "round", "less", "matmul", "softmax", "mean", "argmax"}) {
    const std::string said = refusal({std::string(known) + "(x)", "--at", "x=1"});
    EXPECT_EQ(said.find("Did you mean"), std::string::npos) << said;
    EXPECT_EQ(said.find("unknown function"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace chainrule::cli
