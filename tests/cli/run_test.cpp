// What a run's folder keeps: told, checked, replaced; nets that hold one parameter in two places.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

Outcome train_into(const std::string& out, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"train",       "--data",  small_set(), "--net",
                                     "mlp([8, 4])", "--steps", "20",        "--checkpoint-every",
                                     "10",          "--out",   out,         "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tool(arguments);
}

void change_a_byte(const fs::path& path) {
  std::string bytes = read_file(path);
  bytes[bytes.size() - 9] ^= 1;
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Info, ChecksWhatARunKeeps) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(train_into(run).code, 0);
  const Outcome whole = run_tool({"info", run});
  EXPECT_EQ(whole.code, 0);
  for (const char* name : {"checkpoint-a.safetensors", "checkpoint-b.safetensors", "model.safetensors"}) {
    EXPECT_NE(whole.out.find(std::string(name) + ": whole, its checksum is right, "), std::string::npos)
        << whole.out;
  }
  EXPECT_NE(run_tool({"info", run + "/model.safetensors"})
                .out.find("a model of Chainrule, its checksum is right\n"),
            std::string::npos);

  change_a_byte(run + "/model.safetensors");
  EXPECT_EQ(run_tool({"info", run}).code, 4);
  EXPECT_EQ(run_tool({"info", run + "/model.safetensors"}).code, 4);
  change_a_byte(run + "/checkpoint-b.safetensors");
  const Outcome damaged = run_tool({"info", run, "--json"});
  EXPECT_EQ(damaged.code, 6);
  const auto files = nlohmann::json::parse(damaged.out).at("files");
  EXPECT_EQ(files.at(0).at("whole"), true);
  EXPECT_EQ(files.at(1).at("whole"), false);
  EXPECT_EQ(files.at(1).at("problem"),
            "[checkpoint] " + run +
                "/checkpoint-b.safetensors: its checksum does not fit: it was changed "
                "after it was written. (E307)");
  EXPECT_EQ(files.at(2).at("whole"), false);
}

TEST(Force, TakesThePicturesOfTheOldRunAway) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(train_into(run).code, 0);
  ASSERT_EQ(run_tool({"plot", run}).code, 0);
  ASSERT_TRUE(fs::exists(run + "/plots/curves.svg"));
  std::ofstream(run + "/plots/mine.svg") << "kept";
  EXPECT_EQ(train_into(run, {"--force"}).code, 0);
  EXPECT_FALSE(fs::exists(run + "/plots/curves.svg"));
  EXPECT_FALSE(fs::exists(run + "/plots/confusion.svg"));
  EXPECT_TRUE(fs::exists(run + "/plots/mine.svg"));
}

TEST(Tied, AnEmbeddingThatIsTheLastWeightToo) {
  const TemporaryFolder folder;
  std::ofstream text(folder / "text.txt");
  for (int i = 0; i < 200; ++i) text << "the cat sat on the mat " << i << "\n";
  text.close();
  const std::string run = folder / "run";
  const Outcome trained = run_tool({"train", "--data", folder / "text.txt", "--data.text.length", "8",
                                    "--net", "char_gpt(layers=1, heads=1, channels=4)", "--steps", "5",
                                    "--batch-size", "4", "-q", "--out", run});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const Outcome check = run_tool({"check", run, "--samples", "2", "--elements", "4"});
  EXPECT_EQ(check.code, 0) << check.out << check.err;
  EXPECT_NE(check.out.find("They agree."), std::string::npos) << check.out;
  EXPECT_EQ(run_tool({"explain", run}).code, 0);
  EXPECT_EQ(run_tool({"graph", run}).code, 0);
}

TEST(Pictures, MayMixGreyAndColour) {
  const TemporaryFolder folder;
  for (const char* name : {"cat", "dog"}) {
    fs::create_directories(folder / name);
    for (int i = 0; i < 4; ++i) {
      std::ofstream(folder / (std::string(name) + "/" + std::to_string(i) + ".pgm"))
          << "P2 2 2 9\n1 2 3 " << i;
      std::ofstream(folder / (std::string(name) + "/" + std::to_string(i) + ".ppm"))
          << "P3 2 2 9\n1 2 3 4 5 6 7 8 9 1 2 " << i;
    }
  }
  for (const char* grey : {"true", "false"}) {
    const Outcome outcome = run_tool({"train", "--data", folder.string(), "--data.pictures.grey", grey,
                                      "--net", "mlp([2])", "--steps", "3"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find(std::string("rows of shape (") + (*grey == 't' ? "1" : "3") + ", 2, 2)"),
              std::string::npos)
        << outcome.out;
  }
}

}  // namespace
}  // namespace chainrule::cli
