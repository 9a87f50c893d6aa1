// chainrule train --dry-run: what would be trained, said before rows are read.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "chainrule/data.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Outcome dry_run(const Words& more, const Circumstances& setup = {}) {
  Words arguments{"train", "--dry-run"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tool(arguments, setup);
}

Json document(const Words& more) {
  Words arguments = more;
  arguments.emplace_back("--json");
  const Outcome outcome = dry_run(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return Json::parse(outcome.out, nullptr, false);
}

/// What training says of its data in its first line.
std::string described(const Words& more) {
  Words arguments{"train", "--steps", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const std::string out = run_tool(arguments).out;
  return out.substr(10, out.find('\n') - 10);
}

TEST(DryRun, SaysWhatTrainingWouldSayOfItsData) {
  const TemporaryFolder folder;
  std::ofstream table(folder / "cars.csv");
  table << "weight,origin,mpg\n";
  for (int i = 0; i < 40; ++i)
    table << 2000 + i << (i % 2 == 0 ? ",usa," : ",japan,") << (i == 3 ? "" : "20") << "\n";
  table.close();
  std::ofstream text(folder / "text.txt");
  for (int i = 0; i < 90; ++i) text << "gr\u00fc\u00dfe an alle " << i << "\n\n";
  text.close();
  const Tensor x = zeros({50, 6}), t = from_data(std::vector<std::int64_t>(50, 3), {50});
  io::write_npz(folder / "packed.npz", {{"x", x}, {"t", t}}, {.compressed = true});
  const std::string cars = folder / "cars.csv", words = folder / "text.txt";
  for (const Words& data :
       {Words{"--data", small_set()},
        {"--data", cars, "--target", "mpg", "--net", "affine(1)", "--set", "data.csv.missing=drop"},
        {"--data", cars, "--target", "origin", "--net", "affine(2)", "--set", "data.csv.missing=mean"},
        {"--data", folder / "packed.npz", "--data.npz.x", "x", "--data.npz.t", "t", "--net", "affine(4)"},
        {"--data", words, "--net", "char_rnn(embedding=3, hidden=4)", "--data.text.length", "8"},
        {"--data", words, "--net", "char_rnn(embedding=3, hidden=4)", "--data.text.lines", "true",
         "--data.validation", "0.1"}}) {
    const Json made = document(data);
    EXPECT_EQ(made["data"], described(data));
    EXPECT_GT(made["training_rows"], 0);
    EXPECT_GT(made["seconds_per_step"], 0);
  }
}

TEST(DryRun, JsonHasTheLayersAsTheTextDoes) {
  const Json made = document({"--data", small_set(), "--net", "sequential([affine(5), relu, affine(4)])"});
  ASSERT_EQ(made["layers"].size(), 3u);
  EXPECT_EQ(made["layers"][0], (Json{{"path", "affine1"},
                                     {"what", "affine(5)"},
                                     {"output_shape", {100, 5}},
                                     {"parameters", 30 * 5 + 5},
                                     {"flops", 100.0 * (2 * 30 * 5 + 5)}}));
  EXPECT_EQ(made["layers"][1]["what"], "relu");
  EXPECT_EQ(made["parameters"], 155 + 24);
  EXPECT_EQ(made["training_rows"], 200);
  EXPECT_EQ(made["test_rows"], 60);
  EXPECT_EQ(made["validation_rows"], 0);
  EXPECT_EQ(made["steps_per_epoch"], 2);
}

/// Rows that cannot be read are not missed: packed images are cut behind their head.
TEST(DryRun, ReadsNoRows) {
  const TemporaryFolder folder;
  const data::Dataset set = data::load(small_set());
  const auto file = [&](const char* name) { return folder / (std::string(name) + ".gz"); };
  data::ImageSet large = set.train;
  large.count = 20'000;
  large.pixels.resize(static_cast<std::size_t>(large.count * large.image_size()));
  large.labels.resize(static_cast<std::size_t>(large.count));
  for (std::size_t i = 0; i < large.pixels.size(); ++i)
    large.pixels[i] = static_cast<std::uint8_t>((i * i * 7 + i / 3) % 251);
  data::write_idx(large, file("train-images-idx3-ubyte"), file("train-labels-idx1-ubyte"));
  data::write_idx(set.test, file("t10k-images-idx3-ubyte"), file("t10k-labels-idx1-ubyte"));
  fs::resize_file(file("train-images-idx3-ubyte"), 2000);
  const Json made = document({"--data", folder.string()});
  EXPECT_EQ(made["training_rows"], 20'000);
  EXPECT_EQ(run_tool({"train", "--data", folder.string(), "--steps", "1"}).code, 4);
}

TEST(DryRun, LearnsNothingFromRowsThatAreMadeUp) {
  EXPECT_EQ(dry_run({"--data", small_set(), "--lr", "1e9"}).code, 0);
}

TEST(DryRun, SaysWhatIsWrongWithData) {
  const TemporaryFolder folder;
  std::ofstream(folder / "t.csv") << "a,b\n1,2\n3,4\n5\n";
  const Words table{"--data", folder / "t.csv", "--target", "b", "--net", "affine(1)"};
  Words training{"train"};
  training.insert(training.end(), table.begin(), table.end());
  EXPECT_EQ(dry_run(table).err, run_tool(training).err);
  EXPECT_EQ(dry_run({"--data", "nmist"}).err, run_tool({"train", "--data", "nmist"}).err);
}

}  // namespace
}  // namespace chainrule::cli
