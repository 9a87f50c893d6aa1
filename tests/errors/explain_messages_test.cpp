// Every message about expressions, whole, against the example in docs/errors.md.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "chainrule/explain.h"

namespace chainrule::explain {
namespace {

/// The whole ```text block of each section, by number.
std::map<int, std::string> documented_messages() {
  std::ifstream file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
  std::map<int, std::string> messages;
  int code = 0;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("## E", 0) == 0) code = std::stoi(line.substr(4, 3));
    if (line == "```") inside = false;
    if (inside) messages[code] += (messages[code].empty() ? "" : "\n") + line;
    if (line == "```text") inside = true;
  }
  return messages;
}

TEST(ExplainMessages, AreThoseOfTheDocumentation) {
  const std::map<int, std::function<void()>> mistakes = {
      {90,
       [] {
         trace("(2w + b) * (b + 1)", {{"w", 3}, {"b", 4}});
       }},
      {91,
       [] {
         trace("x + 1e999", {{"x", 1}});
       }},
      {92,
       [] {
         trace("1 / (1 + sigmod(x))", {{"x", 1}});
       }},
      {93,
       [] {
         trace("pow(x)", {{"x", 2}});
       }},
      {94,
       [] {
         trace("weight * x + bias", {{"weight", 3}, {"x", 1}, {"bais", 4}});
       }},
      {95,
       [] {
         trace("w * x", {{"w", 3}, {"x", 1}}, {.wrt = {"W"}});
       }},
      {96,
       [] {
         trace("e = x + 1; e * e", {{"x", 1}});
       }},
      {97,
       [] {
         trace("sum = a + b; summ * a", {{"a", 1}, {"b", 2}, {"summ", 3}});
       }},
      {98, [] { trace(std::string(300, '-') + "1", {}); }},
      {99, [] {
         solve("x^2", {{"x", 0}}, {.target = 4});
       }}};
  const std::map<int, std::string> documented = documented_messages();
  for (const auto& [code, make] : mistakes) {
    try {
      make();
      ADD_FAILURE() << "E" << code << " is not thrown";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), code);
      ASSERT_TRUE(documented.count(code)) << code;
      EXPECT_EQ(std::string(error.what()), documented.at(code));
    }
  }
}

}  // namespace
}  // namespace chainrule::explain
