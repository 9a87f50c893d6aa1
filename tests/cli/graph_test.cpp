// chainrule graph.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "chainrule/nn.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Outcome graph(const Words& more) {
  Words words{"graph", "--data", small_set()};
  words.insert(words.end(), more.begin(), more.end());
  return run_tool(words);
}

const std::string kBranches =
    "sequential([conv2d(2, 3, padding=1), residual(sequential([conv2d(2, 3, padding=1), relu])), "
    "residual(sequential([conv2d(2, 3, padding=1), relu])), parallel([conv2d(1, 1), conv2d(2, 1)]), "
    "affine(4)])";

// Parameters: 2 (1 3 3) + 2 = 20; 2 (2 3 3) + 2 = 38; 1 2 + 1 = 3 and 2 2 + 2 = 6; 3 6 5 4 + 4 = 364.
TEST(Graph, ListsBranchesAndRepeats) {
  const Outcome outcome = graph({"--net", kBranches});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(
      outcome.out,
      "  layer                        what                  output        parameters\n"
      "  (input)                                            (N, 1, 6, 5)\n"
      "  sequential                   sequential            (N, 4)               469\n"
      "    conv2d1                    conv2d(2, padding=1)  (N, 2, 6, 5)          20\n"
      "    residual1 to residual2 x2  residual              (N, 2, 6, 5)          76\n"
      "      body                     sequential            (N, 2, 6, 5)          38\n"
      "        conv2d1                conv2d(2, padding=1)  (N, 2, 6, 5)          38\n"
      "        relu1                  relu                  (N, 2, 6, 5)\n"
      "      add                      add                   (N, 2, 6, 5)              from the input + body\n"
      "    parallel1                  parallel              (N, 3, 6, 5)           9\n"
      "      conv2d1                  conv2d(1, 1)          (N, 1, 6, 5)           3\n"
      "      conv2d2                  conv2d(2, 1)          (N, 2, 6, 5)           6  from the input\n"
      "      concatenate              concatenate           (N, 3, 6, 5)              from conv2d1 + "
      "conv2d2\n"
      "    affine1                    affine(4)             (N, 4)               364\n");
}

TEST(Graph, JsonHasBoxesAndEdges) {
  const Json made = Json::parse(graph({"--net", kBranches, "--all", "--json"}).out);
  EXPECT_EQ(made["input"], (Json{2, 1, 6, 5}));
  const Json& net = made["net"];
  EXPECT_EQ(net["kind"], "group");
  ASSERT_EQ(net["inside"].size(), 5u);
  EXPECT_EQ(net["edges"], Json::parse(R"([["input",0],[0,1],[1,2],[2,3],[3,4],[4,"output"]])"));
  const Json& residual = net["inside"][1];
  EXPECT_EQ(residual["inside"][1]["kind"], "join");
  EXPECT_EQ(residual["inside"][0]["path"], "residual1.body");
  EXPECT_EQ(residual["edges"], Json::parse(R"([["input",0],["input",1],[0,1],[1,"output"]])"));
}

TEST(Graph, DrawsPictures) {
  const TemporaryFolder folder;
  const std::string file = folder / "net.svg";
  const Outcome outcome = graph({"--net", kBranches, "--out", file});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const std::string svg = read_file(file);
  for (const char* text :
       {">input (N, 1, 6, 5)<", ">output (N, 4)<", ">residual1 to residual2 ×2<", ">+<", ">concatenate<",
        ">conv2d(2, padding=1)<", ">364 parameters<", ">residual, 2 x 38 parameters<"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
  const std::string dot = graph({"--net", kBranches, "--format", "dot"}).out;
  EXPECT_EQ(dot.rfind("digraph net {\n", 0), 0u);
  std::size_t clusters = 0;
  for (auto at = dot.find("subgraph"); at != std::string::npos; at = dot.find("subgraph", at + 1)) ++clusters;
  EXPECT_EQ(clusters, 4u);  // the net, the residual, its body, the parallel
  EXPECT_EQ(graph({"--net", kBranches, "--out", folder / "net.pdf"}).code, 2);
}

TEST(Graph, CollapsesPlainLayersFromThreeTimesOn) {
  const auto names = [](const std::string& net) {
    std::vector<std::string> found;
    const Json made = Json::parse(graph({"--net", net, "--json"}).out);
    for (const Json& box : made["net"]["inside"])
      found.push_back(box["name"].get<std::string>() + " " + std::to_string(box["repeats"].get<int>()));
    return found;
  };
  EXPECT_EQ(
      names("sequential([flatten, affine(8), relu, affine(8), relu, affine(8), relu, affine(8), relu, "
            "affine(4)])"),
      (std::vector<std::string>{"flatten1 1", "affine1 1", "relu1 to affine4 3", "relu4 1", "affine5 1"}));
  EXPECT_EQ(names("sequential([affine(8), relu, affine(8), relu, affine(4)])").size(), 5u);
}

TEST(Graph, KnowsRunsModelsAndShapes) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", model = folder / "net.safetensors";
  ASSERT_EQ(
      run_tool({"train", "--data", small_set(), "--net", "mlp([6, 4])", "--steps", "1", "--out", run}).code,
      0);
  const std::string text = run_tool({"graph", run}).out;
  EXPECT_NE(text.find("    affine1  affine(6)  (N, 6)               186\n"), std::string::npos) << text;
  EXPECT_EQ(run_tool({"graph", run + "/model.safetensors"}).out, text);

  nn::Sequential net{nn::Affine{3}, nn::Relu{}, nn::Affine{2}};
  net.build(zeros({1, 4}));
  save(model, net);
  const Outcome unknown = run_tool({"graph", model});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err,
            "chainrule: [graph] " + model +
                " does not say what its net takes. Give the shape of a row: --input 1,28,28. (E385)\n");
  EXPECT_EQ(run_tool({"graph", model, "--input", "4"}).code, 0);
  EXPECT_EQ(run_tool({"graph", model, "--input", "5"}).code, 2);  // as the layer says
  for (const std::string wrong :
       {"", "x", "1,", ",1", "0", "-3", "1,,2", "1000001", "99999999999999999999"}) {
    if (wrong.empty()) continue;
    const Outcome refused = run_tool({"graph", model, "--input", wrong});
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err,
              "chainrule: [graph] --input " + wrong + ": need the shape of a row, as in 1,28,28. (E385)\n");
  }
}

TEST(Graph, DrawsEveryKindOfNet) {
  const TemporaryFolder folder;
  const std::string text = folder / "text.txt";
  std::ofstream(text) << std::string(400, 'a') + std::string(400, 'b');
  const std::vector<Words> nets{{"--net", "char_gpt(layers=3, channels=8, heads=2)", "--data", text},
                                {"--net", "char_rnn(hidden=8)", "--data", text},
                                {"--net", "sequential([flatten, dropout(0.5), affine(4)])"},
                                {"--net", "affine(4)"}};
  for (const Words& net : nets) {
    for (const char* format : {"text", "svg", "dot", "json"}) {
      Words words = net;
      words.insert(words.end(), {"--format", format});
      const Outcome outcome = graph(words);
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_FALSE(outcome.out.empty());
    }
  }
  const std::string gpt = graph({"--net", "char_gpt(layers=3, channels=8, heads=2)", "--data", text}).out;
  EXPECT_NE(gpt.find("block1 to block3 x3"), std::string::npos) << gpt;
}

}  // namespace
}  // namespace chainrule::cli
