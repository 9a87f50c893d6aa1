// chainrule train: what it prints, writes and exits with.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Words train(const Words& more) {
  Words all{"train", "--data", small_set(), "--hidden", "8", "--batch-size", "20"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

bool has_control_characters(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\n'; });
}

std::int64_t lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(Train, PrintsALineAnEpoch) {
  const Outcome outcome = run_tool(train({"--epochs", "3", "--threads", "2"}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_FALSE(has_control_characters(outcome.out)) << outcome.out;
  EXPECT_EQ(lines_of(outcome.out), 4 + 1 + 1 + 3 + 1 + 1) << outcome.out;
  EXPECT_NE(outcome.out.find("200 training and 60 test images of 6 x 5, 4 classes\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("net       two_layer_net(8, 4); 284 parameters\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("30 steps (3 epochs) of 20 rows, sgd, lr constant(0.1), seed 1\n"),
            std::string::npos);
  EXPECT_NE(outcome.out.find("\n    3        30 "), std::string::npos);
  EXPECT_NE(outcome.out.find(", test.accuracy "), std::string::npos);
}

TEST(Train, JsonIsOneDocumentWithEverything) {
  const Outcome outcome = run_tool(train({"--steps", "25", "--json", "--lr", "0.25", "--seed", "9"}));
  EXPECT_EQ(outcome.code, 0);
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(document["steps"], 25);
  EXPECT_GT(document["seconds"], 0);
  EXPECT_EQ(document["interrupted"], false);
  const Json& settings = document["settings"];
  EXPECT_EQ(settings["optimizer"]["lr"], 0.25);
  EXPECT_EQ(settings["seed"], 9);
  EXPECT_EQ(settings["train"]["batch_size"], 20);
  EXPECT_EQ(settings["net"]["hidden"], 8);
  EXPECT_EQ(document["parameters_fnv1a"].get<std::string>().size(), 16u);
  const Json& history = document["history"];
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[0]["step"], 10);
  EXPECT_EQ(history[2]["step"], 25);
  EXPECT_EQ(history[2]["epoch"], 3);
  EXPECT_EQ(history[2]["loss"], document["final_loss"]);
  EXPECT_EQ(history[2]["train_accuracy"], document["train_accuracy"]);
  EXPECT_EQ(history[2]["test_accuracy"], document["test_accuracy"]);
  EXPECT_NE(outcome.err.find("test.accuracy"), std::string::npos);
  EXPECT_FALSE(has_control_characters(outcome.err));
}

TEST(Train, TheSameBitsForAnyNumberOfThreads) {
  const auto result = [](const Words& more) {
    Words words = train({"--steps", "40", "--json", "--lr", "0.5"});
    words.insert(words.end(), more.begin(), more.end());
    const Json document = Json::parse(run_tool(words).out);
    return std::pair(document["parameters_fnv1a"].get<std::string>(), document["history"]);
  };
  const auto one = result({"--threads", "1"});
  EXPECT_EQ(result({"--threads", "1"}), one);
  EXPECT_EQ(result({"--threads", "2"}), one);
  EXPECT_EQ(result({"--threads", "3"}), one);
  EXPECT_NE(result({"--threads", "1", "--seed", "2"}).first, one.first);
}

TEST(Train, KeepsTheRun) {
  const TemporaryFolder folder;
  const std::string run = folder / "a/run";
  const Outcome outcome = run_tool(train({"--steps", "20", "--json", "--out", run}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_file(folder / "a/run/result.json"), outcome.out);
  const Model model = load_model(run + "/model.safetensors");
  io::Fnv1a hash;
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : model.net->parameters()) {
    hash.add(parameter.value());
    numbers += parameter.value().numel();
  }
  EXPECT_EQ(numbers, 284);
  EXPECT_EQ(Json::parse(outcome.out)["parameters_fnv1a"], hash.hex());
  // And run.toml, history.jsonl, a checkpoint of the end, report.html.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(run), {}), 6);

  const Outcome again = run_tool(train({"--steps", "10", "--out", run}));
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(again.err,
            "chainrule: [train] " + run +
                " has results of a run already (result.json). Name another folder, or replace them "
                "with --force. (E084)\n");
  EXPECT_EQ(read_file(folder / "a/run/result.json"), outcome.out);
  EXPECT_EQ(run_tool(train({"--steps", "10", "--out", run, "--force"})).code, 0);
  EXPECT_EQ(Json::parse(read_file(folder / "a/run/result.json"))["steps"], 10);
}

TEST(Train, AFolderThatCannotBeWrittenFailsBeforeTraining) {
  const TemporaryFolder folder;
  const std::string file = folder / "file";
  std::filesystem::copy(small_set() + "/t10k-labels-idx1-ubyte", file);
  const Outcome outcome = run_tool(train({"--steps", "1000000000", "--out", file}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "chainrule: [write] " + file +
                ": Not a directory. Check that the folder can be written to and has room. (E083)\n");
}

// A limit on the size of files stands for a full disk: a checkpoint does not fit, the probe before training
// does.
TEST(Train, ADiskThatIsFullLeavesNoPartialFile) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const Outcome outcome = run_tool(train({"--steps", "10", "--out", run}), {.file_limit_bytes = 1000});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_NE(outcome.err.find(": File too large. Check that"), std::string::npos) << outcome.err;
  for (const auto& file : std::filesystem::directory_iterator(run)) {
    const std::string name = file.path().filename().string();
    EXPECT_TRUE(name == "run.toml" || name == "history.jsonl") << name;
  }
}

TEST(Train, ASignalEndsTheRunWithWhatWasReached) {
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    const TemporaryFolder folder;
    const Outcome outcome = run_tool(train({"--steps", "1000000000", "--json", "--out", folder / "run"}),
                                     {.signal = signal, .signal_when = "\n    1        10 "});
    EXPECT_EQ(outcome.code, code) << outcome.err;
    const Json document = Json::parse(outcome.out);
    EXPECT_EQ(document["interrupted"], true);
    EXPECT_GE(document["steps"], 10);
    EXPECT_EQ(document["history"].back()["step"], document["steps"]);
    EXPECT_EQ(read_file(folder / "run/result.json"), outcome.out);
    EXPECT_NE(outcome.err.find("\ninterrupted: loss "), std::string::npos);
  }
}

TEST(Train, DivergingIsAFailureThatSaysWhatToDo) {
  const Outcome outcome = run_tool(train({"--steps", "1000", "--lr", "1e20", "--json"}));
  EXPECT_EQ(outcome.code, 5);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("chainrule: [sgd] the loss is "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("Use a smaller lr than 1e+20, or clip_norm. It was batch "), std::string::npos)
      << outcome.err;
}

/// Without what a clock decides.
Json numbers_of(const std::string& text) {
  Json document = Json::parse(text);
  for (const char* name : {"seconds", "steps_per_second"}) document.erase(name);
  return document;
}

TEST(Train, ARunThatWasKilledOrStoppedGoesOnToTheSameBits) {
  const Words whole = train({"--steps", "4000", "--json", "--seed", "3"});
  const Json expected = numbers_of(run_tool(whole).out);
  for (const int signal : {SIGKILL, SIGINT}) {
    const TemporaryFolder folder;
    const std::string run = folder / "run";
    Words words = whole;
    words.insert(words.end(), {"--out", run, "--checkpoint-every", "7"});
    const Outcome first = run_tool(words, {.signal = signal, .signal_when = "\n    3        30 "});
    EXPECT_EQ(signal == SIGKILL ? first.signal : first.code, signal == SIGKILL ? SIGKILL : 130) << first.err;
    const Outcome resumed = run_tool({"train", "--resume", run, "--json", "--threads", "2"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_NE(resumed.err.find("\nrun       goes on at step "), std::string::npos) << resumed.err;
    Json found = numbers_of(resumed.out);
    found["threads"] = expected["threads"];
    EXPECT_EQ(found, expected);
    EXPECT_EQ(read_file(run + "/result.json"), resumed.out);
    const Outcome again = run_tool({"train", "--resume", run, "--json"});  // it is over
    EXPECT_EQ(numbers_of(again.out)["parameters_fnv1a"], expected["parameters_fnv1a"]);
    EXPECT_EQ(again.code, 0);
  }
}

TEST(Train, ARunThatWasKilledBeforeItsFirstCheckpointStartsAgain) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const Words words = train({"--steps", "2000", "--json", "--out", run, "--checkpoint-every", "1000000"});
  EXPECT_EQ(run_tool(words, {.signal = SIGKILL, .signal_when = "\n    3        30 "}).signal, SIGKILL);
  const Outcome other = run_tool(words);
  EXPECT_EQ(other.err,
            "chainrule: [train] " + run +
                " has a run already that did not come to its end (run.toml). Go on with --resume " + run +
                ", name another folder, or replace it with --force. (E084)\n");
  const Outcome resumed = run_tool({"train", "--resume", run, "--json"});
  EXPECT_NE(resumed.err.find("\nrun       starts at step 0: there is no checkpoint yet\n"), std::string::npos)
      << resumed.err;
  EXPECT_EQ(numbers_of(resumed.out), numbers_of(run_tool(train({"--steps", "2000", "--json"})).out));
}

TEST(Train, ARunThatIsResumedHasItsOptions) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  EXPECT_EQ(run_tool(train({"--steps", "20", "--out", run, "--lr", "0.25"})).code, 0);
  const auto resume = [&](const Words& more) {
    std::vector<std::string> words{"train", "--resume", run};
    words.insert(words.end(), more.begin(), more.end());
    return run_tool(words).err;
  };
  EXPECT_EQ(resume({"--lr", "0.25", "--steps", "20", "--batch-size", "20", "--seed", "1"}), "");
  const std::pair<Words, std::string> contradictions[] = {{{"--lr", "0.3"}, "0.25"},
                                                          {{"--batch-size", "10"}, "20"},
                                                          {{"--hidden", "9"}, "8"},
                                                          {{"--seed", "2"}, "1"}};
  for (const auto& [words, value] : contradictions) {
    EXPECT_EQ(resume(words), "chainrule: [train] " + words[0] + " " + words[1] + " contradicts the run in " +
                                 run + ", which has " + value + ". Leave it out. (E310)\n");
  }
  EXPECT_EQ(resume({"--steps", "10"}), "chainrule: [train] 10 steps are fewer than the run in " + run +
                                           " has done, 20. Ask for more. (E310)\n");
  EXPECT_EQ(resume({"--steps", "30"}), "");  // goes on for longer
  EXPECT_EQ(resume({}), "");                 // which the run knows now
  EXPECT_EQ(run_tool({"train", "--out", ""}).code, 2);
  EXPECT_EQ(run_tool({"train", "--resume", folder / "none"}).err,
            "chainrule: [train] " + (folder / "none").string() +
                ": there is no such folder. Name that of a run that was started with --out. (E311)\n");
  EXPECT_EQ(run_tool({"train", "--resume", run, "--out", run}).code, 2);
}

// As before `| head -1`. A run whose results are kept goes on, another would go on for nothing.
TEST(Train, AReaderThatGoesAwayEndsARunThatKeepsNothing) {
  const Outcome nothing = run_tool(train({"--steps", "1000000000"}), {.close_stdout = true});
  EXPECT_EQ(nothing.signal, 0);
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.err, "");
  const TemporaryFolder folder;
  run_tool(train({"--steps", "30", "--out", folder / "run"}), {.close_stdout = true});
  EXPECT_EQ(Json::parse(read_file(folder / "run/result.json"))["steps"], 30);
}

TEST(Train, NothingWrapsOnANarrowTerminal) {
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminal (is /dev/pts mounted?)";
  const Words begin{"train",
                    "--data",
                    small_set(),
                    "--data.validation",
                    "0.2",
                    "--net",
                    "sequential([linear(7, weight_init=he(gain=0.5)), relu, affine(4)])"};
  for (const Words& more : {Words{"--steps", "40", "-v", "--set", "metrics=[\"accuracy\", \"confusion\"]",
                                  "--train.measure_train", "false"},
                            Words{"--dry-run"}}) {
    Words words = begin;
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_tool(words, {.terminal = true});
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    std::string line;
    for (const char c : outcome.out + "\n") {
      if (c != '\n' && c != '\r') {
        line += c;
        continue;
      }
      if (line.starts_with("\x1b[K")) line.erase(0, 3);
      EXPECT_LE(line.size(), 60U) << line;
      line.clear();
    }
    if (more[0] != "--steps") continue;
    EXPECT_NE(outcome.out.find("loss val.accuracy test.accuracy\r\n"), std::string::npos) << outcome.out;
  }
  // A file takes them all.
  const Outcome file = run_tool(train({"--steps", "40", "--data.validation", "0.2"}));
  const char* const heading =
      "loss train.loss train.accuracy validation.loss validation.accuracy  test.loss test.accuracy\n";
  EXPECT_NE(file.out.find(heading), std::string::npos) << file.out;
}

TEST(Train, ReportsAsJsonAreAloneOnStdout) {
  const Outcome outcome = run_tool(train({"--epochs", "3", "--log-format", "jsonl"}));
  EXPECT_EQ(outcome.code, 0);
  const Words lines = cli::lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 3U) << outcome.out;
  for (const std::string& line : lines) EXPECT_TRUE(Json::parse(line).contains("metrics")) << line;
  EXPECT_TRUE(outcome.err.starts_with("data      ")) << outcome.err;
  const Outcome both = run_tool(train({"--epochs", "3", "--log-format", "jsonl", "--json"}));
  EXPECT_EQ(Json::parse(both.out)["steps"], Json::parse(lines.back())["step"]);
  EXPECT_EQ(run_tool(train({"--epochs", "3", "--log-format", "jsonl", "-q"})).out, "");
}

TEST(Train, ATerminalHasABarThatLeavesNothingBehind) {
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminal (is /dev/pts mounted?)";
  const Words words = train({"--epochs", "20000"});
  const Circumstances stop{.terminal = true, .signal = SIGINT, .signal_when = " left"};
  const Outcome outcome = run_tool(words, stop);
  EXPECT_EQ(outcome.code, 130);
  const std::string& text = outcome.out;
  const std::string take_back = "\r\x1b[K";
  const std::size_t bar = text.find(take_back + "[");
  ASSERT_NE(bar, std::string::npos) << text;
  const std::string drawn =
      text.substr(bar + take_back.size(), text.find('\r', bar + 1) - bar - take_back.size());
  EXPECT_LT(drawn.size(), 60u) << drawn;
  EXPECT_NE(drawn.find(", loss "), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("%, "), std::string::npos) << drawn;
  EXPECT_NE(drawn.find(" left"), std::string::npos) << drawn;
  // Each bar is followed by one that takes it back, so that only lines are left.
  EXPECT_EQ(text.find('[', text.rfind(take_back) + take_back.size()), std::string::npos);

  Circumstances dumb = stop;
  dumb.term = "dumb";
  dumb.signal_when = "\n    1        10 ";
  const Outcome plain = run_tool(words, dumb);
  EXPECT_EQ(plain.code, 130);
  EXPECT_EQ(plain.out.find('\x1b'), std::string::npos);
}

TEST(Train, SaysWhyALossDoesNotFit) {
  const TemporaryFolder folder;
  const Tensor rows = ones({20, 3}), steps = ones({20, 4, 3});
  const auto classes = [](const Shape& shape) { return remainder(reshape(arange(shape.numel()), shape), 2); };
  io::write_npz(folder / "column.npz", {{"x", rows}, {"t", classes({20, 1})}});
  io::write_npz(folder / "steps.npz", {{"x", steps}, {"t", classes({20, 4})}});
  io::write_npz(folder / "numbers.npz", {{"x", steps}, {"t", zeros({20, 4})}});
  io::write_npz(folder / "grid.npz", {{"x", rows}, {"t", zeros({20, 2, 3})}});
  io::write_npz(folder / "deep.npz", {{"x", rows}, {"t", zeros({20, 1, 1})}});
  const auto said = [&](const char* name, const char* net, const Words& more = {}) {
    Words all{"train", "--data", folder / name, "--net", net, "--steps", "1"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_tool(all);
    return std::to_string(outcome.code) + " " + outcome.err;
  };
  const std::string head = "2 chainrule: [train] the net gives ";
  EXPECT_EQ(said("column.npz", "mlp([4, 2])"),
            head +
                "(1, 2) for a row, and the target is one of 2 classes: its rows are (1,). Give the target as "
                "(rows,), one number a row. (E354)\n");
  EXPECT_EQ(said("deep.npz", "mlp([4, 1])"),
            head +
                "(1, 1) for a row, and the target is a number: its rows are (1, 1). Give the target as "
                "(rows, 1). (E354)\n");
  const char* of_steps = "sequential([lstm(5), linear(2)])";
  for (const std::string loss : {"softmax_cross_entropy", "nll"}) {
    EXPECT_EQ(said("steps.npz", of_steps, {"--loss", loss}),
              head + "(1, 4, 2) for a row, and the target is one of 2 classes: the loss " + loss +
                  " takes axis 1 for that of the classes. Say that it is the last: " + loss +
                  "(class_axis=-1). (E354)\n");
  }
  EXPECT_EQ(said("steps.npz", of_steps, {"--loss", "softmax_cross_entropy(class_axis=-1)", "-q"}), "0 ");
  EXPECT_EQ(said("steps.npz", "sequential([lstm(5), linear(3)])"),
            head +
                "(1, 4, 3) for a row, and the target is one of 2 classes: the loss softmax_cross_entropy "
                "needs (1, 4, 2) with class_axis=-1. End the net with linear(2), and take "
                "softmax_cross_entropy(class_axis=-1). (E354)\n");
  EXPECT_EQ(said("steps.npz", "mlp([4, 2])"),
            head +
                "(1, 2) for a row, and the target is one of 2 classes: the loss softmax_cross_entropy needs "
                "(1, 2, 4), or (1, 4, 2) with class_axis=-1. End the net with affine(8) and reshape([2, 4]). "
                "(E354)\n");
  EXPECT_EQ(
      said("numbers.npz", "sequential([lstm(5), linear(1)])"),
      head +
          "(1, 4, 1) for a row, and the target is 4 numbers: the loss mse needs (1, 4). End the net with "
          "reshape([4]). (E354)\n");
  EXPECT_EQ(
      said("grid.npz", "mlp([4, 6])", {"--loss", "mae"}),
      head +
          "(1, 6) for a row, and the target is 6 numbers: the loss mae needs (1, 2, 3). End the net with "
          "reshape([2, 3]). (E354)\n");
  EXPECT_EQ(said("grid.npz", "sequential([affine(6), reshape([2, 3])])", {"-q"}), "0 ");
}

TEST(Train, NamesATargetThatALossDoesNotTake) {
  const TemporaryFolder folder;
  io::write_npz(folder / "r.npz", {{"x", ones({20, 3})}, {"t", full({20, 1}, 5.0)}});
  for (const std::string loss : {"binary_cross_entropy_with_logits", "kl_divergence"}) {
    const Outcome outcome = run_tool(
        {"train", "--data", folder / "r.npz", "--net", "mlp([4, 1])", "--steps", "1", "--loss", loss});
    EXPECT_NE(outcome.code, 0);
    EXPECT_NE(outcome.err.find("target 5, element "), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(" is not from 0 to 1."), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("lr"), std::string::npos) << outcome.err;
  }
}

// Frames that are the labels themselves, each held for two of them; some rows have fewer, padded with -1.
TEST(Train, LearnsLabelsWithoutPlaces) {
  const TemporaryFolder folder;
  std::vector<float> x;
  std::vector<std::int64_t> t;
  for (int row = 0; row < 60; ++row) {
    const int labels[] = {1 + row % 3, 1 + row / 3 % 3, row % 2 == 0 ? 1 + row / 9 % 3 : -1};
    for (const int label : labels) {
      t.push_back(label);
      for (int held = 0; held < 2; ++held) {
        for (int c = 0; c < 4; ++c) x.push_back(c == std::max(label, 0) ? 1.0F : 0.0F);
      }
    }
  }
  io::write_npz(folder / "said.npz", {{"x", from_data(x, {60, 6, 4})}, {"t", from_data(t, {60, 3})}});
  const Outcome learnt = run_tool(
      {"train", "--data", folder / "said.npz", "--net", "sequential([gru(8), linear(4)])", "--loss", "ctc",
       "--epochs", "60", "--lr", "0.03", "--optimizer", "adam", "--json", "-q", "--out", folder / "run"});
  ASSERT_EQ(learnt.code, 0) << learnt.err;
  EXPECT_LT(nlohmann::json::parse(learnt.out)["test_loss"].get<double>(), 0.3) << learnt.out;
  EXPECT_EQ(run_tool({"eval", folder / "run/model.safetensors", "--data", folder / "said.npz"}).code, 0);
}

// A yes is a number above 0, before the sigmoid.
TEST(Train, MeasuresHowOftenAYesOrNoIsRight) {
  const TemporaryFolder folder;
  const Tensor x = reshape(arange(200, f32), {200, 1}) - 99.5, yes = cast(x > 0, f32);
  io::write_npz(folder / "yes.npz", {{"x", x / 60}, {"t", yes}});
  io::write_npz(folder / "signs.npz", {{"x", x / 60}, {"t", 2 * yes - 1}});
  for (const auto& [data, loss] :
       {std::pair("yes.npz", "binary_cross_entropy_with_logits"),
        std::pair("signs.npz", "tanh_cross_entropy"), std::pair("signs.npz", "hinge")}) {
    Words words{"train", "--data", folder / data, "--net",       "affine(1)", "--loss", loss, "--epochs",
                "60",    "--lr",   "0.05",        "--optimizer", "adam",      "--json", "-q"};
    const Outcome usual = run_tool(words);
    ASSERT_EQ(usual.code, 0) << usual.err;
    EXPECT_GT(nlohmann::json::parse(usual.out)["test_accuracy"].get<double>(), 0.9) << loss;
    words.insert(words.end(), {"--metrics", "[precision, recall, f1]"});
    const Outcome asked = run_tool(words);
    ASSERT_EQ(asked.code, 0) << asked.err;
    EXPECT_GT(nlohmann::json::parse(asked.out)["test_f1"].get<double>(), 0.9) << loss;
  }
}

TEST(Train, ScalesNoTargetsThatAreProbabilities) {
  const TemporaryFolder folder;
  const Tensor x = reshape(arange(60, f32), {20, 3}), yes = cast(x > 30, f32);
  io::write_npz(folder / "yes.npz", {{"x", x}, {"t", reshape(slice(yes, 1, 0, 1), {20, 1})}});
  io::write_npz(folder / "signs.npz", {{"x", x}, {"t", reshape(2 * slice(yes, 1, 0, 1) - 1, {20, 1})}});
  io::write_npz(folder / "share.npz", {{"x", x}, {"t", full({20, 2}, 0.5)}});
  for (const char* scale : {"auto", "min_max"}) {
    const auto code = [&](const char* name, const char* net, const char* loss) {
      return run_tool({"train", "--data", folder / name, "--net", net, "--steps", "3", "--loss", loss, "-q",
                       "--set", std::string("data.scale=") + scale, "--set", "metrics=[mae]"})
          .code;
    };
    EXPECT_EQ(code("yes.npz", "mlp([4, 1])", "binary_cross_entropy_with_logits"), 0);
    EXPECT_EQ(code("yes.npz", "mlp([4, 1])", "hinge"), 2);  // 0 is of no side
    EXPECT_EQ(code("signs.npz", "mlp([4, 1])", "hinge"), 0);
    EXPECT_EQ(code("share.npz", "mlp([4, 2])", "softmax_cross_entropy"), 0);
    EXPECT_EQ(code("share.npz", "mlp([4, 2])", "mse"), 0);
  }
}

}  // namespace
}  // namespace chainrule::cli
