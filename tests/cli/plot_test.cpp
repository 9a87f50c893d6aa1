// chainrule plot, and the report of chainrule train, as a user types them.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "cli/tool.h"
#include "plot/well_formed.h"
#include "set_environment.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// Runs of small nets, each made once.
const std::string& run_on_images() {
  static const TemporaryFolder folder;
  static const std::string run = [] {
    const std::string path = folder / "images";
    const Outcome trained =
        run_tool({"train", "--data", small_set(), "--net", "sequential([conv2d(3, 3), relu, affine(4)])",
                  "--epochs", "2", "--optimizer", "adam", "--out", path});
    EXPECT_EQ(trained.code, 0) << trained.err;
    EXPECT_EQ(trained.err, "");
    return path;
  }();
  return run;
}
const std::string& run_on_numbers() {
  static const TemporaryFolder folder;
  static const std::string run = [] {
    std::string table = "a,b,y\n";
    for (int i = 0; i < 60; ++i)
      table += std::to_string(i % 7) + "," + std::to_string(i % 5) + "," +
               std::to_string(i % 7 + 2 * (i % 5)) + "\n";
    put(folder / "t.csv", table);
    const std::string path = folder / "numbers";
    const Outcome trained = run_tool({"train", "--data", folder / "t.csv", "--target", "y", "--net",
                                      "affine(1)", "--epochs", "3", "--out", path});
    EXPECT_EQ(trained.code, 0) << trained.err;
    return path;
  }();
  return run;
}

TEST(Plot, WritesAllThatTheRunHasWhatIsNeededFor) {
  const std::string& run = run_on_images();
  const Outcome plotted = run_tool({"plot", run + "/"});
  EXPECT_EQ(plotted.code, 0);
  EXPECT_EQ(plotted.err, "");
  std::string expected;
  for (const char* name :
       {"curves", "confusion", "mistakes", "filters", "features", "weights", "gradients"}) {
    if (std::string(name) == "mistakes" && plotted.out.find("mistakes") == std::string::npos)
      continue;  // it made none
    expected += run + "/plots/" + name + ".svg\n";
  }
  EXPECT_EQ(plotted.out, expected);
  for (const std::string& file : lines_of(plotted.out))
    EXPECT_EQ(plot::problem_of(read_file(file)), "") << file;
}

TEST(Plot, OfNumbersAndOfAModelFile) {
  const TemporaryFolder folder;
  const std::string out = folder / "pictures";
  const Outcome plotted = run_tool({"plot", run_on_numbers(), "--out", out});
  EXPECT_EQ(plotted.out, out + "/curves.svg\n" + out + "/regression.svg\n" + out + "/decision.svg\n" + out +
                             "/weights.svg\n" + out + "/gradients.svg\n")
      << plotted.err;
  const std::string map = read_file(out + "/decision.svg");
  EXPECT_NE(map.find(">a</text>"), std::string::npos);  // the names of the columns
  const Outcome of_file =
      run_tool({"plot", run_on_numbers() + "/model.safetensors", "--out", folder / "of_file"});
  EXPECT_EQ(of_file.code, 0) << of_file.err;
  EXPECT_EQ(of_file.out.find("curves"), std::string::npos);  // a model has no history
}

TEST(Plot, OneFile) {
  const TemporaryFolder folder;
  const std::string file = folder / "one.svg";
  EXPECT_EQ(run_tool({"plot", run_on_images(), "--plot", "confusion", "--plot", "features(row=3, count=2)",
                      "--out", file})
                .out,
            file + "\n");
  const std::string made = read_file(file);
  EXPECT_EQ(plot::problem_of(made), "");
  EXPECT_NE(made.find("the image: test row 3"), std::string::npos);
  EXPECT_EQ(made.find("gradient"), std::string::npos);
  const std::string out = folder / "two";
  EXPECT_EQ(
      run_tool({"plot", run_on_images(), "--plot", "features", "--plot", "features(row=1)", "--out", out})
          .out,
      out + "/features.svg\n" + out + "/features2.svg\n");
  const Outcome png = run_tool({"plot", "--plot", "weights", run_on_images(), "--out", folder / "one.png"});
  if (png.err.find("E370") != std::string::npos)
    GTEST_SKIP() << "needs rsvg-convert: apt-get install librsvg2-bin";
  EXPECT_EQ(png.code, 0) << png.err;
  EXPECT_EQ(read_file(folder / "one.png").substr(0, 4), "\x89PNG");
}

TEST(Plot, SaysWhyOneCannotBeDrawn) {
  const std::string& run = run_on_numbers();
  const Outcome asked = run_tool({"plot", run, "--plot", "confusion"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_EQ(asked.err,
            "chainrule: [plot] confusion cannot be drawn of " + run +
                ": it needs rows that belong to one class each. Without --plot all that can be is. (E374)\n");
  const Outcome unknown = run_tool({"plot", run, "--plot", "confusoin"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("Did you mean 'confusion'?"), std::string::npos) << unknown.err;
  EXPECT_EQ(run_tool({"plot", run + "/none"}).code, 4);
  EXPECT_EQ(run_tool({"plot"}).code, 2);
  const TemporaryFolder folder;
  EXPECT_NE(run_tool({"plot", folder.string()}).err.find("(E345)"), std::string::npos);
  put(folder / "run.toml", "");
  put(folder / "history.jsonl", "{\"step\": 1");  // being written
  EXPECT_NE(run_tool({"plot", folder.string()}).err.find("(E345)"), std::string::npos);
}

TEST(Plot, ANetWithoutParametersHasNothingToDraw) {
  const TemporaryFolder folder;
  const std::string file = folder / "relu.safetensors";
  const std::string header = R"({"__metadata__":{"chainrule.format":"1","chainrule.net":"relu"}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  put(file, bytes + header);
  const Outcome plotted = run_tool({"plot", file});
  EXPECT_EQ(plotted.err, "chainrule: [plot] nothing can be drawn of " + file +
                             ": it has neither reports nor a net with parameters. Train one first. (E375)\n");
  EXPECT_EQ(plotted.code, 2);
}

TEST(Plot, WithoutTheDataWhatNeedsNone) {
  const TemporaryFolder folder;
  const std::string csv = folder / "t.csv", run = folder / "run";
  put(csv, "a,b,y\n1,2,3\n2,1,3\n3,3,6\n4,1,5\n5,2,7\n");
  EXPECT_EQ(run_tool({"train", "--data", csv, "--target", "y", "--net", "affine(1)", "--out", run}).code, 0);
  fs::remove(csv);
  const Outcome plotted = run_tool({"plot", run});
  EXPECT_EQ(plotted.out, run + "/plots/curves.svg\n" + run + "/plots/weights.svg\n");
  EXPECT_TRUE(plotted.err.starts_with("chainrule: plotting without the data: [data] ")) << plotted.err;
  EXPECT_EQ(plotted.code, 0);
  EXPECT_EQ(run_tool({"plot", run, "--data", csv}).code, 4);  // asked for
}

TEST(Plot, InTheTerminal) {
  const Outcome plain = run_tool({"plot", run_on_images(), "--terminal"});
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_TRUE(plain.out.starts_with("loss\n")) << plain.out;
  EXPECT_EQ(plain.out.find('\x1b'), std::string::npos);
  {
    const SetEnvironment locale("LC_ALL", "C");
    const std::string ascii = run_tool({"plot", run_on_images(), "--terminal"}).out;
    EXPECT_TRUE(std::all_of(ascii.begin(), ascii.end(), [](char c) {
      return c == '\n' || (c >= 0x20 && c < 0x7F);
    })) << ascii;
    for (const std::string& line : lines_of(ascii)) EXPECT_LE(line.size(), 80u);
  }
  {
    const SetEnvironment locale("LC_ALL", "C.UTF-8");
    EXPECT_NE(run_tool({"plot", run_on_images(), "--terminal"}).out.find("\u2514"), std::string::npos);
  }
  EXPECT_EQ(run_tool({"plot", "/nonexistent/run", "--terminal"}).code, 4);
  const Outcome of_file = run_tool({"plot", run_on_images() + "/model.safetensors", "--terminal"});
  EXPECT_EQ(of_file.err, "chainrule: [plot] curves cannot be drawn of " + run_on_images() +
                             "/model.safetensors: it needs a run's history, and there is no report. Give the "
                             "folder of a run. (E374)\n");
  if (!has_terminals()) GTEST_SKIP() << "needs a pseudo-terminal";
  EXPECT_NE(run_tool({"plot", run_on_images(), "--terminal"}, {.terminal = true}).out.find("\x1b[3"),
            std::string::npos);
  EXPECT_EQ(run_tool({"plot", run_on_images(), "--terminal"}, {.terminal = true, .term = "dumb"})
                .out.find("\x1b[3"),
            std::string::npos);
}

TEST(Plot, ARunThatStillTrainsHasItsCurves) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const Outcome killed = run_tool({"train", "--data", small_set(), "--epochs", "100000000", "--out", run},
                                  {.signal = SIGKILL, .signal_when = "\n    3 "});
  EXPECT_EQ(killed.signal, SIGKILL);
  const Outcome plotted = run_tool({"plot", run});
  EXPECT_EQ(plotted.out, run + "/plots/curves.svg\n") << plotted.err;
}

/// A report needs nothing from elsewhere.
void expect_self_contained(const std::string& html) {
  for (const char* outside : {"src=", "@import", "url(", "<link", "<script", "https:"})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  for (std::size_t at = 0; (at = html.find("http:", at)) != std::string::npos; ++at) {
    EXPECT_EQ(html.substr(at - 7, 33), "xmlns=\"http://www.w3.org/2000/svg") << html.substr(at, 60);
  }
  for (std::size_t at = 0; (at = html.find("href=", at)) != std::string::npos; ++at) {
    EXPECT_TRUE(html.substr(at).starts_with("href=\"data:image/png;base64,")) << html.substr(at, 40);
  }
}

TEST(Report, IsThereAfterTraining) {
  const std::string html = read_file(run_on_images() + "/report.html");
  expect_self_contained(html);
  for (const char* part : {"id=\"curves\"", "id=\"confusion\"", "id=\"filters\"", "test.<wbr>accuracy",
                           "conv2d1.weight", "prefers-color-scheme: dark", "width=device-width",
                           "<th>machine</th>", "<th>ended</th><td>all steps done</td>", "[data]"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(html.find("id=\"regression\""), std::string::npos);
  EXPECT_NE(read_file(run_on_numbers() + "/report.html").find("id=\"regression\""), std::string::npos);
}

TEST(Report, IsThereAfterAnInterruption) {
  const TemporaryFolder folder;
  const Outcome stopped =
      run_tool({"train", "--data", small_set(), "--epochs", "100000000", "--out", folder / "run"},
               {.signal = SIGINT, .signal_when = "\n    3 "});
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_NE(read_file(folder / "run/report.html").find("<th>ended</th><td>interrupted</td>"),
            std::string::npos);
}

TEST(Report, WrittenAnewIsTheSame) {
  const TemporaryFolder folder;
  const SetEnvironment date("SOURCE_DATE_EPOCH", "0");
  const std::string file = folder / "a <b>.html";
  EXPECT_EQ(run_tool({"plot", run_on_images(), "--report", "--out", file}).out, file + "\n");
  const std::string first = read_file(file);
  EXPECT_NE(first.find("<th>this page</th><td>1970-01-01 00:00 UTC</td>"), std::string::npos);
  run_tool({"plot", run_on_images(), "--report", "--out", file});
  EXPECT_EQ(read_file(file), first);
}

TEST(Report, ThatCannotBeWrittenLeavesTheTrainingDone) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  fs::create_directories(run + "/report.html/in the way");
  const Outcome trained = run_tool({"train", "--data", small_set(), "--epochs", "1", "--out", run});
  EXPECT_EQ(trained.code, 0);
  EXPECT_TRUE(trained.err.starts_with("chainrule: the training is saved, but it has no report: [write] "))
      << trained.err;
  EXPECT_TRUE(fs::exists(run + "/model.safetensors"));
}

TEST(TensorBoardOption, WritesIntoTheRun) {
  const TemporaryFolder folder;
  const auto count_events = [](const std::string& run) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(run))
      count += entry.path().filename().string().starts_with("events.out.tfevents.");
    return count;
  };
  const std::string run = folder / "run";
  Words words{"train", "--data", small_set(), "--epochs", "1", "--out", run, "--tensorboard"};
  EXPECT_EQ(run_tool(words).code, 0);
  EXPECT_EQ(count_events(run), 1);
  EXPECT_EQ(run_tool({"train", "--resume", run, "--epochs", "2", "--tensorboard"}).code, 0);
  EXPECT_EQ(count_events(run), 2);
  words.emplace_back("--force");
  EXPECT_EQ(run_tool(words).code, 0);
  EXPECT_EQ(count_events(run), 1);  // the others were of the run that was replaced
  const Outcome nowhere = run_tool({"train", "--tensorboard"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_EQ(
      nowhere.err,
      "chainrule: [train] --tensorboard writes into the folder of the run. Name one: --out RUN. (E376)\n");
}

TEST(Plot, IsListed) {
  const std::string listed = run_tool({"list", "plots"}).out;
  for (const char* name : {"curves ", "confusion ", "mistakes ", "regression ", "decision ", "filters ",
                           "features ", "weights ", "gradients "}) {
    EXPECT_NE(listed.find(name), std::string::npos) << name;
    EXPECT_NE(run_tool({"help", std::string(name).substr(0, std::string(name).size() - 1)}).out, "");
  }
}

}  // namespace
}  // namespace chainrule::cli
