// chainrule explain.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Outcome explain(const Words& more) {
  Words all{"explain"};
  all.insert(all.end(), more.begin(), more.end());
  return run_tool(all);
}

Json explain_json(Words more) {
  more.insert(more.end(), {"--format", "json"});
  const Outcome outcome = explain(more);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return Json::parse(outcome.out);
}

const Words kBook{"z = (2*w + b)*(b + 1)", "--at", "w=3,b=4"};

Words book(const Words& more) {
  Words all = kBook;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Explain, PrintsBothPasses) {
  const Outcome outcome = explain(kBook);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("\n  dz/dw      10\n  dz/db      15\n"), std::string::npos) << outcome.out;
}

// Design document, section 13, first row.
TEST(Explain, JsonHasEveryNumber) {
  const Json document = explain_json(book({"--order", "2", "--check"}));
  EXPECT_EQ(document["value"], 50);
  EXPECT_EQ(document["gradient"], (Json{{"w", 10}, {"b", 15}}));
  EXPECT_EQ(document["hessian"], (Json{{"w", {{"w", 0}, {"b", 2}}}, {"b", {{"w", 2}, {"b", 2}}}}));
  EXPECT_LT(document["check"]["relative_error"]["w"], 1e-8);
  EXPECT_LT(document["check"]["hessian_relative_error"]["b"]["w"], 1e-8);
  ASSERT_EQ(document["nodes"].size(), 8u);
  const Json& last = document["nodes"][7];
  EXPECT_EQ(last["op"], "*");
  EXPECT_EQ(last["inputs"][0]["local_derivative"], 5);
  EXPECT_EQ(last["inputs"][1]["product"], 10);
  EXPECT_EQ(document["nodes"][3]["used_by"], (Json{5, 7}));
}

TEST(Explain, JsonKeepsEveryDigit) {
  const Json document = explain_json({"x/3", "--at", "x=1"});
  EXPECT_EQ(document["value"].get<double>(), 1.0 / 3);
  const Json pole = explain_json({"1/x", "--at", "x=0"});
  EXPECT_EQ(pole["value"], "inf");
  EXPECT_EQ(pole["gradient"]["x"], "-inf");
  EXPECT_EQ(pole["notes"].size(), 1u);
}

// The options' values must not be taken for the expression, nor the other way round.
TEST(Explain, OptionsMayStandAnywhere) {
  const Json document = explain_json({"--wrt", "y,x", "--at", "x=2", "--at", "y=3", "--order", "2", "x*y^2"});
  EXPECT_EQ(document["gradient"].dump(), R"({"x":9.0,"y":12.0})");
  EXPECT_EQ(document["hessian"]["y"]["x"], 6);
  const Outcome minus = explain({"--at", "x=2", "--format", "json", "--", "-x^2"});
  EXPECT_EQ(minus.code, 0) << minus.err;
  EXPECT_EQ(Json::parse(minus.out)["value"], -4);
  EXPECT_EQ(explain_json({"x*y", "--at", "x=2,y=3", "--wrt", "y"})["gradient"], (Json{{"y", 2}}));
}

// Section 13, second and third rows.
TEST(Explain, SolvesAndMinimizes) {
  const Json kept = explain_json(book({"--solve", "60", "--vary", "b", "--keep-slope"}));
  EXPECT_EQ(kept["steps"], 6);
  EXPECT_EQ(kept["converged"], true);
  EXPECT_NEAR(kept["iterations"][3]["value"], 60.0033, 5e-5);
  const Json fresh = explain_json(book({"--solve", "60", "--vary", "b", "--tol", "1e-8"}));
  EXPECT_NEAR(fresh["iterations"][3]["value"], 60.0000000021, 5e-11);
  const Json down = explain_json(
      {"(x-1)^2 + 0.001", "--at", "x=0.2", "--minimize", "--lr", "0.1", "--steps", "20", "--vary", "x"});
  ASSERT_EQ(down["iterations"].size(), 21u);
  EXPECT_NEAR(down["iterations"][3]["at"]["x"], 0.5904, 1e-12);
  const Outcome text =
      explain({"x^4 - 2*x^2", "--at", "x=2", "--minimize", "--method", "newton", "--steps", "5"});
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("     5  1.00000123531 "), std::string::npos) << text.out;
  const Outcome never = explain({"x^2", "--at", "x=1.3", "--solve", "-1", "--steps", "5"});
  EXPECT_EQ(never.code, 1);
  EXPECT_NE(never.out.find("NOT within 1e-05 of -1 after 5 steps."), std::string::npos);
}

TEST(Explain, ACheckThatFailsIsSeen) {
  const Outcome kink = explain({"relu(x)", "--at", "x=0", "--check"});
  EXPECT_EQ(kink.code, 3);
  EXPECT_NE(kink.out.find("DIFFERS"), std::string::npos);
  EXPECT_EQ(explain({"relu(x)", "--at", "x=1", "--check"}).code, 0);
}

TEST(Explain, WritesPictures) {
  const TemporaryFolder folder;
  const std::string file = folder / "z.svg";
  const Outcome outcome = explain(book({"--out", file}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  const std::string svg = read_file(file);
  EXPECT_EQ(svg.substr(0, 4), "<svg");
  for (const char* number : {">3<", ">6<", ">10<", ">5<", ">50<", ">sum 15<"}) {
    EXPECT_NE(svg.find(number), std::string::npos) << number;
  }
  EXPECT_EQ(explain(book({"--format", "svg"})).out, svg);
  const Outcome html = explain(book({"--format", "html"}));
  EXPECT_NE(html.out.find("<svg"), std::string::npos);
  EXPECT_NE(html.out.find("10 from [7] + 5 from [5] = 15"), std::string::npos);
  // Nothing is loaded: the only address is the name of SVG's namespace.
  std::string rest = html.out;
  const std::string space = "http://www.w3.org/2000/svg";
  for (auto at = rest.find(space); at != std::string::npos; at = rest.find(space))
    rest.erase(at, space.size());
  EXPECT_EQ(rest.find("://"), std::string::npos);
  EXPECT_EQ(rest.find("@import"), std::string::npos);
  EXPECT_EQ(explain(book({"--format", "dot"})).out.substr(0, 2), "//");
}

TEST(Explain, ATypoIsShown) {
  const Outcome outcome = explain({"1 / (1 + sigmod(x))", "--at", "x=1"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "chainrule: [explain] unknown function 'sigmod'. Did you mean sigmoid?\n"
            "    1 / (1 + sigmod(x))\n"
            "             ^^^^^^ (E092)\n");
  EXPECT_EQ(explain({"x*y"}).code, 2);
  EXPECT_EQ(explain({"x", "--at", "x"}).code, 2);
  EXPECT_EQ(explain({"x", "--at", "x=1", "--solve", "1", "--minimize"}).code, 2);
  EXPECT_EQ(explain({"x", "--at", "x=1", "--keep-slope"}).code, 2);
  EXPECT_EQ(explain({"x", "--at", "x=1", "--minimize", "--format", "svg"}).code, 2);
}

/// The words of a line as a shell would split them; quotes are single.
Words shell_words(const std::string& line) {
  Words words;
  bool quoted = false, inside = false;
  for (char c : line) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      inside = false;
      continue;
    } else {
      if (!inside) words.emplace_back();
      words.back() += c;
    }
    if (c == '\'' && quoted && !inside) words.emplace_back();
    inside = true;
  }
  return words;
}

/// Text without blanks at the ends of lines and without empty lines at its end.
std::string trimmed(const std::string& text) {
  std::istringstream in(text);
  std::string made;
  for (std::string line; std::getline(in, line);) made += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  return made.erase(made.find_last_not_of('\n') + 1);
}

// Every command of the documentation that prints something prints what stands there.
TEST(Explain, TheDocumentationShowsRealOutput) {
  std::istringstream file(read_file(CHAINRULE_SOURCE_DIR "/docs/explain.md"));
  const std::string prompt = "    $ chainrule ";
  std::vector<std::pair<std::string, std::string>> examples;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(prompt, 0) == 0) {
      examples.emplace_back(line.substr(prompt.size()), "");
      inside = true;
    } else if (inside && (line.empty() || line.rfind("    ", 0) == 0)) {
      examples.back().second += (line.empty() ? "" : line.substr(4)) + "\n";
    } else {
      inside = false;
    }
  }
  int compared = 0;
  for (const auto& [command, printed] : examples) {
    if (command.find("--out") != std::string::npos) continue;
    const Outcome outcome = run_tool(shell_words(command));
    EXPECT_EQ(trimmed(outcome.out + outcome.err), trimmed(printed)) << command;
    ++compared;
  }
  EXPECT_GE(compared, 4);
}

}  // namespace
}  // namespace chainrule::cli
