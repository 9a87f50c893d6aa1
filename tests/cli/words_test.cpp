// The words of the tool: how wide they are, what they suggest, what they say of everything that has a name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;

std::vector<std::string> names_in_list(const std::string& list) {
  std::vector<std::string> arguments{"list", "--json"};
  if (!list.empty()) arguments.insert(arguments.begin() + 1, list);
  std::vector<std::string> names;
  for (const Json& row : Json::parse(run_tool(arguments).out)) names.push_back(row.at("name"));
  return names;
}

/// Everything that `help` knows, from the lists and from docs/errors.md.
const std::vector<std::string>& all_topics() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> topics = names_in_list("");
    for (const std::string& list : names_in_list("")) {
      for (const std::string& name : names_in_list(list)) topics.push_back(name);
    }
    const std::string errors = read_file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
    const std::regex heading("\n## (E[0-9]+) ");
    for (std::sregex_iterator at(errors.begin(), errors.end(), heading), end; at != end; ++at)
      topics.push_back((*at)[1].str());
    return topics;
  }();
  return all;
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    most = std::max(most, static_cast<std::size_t>(std::count_if(line.begin(), line.end(), is_start)));
  }
  return most;
}

TEST(Words, EveryTopicFitsEightyColumnsWithoutMarkdown) {
  EXPECT_GT(all_topics().size(), 450u);
  std::vector<std::string> arguments{"help"};
  arguments.insert(arguments.end(), all_topics().begin(), all_topics().end());
  const Outcome said = run_tool(arguments);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out.find("```"), std::string::npos);
  EXPECT_EQ(said.out.find("**Cause"), std::string::npos);
  std::istringstream lines(said.out);
  for (std::string line; std::getline(lines, line);) {
    const bool is_word =
        line.find(' ', line.find_first_not_of(' ')) == std::string::npos;  // such as an address
    EXPECT_TRUE(is_word || widest(line) <= 80u) << line;
  }
  for (const std::string& list : names_in_list(""))
    EXPECT_LE(widest(run_tool({"list", list}).out), 80u) << list;
}

TEST(Words, FitATerminalThatIsNarrower) {
  if (!has_terminals()) GTEST_SKIP() << "no terminal can be had here";
  for (const char* topic : {"E001", "E084", "settings", "conv2d", "losses"})
    EXPECT_LE(widest(run_tool({"help", topic}, {.terminal = true}).out), 61u) << topic;  // and a \r
}

TEST(Words, CodeOfAnErrorStaysCode) {
  const std::string said = run_tool({"help", "E001"}).out;
  EXPECT_NE(said.find("E001 Shape beyond the limits\n\nCause. A shape has"), std::string::npos) << said;
  EXPECT_NE(said.find("\n    zeros({32, -1});\n"), std::string::npos) << said;
}

TEST(Words, EveryPageOfTheManualFitsEightyColumns) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_tool({"man", "--out", folder.string()}).code, 0);
  int pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.string())) {
    const std::string line =
        "command -v groff >/dev/null && groff -man -Tascii -rLL=78n -P-c -P-b -P-u -P-o " +
        entry.path().string();
    std::FILE* pipe = popen(line.c_str(), "r");
    std::string text;
    char block[4096];
    for (std::size_t got; (got = std::fread(block, 1, sizeof(block), pipe)) > 0;) text.append(block, got);
    if (pclose(pipe) != 0) GTEST_SKIP() << "groff is not installed";
    EXPECT_LE(widest(text), 80u) << entry.path();
    ++pages;
  }
  EXPECT_GT(pages, 20);
}

struct Said {
  std::vector<std::string> arguments;
  std::string message;
};

void PrintTo(const Said& said, std::ostream* out) {
  *out << "chainrule";
  for (const std::string& argument : said.arguments) *out << " " << argument;
}

class Suggestions : public testing::TestWithParam<Said> {};

TEST_P(Suggestions, NameWhatWasMeant) {
  const Outcome outcome = run_tool(GetParam().arguments);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find(GetParam().message), std::string::npos) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(
    All, Suggestions,
    testing::Values(
        Said{{"train", "--epochs"}, "--epochs needs a value: N. See chainrule train --help."},
        Said{{"train", "--log-format"}, "--log-format needs a value: one of text, jsonl. See"},
        Said{{"train", "--json=3"}, "--json takes no value. See chainrule train --help."},
        Said{{"train", "-q=3"}, "-q=3: -q takes no value. See chainrule train --help."},
        Said{{"train", "-v3"}, "-v3: -v takes no value. See chainrule train --help."},
        Said{{"data", "fetch", "-q=3"}, "-q=3: -q takes no value. See chainrule data fetch --help."},
        Said{{"export", "x", "--input", "1,b"}, "'1,b' is no SIZES. See chainrule export --help."},
        Said{{}, "a command is missing: train, init, eval, "},
        Said{{"data"}, "a command is missing: show, list, stats, write, fetch. See chainrule data --help."},
        Said{{"dta", "list"}, "unknown command 'dta'. Did you mean data? See chainrule --help."},
        Said{{"train", "--learning-rate", "3"}, "unknown option '--learning-rate'. Did you mean --lr?"},
        Said{{"train", "--learning_rate", "3"}, "unknown option '--learning_rate'. Did you mean --lr?"},
        Said{{"train", "--train.lr", "3"}, "unknown option '--train.lr'. Did you mean --lr?"},
        Said{{"train", "--optimizer", "amad"}, "unknown optimizer 'amad'. Did you mean 'adam'? (E230)"},
        Said{{"train", "--loss", "cross_entropy"}, "Did you mean 'softmax_cross_entropy'? (E230)"},
        Said{{"train", "--net", "mpl([10])"}, "Did you mean 'mlp'? (E230)"},
        Said{{"train", "--metrics", "acc"}, "Did you mean 'accuracy'? (E230)"},
        Said{{"train", "--set", "lrr=1"}, "unknown setting 'lrr'. Did you mean lr? (E226)"},
        Said{{"train", "--set", "data.lr=1"},
             "unknown setting 'lr' of data. Did you mean optimizer.lr? (E226)"},
        Said{{"train", "--set", "tran.epochs=1"}, "unknown setting 'tran'. Did you mean 'train'? (E226)"},
        Said{{"sweep", "--vary", "lrr=1,2"}, "unknown setting 'lrr'. Did you mean lr? (E226)"},
        Said{{"export", "run1", "--to", "onx"}, "onnx, c, pytorch, trace. Did you mean onnx? (E511)"},
        Said{{"help", "conv2"}, "Did you mean conv2d? Topics are"},
        Said{{"train", "--net", "mlp:784-x"}, "'mlp:784-x' is no net with its sizes. Need mlp:784-128-10 or"},
        Said{{"train", "--net", "lenet:28-10"},
             "two_layer_net:784-50-10; others as in \"lenet(outputs=10)\". (E630)"},
        Said{{"train", "--net", "mlp:780-128-10"},
             "the net takes 780 numbers a row, and the data have 784. Write 784 as its first size. (E631)"}),
    [](const auto& said) { return "Case" + std::to_string(said.index); });

TEST(Suggestions, InAFileToo) {
  const TemporaryFolder folder;
  std::ofstream(folder / "run.toml") << "net = \"mlp:784-10\"\n[train]\nlr = 0.1\n";
  EXPECT_NE(run_tool({"train", (folder / "run.toml").string()})
                .err.find("unknown setting 'lr' of train. Did you mean optimizer.lr?"),
            std::string::npos);
}

TEST(Help, KnowsSetsNetsAndSettingsByTheirShortNames) {
  EXPECT_NE(run_tool({"help", "mnist"}).out.find("70,000 handwritten digits"), std::string::npos);
  for (const char* name : {"lr", "train.lr", "optimizer.lr"})
    EXPECT_NE(run_tool({"help", name}).out.find("  optimizer.lr = "), std::string::npos) << name;
  const std::string nets = run_tool({"list", "nets"}).out;
  for (const char* name : {"mlp", "lenet", "two_layer_net", "char_gpt", "seq2seq", "mlp:784-128-10"})
    EXPECT_NE(nets.find(name), std::string::npos) << nets;
  EXPECT_EQ(nets.find("conv2d "), std::string::npos) << nets;
  for (const std::string& name : names_in_list("data"))
    EXPECT_NE(run_tool({"list", "data"}).out.find("\n" + name + " "),
              name == "digits" ? 0 : std::string::npos);
}

/// The settings of a run that was trained for two steps.
std::string settings_of(std::vector<std::string> arguments) {
  const TemporaryFolder folder;
  arguments.insert(arguments.begin(), "train");
  for (const std::string& one : {std::string("--steps"), std::string("2"), std::string("-q"),
                                 std::string("--out"), (folder / "run").string()})
    arguments.push_back(one);
  const Outcome outcome = run_tool(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return read_file(folder / "run" / "run.toml");
}

TEST(Nets, WithTheirSizes) {
  const std::string mlp = settings_of({"--net", "mlp:784-16-10"});
  EXPECT_NE(mlp.find("mlp([16, 10])"), std::string::npos) << mlp;
  const std::string two = settings_of({"--net", "two_layer_net:784-20-10"});
  EXPECT_NE(two.find("hidden = 20"), std::string::npos) << two;
}

TEST(Settings, OfTrainByTheirShortNames) {
  for (const char* given : {"train.lr=0.05", "lr=0.05", "optimizer.lr=0.05"})
    EXPECT_NE(settings_of({"--set", given}).find("0.05"), std::string::npos) << given;
}

TEST(Environment, IsReadBeforeItIsNeeded) {
  const Outcome outcome = run_tool({"list"}, {.verbose = "yes"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "chainrule: [environment] CHAINRULE_VERBOSE is \"yes\". Need 0, 1 or 2; or unset it. (E003)\n");
  EXPECT_EQ(run_tool({"--help"}, {.verbose = "yes"}).code, 0);
}

TEST(Quiet, IsWhereProgressIs) {
  for (const char* command : {"train", "check", "diff", "sweep"})
    EXPECT_NE(run_tool({command, "--help"}).out.find("-q, --quiet"), std::string::npos) << command;
  const Outcome quiet = run_tool({"sweep", "--vary", "lr=0.1,0.2", "--steps", "2", "-q", "--json"});
  EXPECT_EQ(quiet.code, 0);
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(Json::parse(quiet.out).size(), 2u);
}

TEST(LrFind, MarksTheRateThatItSuggests) {
  const std::string out = run_tool({"lr-find", "--net", "mlp:784-10"}).out;
  std::smatch marked;
  ASSERT_TRUE(std::regex_search(out, marked, std::regex("\n +(\\S+) [^\n]*<- falls fastest"))) << out;
  EXPECT_NE(out.find("\nlr " + marked[1].str() + ": there the loss falls fastest"), std::string::npos) << out;
  EXPECT_LE(widest(out), 80u);
}

TEST(Info, SaysWhatTextsSettingsAndPicturesAre) {
  const TemporaryFolder folder;
  const Circumstances inside{.folder = folder.string()};
  std::ofstream(folder / "a.txt") << "hello\nworld";
  std::ofstream(folder / "run.log") << "hello";
  EXPECT_EQ(run_tool({"info", "a.txt"}, inside).out,
            "a.txt: a text of 11 characters in 2 lines. Learn it with --data a.txt.\n");
  ASSERT_EQ(run_tool({"init", "x.toml"}, inside).code, 0);
  EXPECT_NE(run_tool({"info", "x.toml"}, inside).out.find("x.toml: settings of a run"), std::string::npos);
  ASSERT_EQ(run_tool({"data", "write", "digits", "drawn", "--train", "20", "--test", "10"}, inside).code, 0);
  EXPECT_NE(run_tool({"info", "drawn"}, inside).out.find("20 training and 10 test rows"), std::string::npos);
  EXPECT_NE(run_tool({"info", "run.log"}, inside).err.find(".csv, .txt and .toml. (E358)"),
            std::string::npos);
  for (const char* name : {"a.txt", "drawn"})
    EXPECT_NE(run_tool({"graph", name}, inside).err.find(" is data, not settings."), std::string::npos)
        << name;
}

TEST(OtherFormats, AreSaidToBeWhatTheyAre) {
  const TemporaryFolder folder;
  const Circumstances inside{.folder = folder.string()};
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  write("zip.pt", "PK\3\4 model/data.pkl and what follows");
  write("old.pt", "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j");
  write("model.gguf", "GGUF\3 and more");
  write("named.safetensors", "PK\3\4 model/data.pkl and what follows");
  write("named.onnx", "GGUF\3 and more");
  for (const std::string name : {"zip.pt", "old.pt", "model.gguf", "named.safetensors", "named.onnx"}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"info", name},
                                                    {"eval", name},
                                                    {"predict", name, "x.csv"},
                                                    {"export", name, "--out", "net.h", "--to", "c"},
                                                    {"explain", name},
                                                    {"graph", name},
                                                    {"check", name},
                                                    {"diff", name, name},
                                                    {"train", name}}) {
      const Outcome result = run_tool(command, inside);
      EXPECT_TRUE(result.err.find(" is a GGUF file") != std::string::npos ||
                  result.err.find(" is a file of torch.save") != std::string::npos)
          << command[0] << " " << name << ": " << result.err;
      EXPECT_EQ(result.code, 4) << command[0] << " " << name;
    }
  }
}

TEST(SweepPicture, LiesBesideTheTable) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_tool({"sweep", "--vary", "lr=0.1,0.2", "--vary", "net=mlp:784-8-10, mlp:784-10", "--steps",
                      "2", "--out", folder.string()})
                .code,
            0);
  const std::string svg = read_file(folder / "sweep.svg");
  for (const char* word : {"<svg", "optimizer.lr", "validation.loss", "mlp:784-8-10", "the best run of each"})
    EXPECT_NE(svg.find(word), std::string::npos) << word;
}

TEST(Bar, SaysWhatIsLearntInSixtyColumns) {
  if (!has_terminals()) GTEST_SKIP() << "no terminal can be had here";
  const Outcome outcome =
      run_tool({"train", "--steps", "15000", "--train.report_every", "100"}, {.terminal = true});
  const std::regex bar("\r\x1b\\[K[^\r]*epoch [0-9]+, loss [^\r]*accuracy [^\r]* left");
  EXPECT_TRUE(std::regex_search(outcome.out, bar)) << outcome.out;
}

}  // namespace
}  // namespace chainrule::cli
