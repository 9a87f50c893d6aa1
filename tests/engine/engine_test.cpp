// The module of the pages as a program of this machine: it compiles, links, and does what a page asks for.
// What it computes in a browser is compared in tests/web.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "data/outline.h"
#include "fetch.h"
#include "temporary_folder.h"

extern "C" {
const char* chainrule_call(const char* text);
std::size_t chainrule_count();
}

namespace chainrule {

// A page fetches nothing (web/absent.cpp).
data::Dataset cli::load_set(const std::string& name, const data::LoadOptions& options) {
  return data::load(name, options);
}
data::SetOnDisk cli::open_set(const std::string& name, const data::LoadOptions& options, bool is_outline) {
  return (is_outline ? data::outline_set : data::open_set)(name, options);
}

namespace {

using Json = nlohmann::json;

Json asked(const Json& what) { return Json::parse(chainrule_call(what.dump().c_str())); }
Json done(const Json& what) {
  const Json answer = asked(what);
  EXPECT_TRUE(answer.contains("ok")) << what << answer;
  return answer.value("ok", Json());
}

TEST(Engine, HasTheTables) {
  const Json tables = done({{"do", "tables"}});
  for (const char* name :
       {"layers", "losses", "optimizers", "schedules", "initializers", "settings", "functions"})
    EXPECT_GT(tables[name].size(), 4u) << name;
}

TEST(Engine, TrainsAndExplains) {
  const TemporaryFolder folder;
  const std::string file = folder / "spiral.csv";
  const Json points =
      done({{"do", "points"}, {"kind", "spiral"}, {"count", 60}, {"noise", 0.1}, {"seed", 1}});
  done({{"do", "file"}, {"name", file}, {"text", points["text"]}});
  const std::string toml = "net = \"sequential([affine(4), tanh, affine(2)])\"\n[data]\nname = \"" + file +
                           "\"\n[data.csv]\ntarget = \"class\"\n[train]\nsteps = 20\n";
  EXPECT_EQ(done({{"do", "open"}, {"toml", toml}})["parameters"], 22);
  EXPECT_EQ(done({{"do", "train"}, {"steps", 20}})["step"], 20);
  const Json weight =
      done({{"do", "explain"}, {"part", "train"}, {"row", 3}, {"parameter", "affine1.weight[0,2]"}});
  EXPECT_TRUE(weight["update"]["after"].is_number()) << weight;
  EXPECT_GT(done({{"do", "onnx"}})["operators"], 3);
  EXPECT_GT(chainrule_count(), 100u);
  EXPECT_EQ(done({{"do", "map"}, {"size", 3}})["layers"].size(), 4u);
  EXPECT_EQ(done({{"do", "check"}})["verdict"], "agree");
}

TEST(Engine, SaysWhatIsWrong) {
  EXPECT_EQ(asked({{"do", "expression"}, {"text", "x * * 2"}, {"at", "x=1"}})["error"]["position"], 2);
  EXPECT_EQ(asked({{"do", "open"}, {"toml", "nett = 3"}})["error"]["code"], 226);
  EXPECT_EQ(asked({{"do", "nothing"}})["error"]["code"], 621);
}

}  // namespace
}  // namespace chainrule
