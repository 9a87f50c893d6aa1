// From a table to predictions: init, train, eval, predict, info; and what is said of wrong inputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// 60 rows of y = 3 a + (5 where kind is "up", else -5), with a column of names and one gap.
std::string table_of_numbers() {
  std::string text = "name,a,kind,y\n";
  for (int i = 0; i < 60; ++i) {
    const double a = i % 12 / 4.0;
    const bool up = i % 3 == 0;
    text += "row " + std::to_string(i) + "," + (i == 7 ? "" : std::to_string(a)) + "," +
            (up ? "up" : "down") + "," + std::to_string(3 * a + (up ? 5 : -5)) + "\n";
  }
  return text;
}

class TableRun : public testing::Test {
 protected:
  TableRun() {
    write(csv, table_of_numbers());
    const Outcome made = run_tool({"init", toml, "--data", csv});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(made.out, toml + ": settings for " + csv + ". Next: chainrule train " + toml + " --out run1\n");
  }
  void train() {
    const Outcome outcome = run_tool({"train", toml, "--out", run, "--lr", "0.01"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }

  const TemporaryFolder folder;
  const std::string csv = folder / "cars.csv", toml = folder / "cars.toml", run = folder / "run";
};

TEST_F(TableRun, InitLooksAtTheColumns) {
  const std::string text = read_file(toml);
  for (const char* line : {"\ntarget = \"y\" ", "\nignore = [\"name\"] ", "\nmissing = \"drop\" ",
                           "\n# The columns: a, kind (words)\n", "\"affine(1)\"]"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  const Outcome again = run_tool({"init", toml, "--data", csv});
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.err, "chainrule: [init] " + toml +
                           " is there already. Name another file, or replace it with --force. (E084)\n");
}

TEST_F(TableRun, LearnsMeasuresAndPredicts) {
  train();
  const Json result = Json::parse(read_file(run + "/result.json"));
  EXPECT_GT(result["test_r2"], 0.99) << result;
  const Json measured = Json::parse(run_tool({"eval", run, "--json"}).out);
  EXPECT_EQ(measured["r2"], result["test_r2"]);
  EXPECT_EQ(measured["loss"], result["test_loss"]);

  const std::string rows = folder / "new.csv";
  write(rows, "kind,unused,a\nup,x,1\ndown,y,2\n");  // another order, and a column more
  const Outcome csv_lines = run_tool({"predict", run, rows});
  EXPECT_EQ(csv_lines.code, 0) << csv_lines.err;
  EXPECT_EQ(csv_lines.out.substr(0, 10), "input,y\n1,") << csv_lines.out;
  const Outcome json_lines = run_tool({"predict", run, rows, "--json"});
  std::istringstream lines(json_lines.out);
  std::string line;
  for (const double expected : {8.0, 1.0}) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_NEAR(Json::parse(line)["y"], expected, 0.5);
  }
  EXPECT_EQ(run_tool({"predict", run, rows, "--out", folder / "p.csv"}).out, "");
  EXPECT_EQ(read_file(folder / "p.csv"), csv_lines.out);
}

// The file that was learnt from has a column of names, too many to be read as words, and a gap there.
TEST_F(TableRun, PassesOverColumnsThatTheNetDoesNotNeed) {
  train();
  std::string rows = "name,kind,a,y\n";
  for (int i = 0; i < 300; ++i) rows += (i == 5 ? "" : "name " + std::to_string(i)) + ",up,1,8\n";
  const std::string file = folder / "many.csv";
  write(file, rows);
  const Outcome predicted = run_tool({"predict", run, file});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_EQ(std::count(predicted.out.begin(), predicted.out.end(), '\n'), 301);
  EXPECT_EQ(run_tool({"predict", run, "--data", file}).out, predicted.out);
  const Outcome measured = run_tool({"eval", run, "--data", file});
  EXPECT_EQ(measured.out.substr(0, (file + ": 300 rows\n").size()), file + ": 300 rows\n") << measured.err;
}

TEST_F(TableRun, ARunThatIsReplacedTakesItsResultsWithIt) {
  train();
  const Words words{"train", toml, "--out", run, "--force", "--epochs", "100000000"};
  const Outcome killed = run_tool(words, {.signal = SIGKILL, .signal_when = "\n    3 "});
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(run + "/model.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(run + "/result.json"));
}

TEST_F(TableRun, SaysWhatIsWrongWithNewRows) {
  train();
  const auto predicted = [&](const std::string& text) {
    const std::string rows = folder / "new.csv";
    write(rows, text);
    const Outcome outcome = run_tool({"predict", run, rows});
    EXPECT_NE(outcome.code, 0);
    EXPECT_EQ(outcome.out, "");
    const std::string start = "chainrule: [predict] " + rows + ": ";
    return outcome.err.starts_with(start) ? outcome.err.substr(start.size()) : outcome.err;
  };
  EXPECT_NE(predicted("kind,b\nup,1\n").find(" has no column 'a'; it has kind, b. "), std::string::npos);
  EXPECT_EQ(
      predicted("kind,a\nleft,1\n"),
      "column 'kind' has the word 'left' in row 1, which the net has not seen. It knows down, up. (E346)\n");
  EXPECT_EQ(predicted("kind,a\nup,x\n"), "column 'a' has 'x' in row 1, the net needs numbers. (E346)\n");
  EXPECT_EQ(predicted("kind,a\nup,inf\n"), "column 'a' has 'inf' in row 1, the net needs numbers. (E346)\n");
  EXPECT_EQ(run_tool({"predict", run}).code, 2);
  EXPECT_EQ(run_tool({"predict", run, folder / "none.csv"}).code, 4);
}

TEST_F(TableRun, PredictsRowsWithEmptyCells) {
  train();
  const std::string rows = folder / "new.csv";
  write(rows, "kind,a\nup,1\n,1\nup,NA\ndown,0\n");
  const std::string tells = "chainrule: warning: " + rows + ": 2 of 4 rows lack a value: ";
  const auto predicted = [&](const Words& more) {
    Words words{"predict", run, rows};
    words.insert(words.end(), more.begin(), more.end());
    return run_tool(words);
  };
  const Outcome usual = predicted({});
  EXPECT_EQ(usual.code, 0);
  EXPECT_EQ(usual.err,
            tells + "they get no prediction. --missing mean fills such cells, skip leaves the rows out.\n");
  EXPECT_NE(usual.out.find("\n2,\n3,\n4,"), std::string::npos) << usual.out;
  EXPECT_EQ(predicted({"--missing", "empty"}).out, usual.out);
  EXPECT_NE(predicted({"--json"}).out.find("\n{\"input\":\"2\",\"y\":null}\n"), std::string::npos);

  const Outcome skipped = predicted({"--missing", "skip"});
  std::string without = usual.out;
  without.erase(without.find("2,\n"), 6);
  EXPECT_EQ(skipped.out, without);
  EXPECT_EQ(skipped.err, tells + "they are left out.\n");

  const Outcome stopped = predicted({"--missing", "error"});
  EXPECT_EQ(stopped.code, 4);
  EXPECT_NE(stopped.err.find("(E283)"), std::string::npos) << stopped.err;

  const Outcome filled = predicted({"--missing", "mean"});
  EXPECT_EQ(filled.err, tells + "it is filled with what is usual in its column.\n");
  EXPECT_EQ(std::count(filled.out.begin(), filled.out.end(), '\n'), 5);
  EXPECT_EQ(filled.out.find(",\n"), std::string::npos) << filled.out;
  EXPECT_EQ(run_tool({"predict", run, rows, "--missing", "maen"}).code, 2);
}

TEST_F(TableRun, InfoTellsWhatIsThere) {
  train();
  const std::string of_run = run_tool({"info", run}).out;
  EXPECT_NE(of_run.find("last report: step "), std::string::npos) << of_run;
  EXPECT_NE(of_run.find("model.safetensors: whole, "), std::string::npos);
  const std::string of_model = run_tool({"info", run + "/model.safetensors"}).out;
  EXPECT_NE(of_model.find("affine1.weight"), std::string::npos) << of_model;
  EXPECT_NE(run_tool({"info", csv}).out.find("kind"), std::string::npos);
}

TEST_F(TableRun, AModelThatIsNotThereOrDamagedIsSaid) {
  std::filesystem::create_directory(run);
  EXPECT_EQ(run_tool({"eval", run}).err,
            "chainrule: [model] " + run +
                " has no model.safetensors: no run in it has come to an end. `chainrule train --resume " +
                run + "` goes on. (E345)\n");
  write(run + "/model.safetensors", "not a model");
  EXPECT_EQ(run_tool({"eval", run}).code, 4);
}

// They are inputs that cannot be used, and no wrong settings, for each command that takes a model.
TEST_F(TableRun, DataThatDoNotFitTheModelAreUnreadable) {
  train();
  const std::string lacks = folder / "lacks.csv", words = folder / "words.csv";
  write(lacks, "kind,y\nup,8\ndown,1\n");
  write(words, "kind,a,y\nup,1,8\nsideways,2,1\n");
  for (const std::string& data : {lacks, words}) {
    for (const Words& of : {Words{"predict", run, data}, Words{"predict", run, "--data", data},
                            Words{"eval", run, "--data", data}, Words{"plot", run, "--data", data},
                            Words{"explain", run, "--sample", "0", "--data", data}}) {
      const Outcome outcome = run_tool(of);
      EXPECT_EQ(outcome.code, 4) << of[0] << ": " << outcome.err;
      EXPECT_EQ(outcome.out, "");
    }
  }
  EXPECT_EQ(run_tool({"predict", run, lacks}).err,
            "chainrule: [read_csv] " + lacks + " has no column 'a'; it has kind, y. (E285)\n");
  write(csv, "kind,y\nup,8\ndown,1\n");  // the run's own data, changed since
  for (const Words& of : {Words{"eval", run}, Words{"check", run}, Words{"explain", run, "--sample", "0"}}) {
    EXPECT_EQ(run_tool(of).code, 4) << of[0];
  }
}

TEST(ToolKinds, ImagesOfAnotherSizeDoNotFitTheModel) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", other = folder / "other.npz";
  EXPECT_EQ(run_tool({"train", "--data", small_set(), "--steps", "5", "--out", run}).code, 0);
  io::write_npz(other,
                {{"x", zeros({20, 1, 7, 5})}, {"t", from_data(std::vector<std::int64_t>(20, 3), {20})}});
  write(folder / "rows.csv", "a,b\n1,2\n");
  EXPECT_EQ(run_tool({"predict", run, folder / "rows.csv"}).err,
            "chainrule: [predict] " + run +
                "/model.safetensors was not trained on a table; it takes rows of shape (1, 6, 5). (E346)\n");
  for (const Words& of : {Words{"eval", run, "--data", other}, Words{"predict", run, "--data", other},
                          Words{"explain", run, "--sample", "0", "--data", other}}) {
    const Outcome outcome = run_tool(of);
    EXPECT_EQ(outcome.code, 4) << of[0];
    EXPECT_EQ(outcome.err, "chainrule: [data] " + other + " has rows of shape (1, 7, 5); the net in " + run +
                               "/model.safetensors takes (1, 6, 5). Give data of that shape. (E346)\n");
  }
}

/// What is wrong with settings, and the message it gets.
struct Wrong {
  Words words;
  int code;
  std::string message;
};

TEST_F(TableRun, WrongSettingsAreNamed) {
  const Wrong all[] = {
      {{"train", toml, "--trian.epochs", "3"},
       2,
       "unknown option '--trian.epochs'. Did you mean --train.epochs? See chainrule train --help."},
      {{"train", toml, "--set", "train.epcohs=3"},
       2,
       "[config] --set train.epcohs: unknown setting 'epcohs' of train. Did you mean 'epochs'? (E226)"},
      {{"train", toml, "--set", "train"}, 2, "--set: 'train' is not KEY=VALUE. See chainrule train --help."},
      {{"train", toml, "--net", "afine(3)"},
       2,
       "[config] --net: unknown layer 'afine'. Did you mean 'affine'? (E230)"},
      {{"train", toml, "--net", "affine(2)"},
       2,
       "[train] the net gives 2 numbers a row, the target has 1. Let its last layer give 1: affine(1). "
       "(E342)"},
      {{"train", toml, "--patience", "3", "--validation", "0"},
       2,
       "[train] train.patience needs rows to measure on. Set data.validation = 0.1, say. (E341)"},
      {{"train", toml, "--target", "z"},
       2,
       "[read_csv] " + csv + " has no column 'z'; it has name, a, kind, y. (E285)"},
      {{"train", toml, "--set", "data.csv.target="},
       2,
       "[train] " + csv + " has no target. Name the column to be learnt: --target y. (E343)"},
      {{"train", folder / "none.toml"}, 4, ""},
      {{"help", "conv2"}, 2, ""},
      {{"list", "layer"},
       2,
       "there is no list 'layer'. Did you mean layers? chainrule list says which there are."},
  };
  for (const Wrong& wrong : all) {
    const Outcome outcome = run_tool(wrong.words);
    EXPECT_EQ(outcome.code, wrong.code) << wrong.words[0] << " " << wrong.words[1] << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "");
    if (!wrong.message.empty()) {
      EXPECT_EQ(outcome.err, "chainrule: " + wrong.message + "\n");
    }
  }
}

TEST(ToolLists, EachIsThere) {
  for (const char* what : {"layers", "initializers", "losses", "metrics", "optimizers", "schedules",
                           "transforms", "scalers", "plots", "settings", "data"}) {
    const Outcome outcome = run_tool({"list", what});
    EXPECT_EQ(outcome.code, 0) << what;
    EXPECT_GT(outcome.out.size(), 20u) << what;
  }
  EXPECT_NE(run_tool({"help", "conv2d"}).out.find("conv2d (layer): "), std::string::npos);
  EXPECT_EQ(run_tool({"help", "E022"}).out.substr(0, 5), "E022 ");
  EXPECT_EQ(run_tool({"help", "train"}).code, 0);
}

TEST(ToolTrain, ASettingOfAFileIsChangedByAnOption) {
  const TemporaryFolder folder;
  const std::string toml = folder / "a.toml";
  write(toml, "net = \"sequential([affine(8), relu, affine(4)])\"\n[train]\nepochs = 3\nbatch_size = 20\n");
  const auto settings = [&](const Words& more) {
    Words words{"train", toml, "--data", small_set(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out);
  };
  EXPECT_EQ(settings({})["steps"], 30);
  EXPECT_EQ(settings({"--steps", "7"})["steps"], 7);
  EXPECT_EQ(settings({"--train.epochs", "2"})["steps"], 20);
  EXPECT_EQ(settings({"--set", "train.epochs=1"})["settings"]["train"]["epochs"], 1);
}

/// A picture of one grey, in the plainest format.
void write_picture(const std::string& path, char grey) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write(path, "P5 4 4 255\n" + std::string(16, grey));
}

TEST(ToolKinds, PicturesInAFolderAClass) {
  const TemporaryFolder folder;
  for (int i = 0; i < 20; ++i) {
    write_picture(folder / ("pics/dark/" + std::to_string(i) + ".pgm"), static_cast<char>(i));
    write_picture(folder / ("pics/light/" + std::to_string(i) + ".pgm"), static_cast<char>(100 + i));
  }
  const std::string pics = folder / "pics", toml = folder / "p.toml", run = folder / "run";
  EXPECT_EQ(run_tool({"init", toml, "--data", pics}).code, 0);
  EXPECT_NE(read_file(toml).find("\"affine(2)\""), std::string::npos) << read_file(toml);
  const Outcome outcome = run_tool({"train", toml, "--net", "mlp([8, 2])", "--data.pictures.grey", "true",
                                    "--epochs", "60", "--lr", "0.05", "--out", run});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json predicted = Json::parse(run_tool({"predict", run, pics + "/light/3.pgm", "--json"}).out);
  EXPECT_EQ(predicted["classes"][0]["class"], "light");
  EXPECT_EQ(run_tool({"predict", run, pics}).out.substr(0, 24), "input,class,probability\n");
  // A folder with one of the classes, and one with another.
  write_picture(folder / "new/light/1.pgm", 120);
  const Json measured = Json::parse(run_tool({"eval", run, "--data", folder / "new", "--json"}).out);
  EXPECT_EQ(measured["accuracy"], 1);
  write_picture(folder / "other/red/1.pgm", 120);
  EXPECT_NE(run_tool({"eval", run, "--data", folder / "other"}).code, 0);
}

TEST(ToolKinds, ATableOfLineBreaksInNamesAndOneWithoutNames) {
  const TemporaryFolder folder;
  const std::string toml = folder / "t.toml", csv = folder / "t.csv";
  std::string named = "\"a\nb\",c,t\n", bare;
  for (int i = 0; i < 40; ++i) {
    named += std::to_string(i % 5) + "," + std::to_string(i % 3) + (i % 2 != 0 ? ",odd\n" : ",even\n");
    bare += std::to_string(i % 5) + ";" + std::to_string(i % 3) + "\n";
  }
  for (const auto& [text, target] : {std::pair{named, "t"}, std::pair{bare, "column2"}}) {
    write(csv, text);
    EXPECT_EQ(run_tool({"init", toml, "--force", "--data", csv}).code, 0);
    EXPECT_NE(read_file(toml).find("target = \"" + std::string(target) + "\""), std::string::npos);
    const Outcome outcome = run_tool({"train", toml, "--epochs", "2"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
  // A class of which all rows have a gap is none.
  write(csv, "a,t\n1,x\n2,y\n,z\n1,x\n2,y\n,z\n");
  EXPECT_EQ(run_tool({"init", toml, "--force", "--data", csv}).code, 0);
  EXPECT_NE(read_file(toml).find("\"affine(2)\""), std::string::npos) << read_file(toml);
}

TEST(ToolKinds, ArraysOfNumPy) {
  const TemporaryFolder folder;
  const std::string toml = folder / "a.toml", npz = folder / "a.npz";
  std::vector<double> x, line, kind;
  for (int i = 0; i < 60; ++i) {
    x.push_back(i / 10.0);
    line.push_back(2 * x.back() + 0.5);
    kind.push_back(i < 30 ? 1 : 2);
  }
  const std::pair<std::vector<double>, const char*> targets[] = {{line, "affine(1)"}, {kind, "affine(2)"}};
  for (const auto& [t, last] : targets) {
    io::write_npz(npz, {{"label", from_data(t, {60})}, {"data", from_data(x, {60})}});
    EXPECT_EQ(run_tool({"init", toml, "--force", "--data", npz}).code, 0);
    EXPECT_NE(read_file(toml).find(last), std::string::npos) << read_file(toml);
    const Outcome outcome = run_tool({"train", toml, "--epochs", "60", "--lr", "0.01", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json result = Json::parse(outcome.out);
    EXPECT_GT(result.contains("test_r2") ? result["test_r2"] : result["test_accuracy"], 0.9) << outcome.out;
  }
}

// Whatever part it is in.
TEST(ToolKinds, AnyRowThatChangesIsNoticed) {
  const TemporaryFolder folder;
  const std::string csv = folder / "a.csv", run = folder / "run";
  const auto table = [](int changed) {
    std::string text = "x,y\n";
    for (int i = 0; i < 20; ++i)
      text += std::to_string(i) + "," + std::to_string(i == changed ? 99 : 2 * i) + "\n";
    return text;
  };
  write(csv, table(-1));
  const Words train{"train", "--data",  csv, "--target",     "y", "--net", "mlp([1])", "--validation",
                    "0.3",   "--steps", "3", "--batch-size", "5", "--out", run};
  ASSERT_EQ(run_tool(train).code, 0);
  EXPECT_EQ(run_tool({"train", "--resume", run, "--steps", "4"}).code, 0);
  for (int row = 0; row < 20; ++row) {
    write(csv, table(row));
    const Outcome outcome = run_tool({"train", "--resume", run, "--steps", "5"});
    EXPECT_NE(outcome.err.find("(E359)"), std::string::npos) << row << outcome.err;
  }
}

// A class for each place of a picture, but for the first row of places.
TEST(ToolKinds, PicturesWithAClassForEachPlace) {
  const TemporaryFolder folder;
  const std::string npz = folder / "a.npz";
  std::vector<double> x;
  std::vector<std::int64_t> t;
  for (std::int64_t i = 0; i < 40 * 36; ++i) {
    x.push_back(static_cast<double>(i * 7 % 11) - 5.5);
    t.push_back(i % 36 < 6 ? -1 : x.back() > 0 ? 1 : 0);
  }
  io::write_npz(npz, {{"x", from_data(x, {40, 1, 6, 6})}, {"t", from_data(t, {40, 6, 6})}});
  for (const char* scale : {"none", "standardize"}) {
    const Outcome outcome =
        run_tool({"train", "--data", npz, "--net", "sequential([conv2d(2, 1)])", "--loss",
                  "softmax_cross_entropy(ignored=[-1])", "--optimizer", "adam", "--lr", "0.1", "--batch-size",
                  "8", "--epochs", "40", "--set", std::string("data.scale=") + scale, "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    // Scaled place by place it cannot be wholly right; if what is ignored counted, it would be 0.83 at most.
    EXPECT_GT(Json::parse(outcome.out)["test_accuracy"], 0.9) << outcome.out;
  }
}

// With patience the results are those of the weights that are saved, the best ones.
TEST_F(TableRun, PatienceMeasuresWhatItKeeps) {
  EXPECT_EQ(run_tool({"train", toml, "--out", run, "--lr", "0.2", "--patience", "2", "--epochs", "500"}).code,
            0);
  const Json result = Json::parse(read_file(run + "/result.json"));
  ASSERT_NE(result["reason"], "all steps done");
  const Json measured = Json::parse(run_tool({"eval", run, "--json"}).out);
  EXPECT_EQ(measured["loss"], result["test_loss"]);
  EXPECT_NE(result["test_loss"], result["history"].back()["test_loss"]);
  double best = result["history"][0]["validation_loss"];
  for (const Json& report : result["history"]) best = std::min<double>(best, report["validation_loss"]);
  EXPECT_EQ(result["validation_loss"], best);
}

TEST(ToolKinds, ATextIsLearntAndWrittenOn) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 300; ++i) text += "abcd\n";
  const std::string file = folder / "a.txt", run = folder / "run";
  write(file, text);
  const Outcome outcome = run_tool({"train", "--data", file, "--net", "char_rnn(embedding=8, hidden=16)",
                                    "--optimizer", "adam", "--lr", "0.02", "--steps", "150", "--batch-size",
                                    "8", "--set", "data.text.length=10", "--out", run});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Words words{"generate", run, "--prompt", "ab", "--length", "8", "--temperature", "0"};
  EXPECT_EQ(run_tool(words).out, "abcd\nabcd\n");
  // Measured by the net's own symbols, on a text in which some of them do not come.
  const std::string part = folder / "part.txt";
  write(part, "cdcdcdcdcdcdcdcdcdcdcd");
  EXPECT_EQ(run_tool({"eval", run, "--data", part}).code, 0);
  write(part, "abcdxabcdabcdabcd");
  EXPECT_NE(run_tool({"eval", run, "--data", part}).err.find("(E294)"), std::string::npos);
  EXPECT_EQ(run_tool({"predict", run, part}).err,
            "chainrule: [predict] " + run +
                "/model.safetensors learnt a text: chainrule generate lets it write "
                "on. (E346)\n");
  EXPECT_EQ(run_tool({"generate", run, "--length", "4"}).code, 0);  // of a text without line ends, too
  const Outcome other = run_tool({"generate", run, "--prompt", "x"});
  EXPECT_EQ(other.code, 2);
  EXPECT_EQ(
      other.err,
      "chainrule: [generate] --prompt has the character 'x', which does not come in the text that the net "
      "learnt. Leave it out. (E633)\n");
}

TEST(ToolKinds, OnlyTextsAreWrittenOn) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  EXPECT_EQ(run_tool({"train", "--data", small_set(), "--steps", "5", "--out", run}).code, 0);
  EXPECT_EQ(run_tool({"generate", run}).err,
            "chainrule: [generate] " + run +
                "/model.safetensors did not learn a text: it has no alphabet. Give a "
                "run of chainrule train on a .txt file. (E349)\n");
  EXPECT_EQ(run_tool({"eval", run}).code, 0);
  EXPECT_EQ(run_tool({"predict", run, "--data", small_set(), "--top", "2"}).out.substr(0, 44),
            "input,class,probability,class2,probability2\n");
}

TEST(ToolTrain, ADryRunTrainsNothing) {
  const TemporaryFolder folder;
  const Outcome outcome = run_tool({"train", "--data", small_set(), "--dry-run", "--out", folder / "run"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find(" a step, "), std::string::npos) << outcome.out;
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace chainrule::cli
