// Each command whose result is data prints one JSON document with the keys that docs/tool.md lists.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../../cli/digest.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;

/// A folder with a run, and a table that it learnt from.
const std::string& runs() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    std::ofstream file(folder / "cars.csv");
    file << "weight,origin,mpg\n";
    for (int i = 0; i < 20; ++i)
      file << 2000 + 13 * i << "," << (i % 3 == 0 ? "usa" : "japan") << "," << 40 - i << "\n";
    file << "3000,,12\n";
    file.close();
    std::ofstream text(folder / "text.txt");
    for (int i = 0; i < 60; ++i) text << "the cat sat on the mat " << i << "\n";
    text.close();
    EXPECT_EQ(run_tool({"train", "--data", "text.txt", "--data.text.length", "8", "--net",
                        "char_rnn(embedding=3, hidden=4)", "--steps", "2", "-q", "--out", "writer"},
                       {.folder = folder.string()})
                  .code,
              0);
    const std::vector<std::string> train{"train",       "--data", "cars.csv",
                                         "--target",    "mpg",    "--net",
                                         "mlp([4, 1])", "--set",  "data.csv.missing=drop",
                                         "--steps",     "6",      "-q",
                                         "--out"};
    for (const char* name : {"run1", "run2"}) {
      std::vector<std::string> arguments = train;
      arguments.insert(arguments.end(), {name, "--seed", name + 3});
      EXPECT_EQ(run_tool(arguments, {.folder = folder.string()}).code, 0);
    }
    io::write_npy(folder / "row.npy", zeros({3}));
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{"export", "run1", "--to", "trace", "--steps", "1", "--out", "trace.npz"},
          std::vector<std::string>{"data", "write", "digits", "pictures", "--train", "20", "--test", "10"}})
      EXPECT_EQ(run_tool(more, {.folder = folder.string()}).code, 0);
    return true;
  }();
  static_cast<void>(made);
  static const std::string path = folder.string();
  return path;
}

/// The rows of the table in docs/tool.md: | `command` | `key`, `key`, each metric |
struct Row {
  std::string command;
  std::vector<std::string> keys;
  bool has_metrics = false;
};
std::vector<Row> documented() {
  std::istringstream lines(read_file(CHAINRULE_SOURCE_DIR "/docs/tool.md"));
  std::vector<Row> rows;
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) is_inside = line == "## JSON";
    if (!is_inside || !line.starts_with("| `")) continue;
    std::vector<std::string> words;
    for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      const std::size_t end = line.find('`', at + 1);
      words.push_back(line.substr(at + 1, end - at - 1));
      at = end;
    }
    const bool has_metrics = line.find("each metric") != std::string::npos;
    rows.push_back({words.front(), {words.begin() + 1, words.end()}, has_metrics});
  }
  return rows;
}

/// How each is called here.
struct Call {
  std::string command;
  std::vector<std::string> arguments;
  int code = 0;
};
const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {"train",
       {"train", "--data", "cars.csv", "--target", "mpg", "--net", "mlp([4, 1])", "--set",
        "data.csv.missing=drop", "--steps", "6"}},
      {"train --dry-run",
       {"train", "--data", "cars.csv", "--target", "mpg", "--net", "mlp([4, 1])", "--set",
        "data.csv.missing=drop", "--dry-run"}},
      {"init", {"init", "new.toml", "--data", "cars.csv", "--force"}},
      {"eval", {"eval", "run1"}},
      {"info RUN", {"info", "run1"}},
      {"info FILE.safetensors", {"info", "run1/model.safetensors"}},
      {"info FILE.csv", {"info", "cars.csv"}},
      {"info FILE.npz", {"info", "trace.npz"}},
      {"info FILE.npy", {"info", "row.npy"}},
      {"info FILE.txt", {"info", "text.txt"}},
      {"info FILE.toml", {"info", "run1.toml"}},
      {"info FOLDER", {"info", "pictures"}},
      {"info SET", {"info", "digits"}},
      {"data list", {"data", "list"}},
      {"data show", {"data", "show", "digits", "--rows", "2", "--columns", "2", "--out", "digits.png"}},
      {"data stats", {"data", "stats", "cars.csv"}},
      {"data write", {"data", "write", "digits", "pictures", "--train", "20", "--test", "10"}},
      {"data fetch", {}},  // fetch_test has a server
      {"generate", {"generate", "writer", "--length", "5", "--samples", "2"}},
      {"plot", {"plot", "run1", "--plot", "curves", "--out", "curves.svg"}},
      {"lr-find", {"lr-find", "run1.toml"}},
      {"sweep", {"sweep", "run1.toml", "--vary", "lr=0.1,0.01"}},
      {"check", {"check", "--hidden", "1", "--samples", "1"}},
      {"check NAME", {"check", "run1"}},
      {"bench", {"bench", "xor", "--seconds", "0.01"}},
      {"graph", {"graph", "run1"}},
      {"explain MODEL", {"explain", "run1"}},
      {"explain EXPRESSION", {"explain", "w*2", "--at", "w=3"}},
      {"explain --solve", {"explain", "w*w", "--at", "w=3", "--solve", "4"}},
      {"explain --minimize", {"explain", "w*w", "--at", "w=3", "--minimize"}},
      {"diff", {"diff", "run1", "run2"}, 3},
      {"export", {"export", "run1", "--to", "pytorch", "--out", "weights.safetensors"}},
      {"list", {"list"}},
      {"list data", {"list", "data"}},
      {"list settings", {"list", "settings"}},
      {"list KIND", {"list", "losses"}},
  };
  return all;
}

TEST(JsonDocuments, AreDocumentedAndPrinted) {
  std::ofstream(runs() + "/run1.toml") << "net = \"mlp([4, 1])\"\n[data]\nname = \"cars.csv\"\ncsv.target = "
                                          "\"mpg\"\ncsv.missing = \"drop\"\n[train]\nsteps = 6\n";
  const std::vector<Row> rows = documented();
  ASSERT_EQ(rows.size(), calls().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Call& call = calls()[i];
    SCOPED_TRACE(call.command);
    ASSERT_EQ(rows[i].command, call.command) << "the table of docs/tool.md, in its order";
    if (call.arguments.empty()) continue;
    std::vector<std::string> arguments = call.arguments;
    arguments.emplace_back("--json");
    const Outcome outcome = run_tool(arguments, {.folder = runs()});
    EXPECT_EQ(outcome.code, call.code) << outcome.err;
    const Json document = Json::parse(outcome.out, nullptr, false);
    ASSERT_FALSE(document.is_discarded()) << outcome.out.substr(0, 300);
    const Json& object = document.is_array() ? document.at(0) : document;
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    std::vector<std::string> listed = rows[i].keys;
    std::sort(listed.begin(), listed.end());
    if (rows[i].has_metrics) {
      EXPECT_TRUE(std::includes(keys.begin(), keys.end(), listed.begin(), listed.end())) << outcome.out;
    } else {
      EXPECT_EQ(keys, listed);
    }
  }
}

TEST(JsonDocuments, HaveTheTextsAndTheFiles) {
  const Json said = Json::parse(
      run_tool({"generate", "writer", "--length", "5", "--samples", "2", "--prompt", "the ", "--json"},
               {.folder = runs()})
          .out);
  ASSERT_EQ(said.at("texts").size(), 2u);
  EXPECT_EQ(said["texts"][0].get<std::string>().substr(0, 4), "the ");
  EXPECT_EQ(said["texts"][0].get<std::string>().size(), 9u);
  const Outcome plain =
      run_tool({"generate", "writer", "--length", "5", "--prompt", "the "}, {.folder = runs()});
  EXPECT_EQ(plain.out, said["texts"][0].get<std::string>() + "\n");

  const Outcome drawn = run_tool({"plot", "run1", "--json"}, {.folder = runs()});
  const Json files = Json::parse(drawn.out);
  EXPECT_EQ(files.at(0), Json::parse(R"({"path": "run1/plots/curves.svg", "plots": ["curves"]})"));
  EXPECT_GT(files.size(), 1u);
  const Outcome terminal = run_tool({"plot", "run1", "--json", "--terminal"}, {.folder = runs()});
  EXPECT_EQ(terminal.code, 2) << terminal.out;
}

TEST(JsonDocuments, OfFilesHaveTheirChecksums) {
  const auto sha256 = [](const std::string& path) {
    return Sha256().add(read_file(runs() + "/" + path)).hex();
  };
  const Json init = Json::parse(run_tool({"init", "sum.toml", "--force", "--json"}, {.folder = runs()}).out);
  EXPECT_EQ(init.at("path"), "sum.toml");
  EXPECT_EQ(init.at("bytes"), std::filesystem::file_size(runs() + "/sum.toml"));
  EXPECT_EQ(init.at("sha256"), sha256("sum.toml"));
  const Json c = Json::parse(
      run_tool({"export", "run1", "--to", "c", "--out", "net", "--json"}, {.folder = runs()}).out);
  EXPECT_EQ(c.at("format"), "c");
  EXPECT_EQ(c.at("files").at(1).at("path"), "net.c");
  EXPECT_EQ(c.at("files").at(1).at("sha256"), sha256("net.c"));
  const Json written =
      Json::parse(run_tool({"data", "write", "digits", "few", "--train", "7", "--test", "3", "--json"},
                           {.folder = runs()})
                      .out);
  EXPECT_EQ(
      written,
      Json::parse(R"({"folder": "few", "name": "digits", "training_pictures": 7, "test_pictures": 3})"));
}

TEST(JsonDocuments, NameWhatIsNotFinite) {
  // r2 of one row is not a number.
  const Outcome outcome =
      run_tool({"train", "--data", "cars.csv", "--target", "mpg", "--net", "mlp([1])", "--set",
                "data.csv.missing=drop", "--data.test", "0.05", "--steps", "2", "--json"},
               {.folder = runs()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out).at("test_r2"), "nan");
}

TEST(DataStats, CountsByColumn) {
  const Outcome outcome = run_tool({"data", "stats", "cars.csv", "--json"}, {.folder = runs()});
  const Json part = Json::parse(outcome.out).at("parts").at(0);
  EXPECT_EQ(part.at("rows"), 21);
  const Json& weight = part.at("columns").at(0);
  EXPECT_EQ(weight.at("min"), 2000);
  EXPECT_EQ(weight.at("max"), 3000);
  EXPECT_NEAR(weight.at("mean").get<double>(), (20 * 2000 + 13 * 190 + 3000) / 21.0, 1e-9);
  const Json& origin = part.at("columns").at(1);
  EXPECT_EQ(origin.at("missing"), 1);
  EXPECT_EQ(origin.at("classes"),
            Json::parse(R"([{"name": "japan", "rows": 13}, {"name": "usa", "rows": 7}])"));

  const Outcome images = run_tool({"data", "stats", small_set()});
  EXPECT_EQ(images.code, 0) << images.err;
  EXPECT_NE(images.out.find("train: 200 rows of 2 columns"), std::string::npos) << images.out;
  EXPECT_NE(images.out.find("t: 4 classes\n  0       50\n"), std::string::npos) << images.out;
}

TEST(DataList, FitsATerminal) {
  std::istringstream lines(run_tool({"data", "list"}).out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LT(line.size(), 80u) << line;
  EXPECT_GE(count, 8);
}

}  // namespace
}  // namespace chainrule::cli
