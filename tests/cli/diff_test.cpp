// chainrule diff.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "chainrule/config.h"
#include "chainrule/data.h"
#include "chainrule/grad.h"
#include "chainrule/io.h"
#include "chainrule/loss.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

class Diff : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    one = train("one", {});
    same = train("same", {});
    other = train("other", {"--lr", "0.02"});
  }
  static void TearDownTestSuite() { delete folder; }

  static std::string train(const std::string& name, const Words& more) {
    const std::string run = *folder / name;
    Words words{"train", "--data",      small_set(), "--net", "mlp([6, 4])", "--steps", "30", "--batch-size",
                "20",    "--optimizer", "momentum",  "--lr",  "0.01",        "--out",   run};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome made = run_tool(words);
    EXPECT_EQ(made.code, 0) << made.err;
    return run;
  }
  static Json json(const std::string& a, const std::string& b, const Words& more = {}) {
    Words words{"diff", a, b, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }

  static inline TemporaryFolder* folder = nullptr;
  static inline std::string one, same, other;
};

TEST_F(Diff, EqualRunsAreTheSame) {
  const Outcome outcome = run_tool({"diff", one, same});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  // 30 6 + 6 + 6 4 + 4 = 214 numbers; an epoch is 10 steps.
  EXPECT_EQ(outcome.out,
            "A is " + one + ", B is " + same +
                "\n\nsettings  the same\nhistory   3 reports the same\ntensors   " + one +
                "/model.safetensors against " + same +
                "/model.safetensors: the same\n          214 of 214 numbers are the same to the last bit\n\n"
                "A and B are the same.\n");
}

TEST_F(Diff, OthersBeginToDifferSomewhere) {
  const Outcome outcome = run_tool({"diff", one, other});
  EXPECT_EQ(outcome.code, 3);
  for (const char* text : {"settings  1 differs\n  key           A     B\n  optimizer.lr  0.01  0.02\n",
                           "history   first differs in the report of step 10: lr is 0.01 in A, 0.02 in B\n",
                           ": 4 of 4 differ\n", "\nThe first that differs is affine1.weight: element "}) {
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text << outcome.out;
  }
  const Json made = json(one, other);
  EXPECT_EQ(made["same"], false);
  EXPECT_EQ(made["settings"], Json::parse(R"([{"key":"optimizer.lr","a":"0.01","b":"0.02"}])"));
  EXPECT_EQ(made["history"]["first"]["step"], 10);
  EXPECT_EQ(made["differing"].size(), 4u);
  const Json& first = made["differing"][0];
  EXPECT_EQ(first["name"], "affine1.weight");
  EXPECT_EQ(first["count"], 180);
  const auto weight = [&](const std::string& run) {
    return io::read_safetensors(run + "/model.safetensors")
        .tensors["affine1.weight"]
        .to_vector()[first["element"].get<std::size_t>()];
  };
  EXPECT_EQ(first["a"].get<double>(), weight(one));
  EXPECT_EQ(first["b"].get<double>(), weight(other));
  EXPECT_EQ(json(one + "/model.safetensors", other + "/model.safetensors", {"--tolerance", "1000"})["same"],
            true);
}

TEST_F(Diff, CheckpointsAreFiles) {
  const Json made = json(one + "/checkpoint-a.safetensors", other + "/checkpoint-a.safetensors");
  // Four parameters, their velocities, and the number of steps, which is the same.
  EXPECT_EQ(made["compared"], 9);
  EXPECT_EQ(made["differing"].size(), 8u);
  EXPECT_EQ(made["differing"][0]["name"].get<std::string>().rfind("affine", 0), 0u);
  EXPECT_EQ(made["differing"][7]["name"].get<std::string>().rfind("optimizer/", 0), 0u);
}

TEST_F(Diff, FilesThatAreNotAlike) {
  const std::string a = *folder / "a.npz", b = *folder / "b.safetensors";
  io::write_npz(a, {{"w", arange(6, f32)}, {"v", zeros({2, 3})}, {"n", zeros({1})}});
  io::write_safetensors(b,
                        {{"w", cast(arange(6, f32), f64) + 1e-9}, {"v", zeros({3, 2})}, {"m", zeros({1})}});
  const Outcome outcome = run_tool({"diff", a, b});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(
      outcome.out.find(
          "\n  v                                      shape (2, 3) against (3, 2): is one transposed?\n"),
      std::string::npos)
      << outcome.out;
  const Json made = json(a, b);
  ASSERT_EQ(made["differing"].size(), 4u);
  EXPECT_EQ(made["differing"][0]["name"], "w");
  EXPECT_EQ(made["differing"][2]["problem"], "only in the first");
  EXPECT_EQ(made["differing"][3]["problem"], "only in the second");
  EXPECT_EQ(json(a, b, {"--tolerance", "1e-6"})["differing"].size(), 3u);
}

/// The run by a plain loop: another program.
NamedTensors loop_by_hand(int steps) {
  const data::Dataset set = data::load(small_set());
  const Shared<nn::Layer> net = config::make<nn::Layer>(config::parse_text("mlp([6, 4])"));
  net->build(data::Source(set.train).range(0, 1)[0], {.seed = 1});
  optim::Optimizer optimizer(*net, "momentum", {.lr = 0.01});
  data::Loader loader(set.train,
                      {.batch_size = 20, .seed = 1, .order = data::Batches::Order::with_replacement});
  NamedTensors trace;
  for (int step = 0; step < steps; ++step) {
    const std::string prefix = "step" + std::to_string(step) + "/";
    const auto [x, t] = loader.at(step);
    const Tensor y = net->forward(x), loss = softmax_cross_entropy(y, t);
    const nn::Parameter weight = net->parameter("affine1.weight");
    trace.add(prefix + "affine1.weight", detach(weight.value()));
    trace.add(prefix + "affine2", detach(y));
    trace.add(prefix + "loss", detach(loss));
    trace.add(prefix + "affine1.weight.grad", detach(grad(loss, weight.value())));
    auto pass = nn::Pass::training(1, step);
    optimizer.step(softmax_cross_entropy(net->forward(x, pass), t), pass);
  }
  return trace;
}

TEST_F(Diff, ATraceIsHeldAgainstTheRun) {
  const std::string file = *folder / "trace.npz";
  const NamedTensors trace = loop_by_hand(4);
  io::write_npz(file, trace);
  const Json made = json(one, file, {"--tolerance", "1e-6"});
  EXPECT_EQ(made["same"], true) << made.dump(1);
  EXPECT_EQ(made["compared"], 16);

  // A program that goes wrong in step 2: its gradient is halved.
  NamedTensors wrong;
  for (const auto& [name, tensor] : trace) {
    wrong.add(name,
              name == "step2/affine1.weight.grad" || name == "step3/affine1.weight" ? tensor * 0.5f : tensor);
  }
  io::write_npz(file, wrong);
  const Outcome outcome = run_tool({"diff", one, file, "--tolerance", "1e-6"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.out.find("\nThe first that differs is step2/affine1.weight.grad: element "),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(json(file, one, {"--tolerance", "1e-6"})["differing"][0]["step"], 2);
}

TEST_F(Diff, TracesThatNameWhatIsNotThere) {
  const std::string file = *folder / "wrong.npz";
  const auto refusal = [&](const NamedTensors& trace) {
    io::write_npz(file, trace);
    const Outcome outcome = run_tool({"diff", one, file});
    EXPECT_EQ(outcome.code, 2);
    return outcome.err;
  };
  EXPECT_EQ(refusal({{"step0/affine1.wieght", zeros({1})}}),
            "chainrule: [diff] " + file +
                ": the run has no tensor step0/affine1.wieght. Did you mean affine1.weight? "
                "(E387)\n");
  EXPECT_EQ(refusal({{"step0/loss", zeros({1})}, {"loss", zeros({1})}}),
            "chainrule: [diff] " + file +
                ": 'loss' names no step, others do. Each array of a trace is named as in "
                "step3/affine1.weight. (E387)\n");
  EXPECT_EQ(refusal({{"step31/loss", zeros({1})}}), "chainrule: [diff] " + file +
                                                        ": step 31 lies behind the end of " + one +
                                                        ", which has 30 steps. (E387)\n");
  EXPECT_EQ(run_tool({"diff", one, "nothing.npz"}).code, 4);
  EXPECT_EQ(run_tool({"diff", "nothing", one}).code, 4);
  EXPECT_EQ(run_tool({"diff", one}).code, 2);
}

}  // namespace
}  // namespace chainrule::cli
