// What lies in the folder of a run, and what is said if it is not as it should be.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "temporary_folder.h"
#include "train/checkpoint_file.h"
#include "train/configuration.h"
#include "train/hard_run.h"

namespace chainrule::train {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// A run of some steps with a checkpoint every four, in a folder of its own.
class RunOf18Steps : public ::testing::Test {
 protected:
  RunOf18Steps() {
    HardRun run({.folder = folder_ / "run"});
    run.trainer.run(steps(18));
  }
  std::string run() const { return folder_ / "run"; }
  std::string file(const std::string& name) const { return run() + "/" + name; }
  Resumed resume() const { return HardRun({}).trainer.resume(run()); }
  std::string message() const {
    return message_of([&] { resume(); });
  }

  TemporaryFolder folder_;
};

TEST_F(RunOf18Steps, HasAFolder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(run()))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  const std::vector<std::string> expected{"checkpoint-a.safetensors", "checkpoint-b.safetensors",
                                          "history.jsonl", "run.toml"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(read_checkpoint(file(expected[0])).step, 18);  // 4, 12, and the end
  const Checkpoint b = read_checkpoint(file(expected[1]));
  EXPECT_EQ(b.step, 16);
  EXPECT_EQ(b.reports, 2);  // after 7 and 14 steps
  EXPECT_EQ(b.loss_count, 2);
  EXPECT_TRUE(b.tensors.contains("affine1.weight"));
  EXPECT_TRUE(b.tensors.contains("batch_norm1.mean"));
  EXPECT_TRUE(b.tensors.contains("optimizer/affine1.weight.m"));
  EXPECT_TRUE(b.tensors.contains("handler2/affine1.weight"));
  std::istringstream history(io::read_file(file("history.jsonl")));
  std::int64_t last = 0;
  int lines = 0;
  for (std::string line; std::getline(history, line); ++lines) last = parse_report(line).step;
  EXPECT_EQ(lines, 3);
  EXPECT_EQ(last, 18);
  const config::Value toml = config::parse_toml(io::read_file(file("run.toml")), "run.toml");
  EXPECT_EQ(toml.find("loader")->find("batch_size")->integer, 20);
  EXPECT_EQ(toml.find("net")->text.find("sequential([affine(16, bias=false), batch_norm"), 0u)
      << toml.find("net")->text;
}

TEST_F(RunOf18Steps, GoesOnFromTheOtherCheckpointIfOneIsDamaged) {
  const std::string newest = file("checkpoint-a.safetensors"), whole = io::read_file(newest);
  Random random(1);
  for (int trial = 0; trial < 40; ++trial) {
    std::string bytes = whole;
    if (trial % 2 == 0) {
      bytes.resize(random.below(bytes.size()));
    } else {
      bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
    }
    write(newest, bytes);
    const Resumed resumed = resume();
    EXPECT_EQ(resumed.step, 16) << trial;
    EXPECT_NE(resumed.damaged, "");
  }
  std::string bytes = whole;
  bytes.back() ^= 1;
  write(newest, bytes);
  std::ostringstream text;
  text << resume();
  EXPECT_EQ(text.str(), "goes on at step 16, from " + file("checkpoint-b.safetensors") +
                            "; another is damaged: [checkpoint] " + newest +
                            ": its checksum does not fit: it was changed after it was written. (E307)");
  write(file("checkpoint-b.safetensors"), "");
  EXPECT_EQ(message().find("[resume] no checkpoint in " + run() + " is whole:\n[checkpoint] " + newest), 0u)
      << message();
  EXPECT_NE(message().find("\nRemove them to start again from step 0. (E307)"), std::string::npos);
}

TEST_F(RunOf18Steps, AForeignFileIsNoCheckpoint) {
  fs::remove(file("checkpoint-b.safetensors"));
  io::write_safetensors(file("checkpoint-a.safetensors"), {{"w", zeros({2})}});
  EXPECT_NE(message().find(
                "it is no checkpoint of a training run: its metadata has no \"format\" that says so. (E307)"),
            std::string::npos)
      << message();
  io::write_safetensors(file("checkpoint-a.safetensors"), {},
                        {{"format", "chainrule checkpoint"}, {"version", "2"}});
  EXPECT_NE(message().find("it has version 2 of the format; this program reads version 1. (E307)"),
            std::string::npos);
}

TEST_F(RunOf18Steps, AnotherConfigurationIsRefused) {
  nn::Sequential net{nn::Affine{16}, nn::Relu{}, nn::Affine{4}};
  optim::Optimizer optimizer(net, optim::Adam{.beta1 = 0.8}, {.lr = 0.01, .clip_norm = 1});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                  {stripes(230, 1), {.batch_size = 32, .seed = 3}}, {.seed = 7});
  EXPECT_EQ(
      message_of([&] { trainer.resume(run()); }),
      "[resume] " + file("checkpoint-a.safetensors") +
          " is of a run with another configuration:\n"
          "  net is sequential([affine(16, bias=false), batch_norm, relu, dropout(0.3), affine(8), relu, "
          "dropout(0.2), affine(4)]) in "
          "the run, sequential([affine(16), relu, affine(4)]) here\n"
          "  optimizer.rule is adam(beta1=0.9, beta2=0.999, eps=1e-08, eps_hat=false) in the run, "
          "adam(beta1=0.8, beta2=0.999, "
          "eps=1e-08, eps_hat=false) here\n"
          "  optimizer.lr is warm_up(epochs=0.0, steps=5, then=cosine(lr=0.03, epochs=0.0, steps=60, "
          "end=0.0)) in "
          "the run, 0.01 here\n"
          "  optimizer.clip_norm is 0.0 in the run, 1.0 here\n"
          "  loader.batch_size is 20 in the run, 32 here\n"
          "Set these as they were, or start a new run in another folder. (E303)");
}

TEST_F(RunOf18Steps, OtherRowsAreRefused) {
  EXPECT_NE(message_of([&] { HardRun({.rows = 2}).trainer.resume(run()); }).find("\n  rows.checksum is "),
            std::string::npos);
}

TEST(Configurations, OfARunThatDoesNotKnowItsRowsMayHaveAny) {
  const std::string rows = "\n[rows]\nchecksum = \"12\"\n", others = "\n[rows]\nchecksum = \"34\"\n";
  EXPECT_EQ(differences("seed = 1", "seed = 1" + rows), "");
  EXPECT_EQ(differences("seed = 1" + rows, "seed = 1" + others),
            "\n  rows.checksum is 12 in the run, 34 here");
}

// What is new and not used is not written: runs of earlier versions go on.
TEST_F(RunOf18Steps, NewSettingsAreWrittenWhereTheyAreUsed) {
  EXPECT_EQ(io::read_file(file("run.toml")).find("accumulate"), std::string::npos);
  nn::Sequential net{nn::Affine{4}};
  optim::Optimizer optimizer(net, optim::Sgd{},
                             {.l1 = 0.5, .accumulate = 2, .groups = {{.match = "*", .l1 = 2}}});
  const Trainer trainer(Task{net, loss::mse}.weighted_by("w"), optimizer,
                        {stripes(230, 1), {.batch_size = 20}});
  for (const char* text : {"l1 = 0.5", "accumulate = 2", "l1 = 2.0", "weights = \"w\""})
    EXPECT_NE(trainer.configuration().find(text), std::string::npos) << text << trainer.configuration();
}

TEST_F(RunOf18Steps, AnotherHistoryIsRefused) {
  std::string history = io::read_file(file("history.jsonl"));
  const std::string expected =
      "[resume] " + file("history.jsonl") +
      " does not begin with the 2 reports that the checkpoint was made after: lines are missing, or "
      "were changed. Put the file back as it was. (E305)";
  history[10] ^= 1;
  write(file("history.jsonl"), history);
  EXPECT_EQ(message(), expected);
  fs::remove(file("history.jsonl"));
  EXPECT_EQ(message(), expected);
}

TEST_F(RunOf18Steps, ARunIsNotReplacedByAccident) {
  {
    HardRun other({.folder = run()});
    EXPECT_EQ(message_of([&] { other.trainer.run(steps(5)); }),
              "[checkpoint] " + run() + " has a run already (run.toml). Go on with trainer.resume(\"" +
                  run() +
                  "\") (of fit: resume = true), name another folder, or replace it with .replace = true (of "
                  "fit: remove it). (E309)");
  }
  HardRun replacing({});
  replacing.trainer.on(steps(2), checkpoint(run(), {.replace = true}));
  replacing.trainer.run(steps(2));
  EXPECT_EQ(resume().step, 2);
  EXPECT_FALSE(fs::exists(file("checkpoint-b.safetensors")));
}

TEST_F(RunOf18Steps, LeftoversOfAKilledWriteAreRemoved) {
  write(file(".chainrule-1-0.tmp"), "half");
  HardRun next({.folder = run()});
  EXPECT_EQ(next.trainer.resume(run()).step, 18);
  next.trainer.run(steps(HardRun::kSteps));
  EXPECT_FALSE(fs::exists(file(".chainrule-1-0.tmp")));
}

TEST(Checkpoint, AFolderIsOfOneTrainerAtATime) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  {
    HardRun first({.folder = run});
    first.trainer.run(steps(4));
    HardRun second({.folder = run});
    second.trainer.resume(run);
    EXPECT_EQ(
        message_of([&] { second.trainer.run(steps(8)); }),
        "[checkpoint] " + run +
            " is in use: another program trains in it. Wait for its end, or name another folder. (E314)");
  }
  HardRun third({.folder = run});
  third.trainer.resume(run);
  third.trainer.run(steps(8));
  EXPECT_EQ(third.trainer.steps_done(), 8);
}

TEST(Checkpoint, GivesItsWeights) {
  const TemporaryFolder folder;
  HardRun run({.folder = folder / "run"});
  run.trainer.run(steps(4));
  const std::string path = (folder / "run").string() + "/checkpoint-a.safetensors";
  EXPECT_EQ(message_of([&] { load_model(path); }),
            "[load_model] " + path +
                " is a checkpoint of a run, which does not say what net it is of. Make the net, and take its "
                "parameters with load(path, net). (E245)");
  HardRun other({});
  other.trainer.build();
  load(path, other.net);
  EXPECT_EQ(checksum_of(other.net), checksum_of(run.net));
}

TEST(Checkpoint, SaysWhatCannotBe) {
  const TemporaryFolder folder;
  write(folder / "file", "");
  HardRun run({.folder = folder / "file"});
  EXPECT_EQ(message_of([&] { run.trainer.run(steps(1)); }),
            "[write] " + (folder / "file").string() +
                ": Not a directory. Check that the folder can be written to and has room. (E083)");
  HardRun late({});
  late.trainer.run(steps(1));
  EXPECT_EQ(message_of([&] { late.trainer.resume(folder / "run"); }),
            "[resume] this trainer has taken steps already. Resume before the first run. (E302)");
}

/// Whoever asks for its settings sees none.
struct Wide : nn::LayerOf<Wide> {
  static constexpr Info kInfo{.name = "wide", .doc = "A sum of products."};
  std::int64_t width = 2;
  nn::Parameter weight, other;
  explicit Wide(std::int64_t w) : width(w) {}
  void members(nn::Members& m) {
    m("weight", weight);
    if (width == 2) m("other", other);
  }
  void init(nn::Init& init) {
    init("weight", weight, {width}, 1);
    if (width == 2) init("other", other, {}, 1);
  }
  Tensor compute(const Tensor& x, nn::Pass&) const {
    return x * sum(weight.value()) + (width == 2 ? other.value() : x);
  }
};

// Where settings do not tell, the numbers do.
TEST(Checkpoint, NumbersThatDoNotFitTheNetAreRefused) {
  const TemporaryFolder folder;
  const data::Source rows = data::arrays(tensor({1, 2, 3, 4}, {4, 1}), tensor({1, 3, 2, 5}, {4, 1}));
  Wide two(2), three(3);
  const auto run = [&](Wide& net, bool resumes) {
    optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.01});
    Trainer trainer({net, loss::mse}, optimizer, {rows, {.batch_size = 4}});
    trainer.on(steps(1), checkpoint(folder / "run"));
    if (resumes) trainer.resume(folder / "run");
    trainer.run(steps(1));
  };
  run(two, false);
  EXPECT_EQ(message_of([&] { run(three, true); }),
            "[train] the numbers do not fit this net:\n  weight is (2,) f32 instead of (3,) f32\n  other is "
            "not known\n"
            "Is it the same net? (E304)");
}

}  // namespace
}  // namespace chainrule::train
