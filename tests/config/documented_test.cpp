// Every message about settings, whole, against the example in docs/errors.md.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "chainrule/error.h"
#include "config/kinds.h"

namespace chainrule::config {
namespace {

/// The ```text block of each section, by number.
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

struct Undocumented : ConfigurableOf<Undocumented, Schedule> {
  static constexpr Info kInfo{.name = "step", .doc = "Down in steps."};
  double factor = 0.1;
  void fields(Fields& f) { f("factor", factor); }
};

void read_toml(const char* text) {
  RunSettings run;
  read(run, parse_toml(text, "run.toml"));
}

TEST(ConfigMessages, AreThoseOfTheDocumentation) {
  const std::map<int, std::function<void()>> mistakes = {
      {220, [] { registry<Schedule>().add<Cosine>(); }},
      {221, [] { parse_text("conv2d(30, kernel=5", "--layers"); }},
      {222, [] { parse_toml("batch: 100", "run.toml"); }},
      {223, [] { parse_json("{\"batch\": NaN}", "model.json"); }},
      {224, [] { parse_text(std::string(65, '['), "--sizes"); }},
      {225, [] { make<Layer>("conv2d(30, filters=20)"); }},
      {226, [] { read_toml("[optimizer]\nlrr = 0.1\n"); }},
      {227, [] { read_toml("batch = \"many\"\n"); }},
      {228, [] { read_toml("[optimizer]\nlr = -0.1\n"); }},
      {229, [] { read_toml("padding = \"sam\"\n"); }},
      {230, [] { make<Layer>("conv2(30)"); }},
      {231, [] { make<Schedule>("cosine(0.1, 5, 7)"); }},
      {232, [] { read_toml("batch = 0.5\n"); }},
      {233, [] { read_toml("[optimizer.schedule]\nlow = 0.1\n"); }},
      {234,
       [] {
         Sgd sgd;
         sgd.schedule = Shared<Lambda>(new Lambda(0.5));
         set(sgd, "schedule.factor", "0.1");
       }},
      {235,
       [] {
         Sgd sgd;
         read(sgd, parse_text("adam(0.1)"));
       }},
      {236,
       [] {
         to_toml(Value::of_list({1, 2}));
       }},
      {237,
       [] {
         Registry schedules("schedule");
         schedules.add<Undocumented>();
         markdown(schedules);
       }},
      {238, [] { parse_toml("name = \"M\xFCller\"\n", "run.toml"); }},
  };
  const std::map<int, std::string> documented = documented_messages();
  for (const auto& [code, mistake] : mistakes) {
    ASSERT_TRUE(documented.contains(code)) << "E" << code;
    try {
      mistake();
      ADD_FAILURE() << "E" << code << " was not thrown";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_EQ(error.what(), documented.at(code));
    }
  }
}

TEST(ConfigMessages, AreThoseOfRegistries) {
  const auto message_of = [](const Info& info) -> std::string {
    Registry schedules("schedule");
    try {
      schedules.add({&info, [] { return static_cast<Configurable*>(new Cosine()); }});
    } catch (const ValueError& error) {
      return error.what();
    }
    return "none";
  };
  static constexpr Info kShout{.name = "Cosine", .doc = "Loud."}, kNone{.name = "none", .doc = "Nothing."},
      kSilent{.name = "silent", .doc = ""}, kGood{.name = "cosine2", .doc = "Good."};
  EXPECT_EQ(
      message_of(kShout),
      "[registry] the schedule 'Cosine' cannot be named so. Need a lower-case word as in \"max_pool2d\", and "
      "none of true, false, none, inf, nan. (E220)");
  EXPECT_EQ(
      message_of(kNone),
      "[registry] the schedule 'none' cannot be named so. Need a lower-case word as in \"max_pool2d\", and "
      "none of true, false, none, inf, nan. (E220)");
  EXPECT_EQ(message_of(kSilent),
            "[registry] the schedule 'silent' has no doc. Say in a sentence what it does: Info::doc. (E220)");
  EXPECT_EQ(message_of(kGood), "none");
}

}  // namespace
}  // namespace chainrule::config
