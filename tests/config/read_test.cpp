#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "chainrule/error.h"
#include "config/kinds.h"

namespace chainrule::config {
namespace {

TEST(ConfigRead, AllKindsFromAllFormats) {
  const Value values[] = {
      parse_text(
          "shuffle=false, batch=32, seed=7, scale=0.5, name='a b', padding=none, sizes=[1, 2], weights=[0.5],"
          "tags=[x, 'y z'], optimizer=adam(0.1), layers=[conv2d(8, 5), relu], train={epochs=3}"),
      parse_toml(R"x(
shuffle = false
batch = 32
seed = 7
scale = 0.5
name = "a b"
padding = "none"
sizes = [1, 2]
weights = [0.5]
tags = ["x", "y z"]
layers = ["conv2d(8, 5)", { type = "relu" }]
train.epochs = 3
[optimizer]
type = "adam"
lr = 0.1
)x",
                 "run.toml"),
      parse_json(
          R"x({"shuffle": false, "batch": 32, "seed": 7, "scale": 0.5, "name": "a b", "padding": "none",
                     "sizes": [1, 2], "weights": [0.5], "tags": ["x", "y z"], "optimizer": "adam(0.1)",
                     "layers": [{"type": "conv2d", "filters": 8, "kernel": 5}, "relu"], "train": {"epochs": 3}})x",
          "run.json")};
  for (const Value& value : values) {
    RunSettings run;
    read(run, value);
    EXPECT_FALSE(run.shuffle);
    EXPECT_EQ(run.batch, 32);
    EXPECT_EQ(run.seed, 7u);
    EXPECT_EQ(run.scale, 0.5);
    EXPECT_EQ(run.name, "a b");
    EXPECT_EQ(run.padding, Border::none);
    EXPECT_EQ(run.sizes, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(run.weights, std::vector<double>{0.5});
    EXPECT_EQ(run.tags, (std::vector<std::string>{"x", "y z"}));
    EXPECT_EQ(describe(*run.optimizer), "adam(0.1)");
    ASSERT_EQ(run.layers.size(), 2u);
    EXPECT_EQ(describe(*run.layers[0]), "conv2d(8, 5)");
    EXPECT_EQ(describe(*run.layers[1]), "relu");
    EXPECT_EQ(run.train.epochs, 3);
    EXPECT_EQ(run.train.validation, 0.1) << "not mentioned";
  }
}

TEST(ConfigRead, EachKindOfSettingTakesItsKindsOfValue) {
  const Value samples[] = {parse_text("none"),
                           true,
                           5,
                           std::uint64_t{1} << 63,
                           0.5,
                           "same",
                           parse_text("[]"),
                           parse_text("{a = 1}"),
                           parse_text("f(1)")};  // one of each kind, in their order
  using Kind = Value::Kind;
  const std::vector<std::pair<Field::Kind, std::vector<Kind>>> takes = {
      {Field::Kind::flag, {Kind::boolean}},
      {Field::Kind::integer, {Kind::integer}},
      {Field::Kind::seed, {Kind::integer, Kind::seed}},
      {Field::Kind::number, {Kind::integer, Kind::seed, Kind::number}},
      {Field::Kind::text, {Kind::text}},
      {Field::Kind::choice, {Kind::null, Kind::text}},  // one of the choices is called "none"
      {Field::Kind::integers, {Kind::integer, Kind::list}},
      {Field::Kind::numbers, {Kind::number, Kind::list}},  // the others are out of the range
      {Field::Kind::texts, {Kind::text, Kind::list}},
      {Field::Kind::object, {Kind::null}},
      {Field::Kind::objects, {Kind::null, Kind::list}},
      {Field::Kind::group, {}},
      {Field::Kind::groups, {Kind::null, Kind::list}},
  };
  RunSettings run;
  const Fields fields = Settings(run).fields;
  ASSERT_EQ(fields.all().size(), takes.size());
  for (std::size_t i = 0; i < takes.size(); ++i) {
    const Field& field = fields.all()[i];
    ASSERT_EQ(field.kind, takes[i].first);
    for (const Value& sample : samples) {
      RunSettings fresh;
      const Value before = write(fresh);
      const auto& kinds = takes[i].second;
      const bool expected = std::find(kinds.begin(), kinds.end(), sample.kind) != kinds.end();
      try {
        read(fresh, Value::of_table({{std::string(field.name), sample}}));
        EXPECT_TRUE(expected) << field.name << " took " << to_text(sample);
      } catch (const ValueError& error) {
        EXPECT_FALSE(expected) << error.what();
        EXPECT_EQ(write(fresh), before);
      }
    }
  }
}

TEST(ConfigRead, OneIsAListOfOne) {
  RunSettings run;
  read(run, parse_toml("sizes = 3\nweights = 1\ntags = 'x'\nlayers = 'relu'", "run.toml"));
  EXPECT_EQ(run.sizes, std::vector<std::int64_t>{3});
  EXPECT_EQ(run.weights, std::vector<double>{1});
  EXPECT_EQ(run.tags, std::vector<std::string>{"x"});
  ASSERT_EQ(run.layers.size(), 1u);
  read(run, parse_toml("layers = { type = 'conv2d', filters = 2 }", "run.toml"));
  EXPECT_EQ(describe(*run.layers.at(0)), "conv2d(2)");
  read(run, parse_toml("layers = 'conv2d(2), relu'", "run.toml"));
  EXPECT_EQ(run.layers.size(), 2u);
  read(run, parse_toml("layers = 'none'\nsizes = []", "run.toml"));
  EXPECT_TRUE(run.layers.empty());
  EXPECT_TRUE(run.sizes.empty());
}

TEST(ConfigRead, PartsByPositionAreTheOnlyList) {
  const auto text = [](const char* layer) { return to_text(write(*make<Layer>(layer))); };
  EXPECT_EQ(text("sequential(relu, conv2d(2), relu)"), text("sequential([relu, conv2d(2), relu])"));
  EXPECT_THROW(make<Layer>("sequential(relu, relu, layers=[relu])"), ValueError);
  EXPECT_THROW(make<Layer>("sequential(relu, conv2d(-3))"), ValueError);
}

TEST(ConfigRead, WholeNumbersAreIntegers) {
  RunSettings run;
  for (const char* text : {"batch=1000", "batch=1e3", "batch=1000.0", "batch=+1000"}) {
    run.batch = 0;
    read(run, parse_text(text));
    EXPECT_EQ(run.batch, 1000) << text;
  }
  read(run, parse_text("batch=9223372036854775807"));
  EXPECT_EQ(run.batch, std::numeric_limits<std::int64_t>::max());
  read(run, parse_text("scale=3"));
  EXPECT_EQ(run.scale, 3.0);
  read(run, parse_text("scale=-inf"));
  EXPECT_EQ(run.scale, -std::numeric_limits<double>::infinity());
  EXPECT_THROW(read(run, parse_text("batch=9.3e18")), ValueError);
  EXPECT_THROW(read(run, parse_text("batch=inf")), ValueError);
  EXPECT_THROW(read(run, parse_text("batch=nan")), ValueError);
}

TEST(ConfigRead, LargeSeedsInAllFormats) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  RunSettings run;
  run.seed = kLargest;
  const Value written = write(run);
  for (const Value& value :
       {parse_text(to_text(written)), parse_toml(to_toml(written), ""), parse_json(to_json(written), "")}) {
    RunSettings other;
    read(other, value);
    EXPECT_EQ(other.seed, kLargest);
  }
  EXPECT_THROW(read(run, parse_text("seed=18446744073709551616")), ValueError);
}

TEST(ConfigRead, ChangesNothingOnAnError) {
  RunSettings run;
  const Shared<Rule> optimizer = run.optimizer;
  const Value before = write(run);
  // The last setting is wrong, all before it are right.
  EXPECT_THROW(
      read(run,
           parse_text("shuffle=false, batch=1, seed=9, scale=2, name=x, padding=none, sizes=1, weights=1,"
                      "tags=[], optimizer=adam, layers=relu, train={epochs=1, clip={norm=-1}}")),
      ValueError);
  EXPECT_EQ(write(run), before);
  EXPECT_EQ(run.optimizer, optimizer);
}

TEST(ConfigRead, SharedObjectsAreNotChanged) {
  RunSettings run;
  run.layers = {make<Layer>("conv2d(8)"), make<Layer>("relu")};
  const RunSettings other = run;  // shares its objects
  read(run, parse_toml("optimizer.lr = 0.5\nlayers.0.kernel = 7", "run.toml"));
  EXPECT_EQ(describe(*run.optimizer), "sgd(0.5)");
  EXPECT_EQ(describe(*run.layers[0]), "conv2d(8, 7)");
  EXPECT_EQ(describe(*other.optimizer), "sgd");
  EXPECT_EQ(describe(*other.layers[0]), "conv2d(8)");
  EXPECT_EQ(run.layers[1], other.layers[1]) << "not mentioned";
}

TEST(ConfigRead, ObjectsDeepInside) {
  RunSettings run;
  set(run, "optimizer", "sgd(0.1, momentum=0.9, schedule=warmup(10, cosine(0.5)))");
  const Shared<Rule> before = run.optimizer;
  set(run, "optimizer.schedule.then.epochs", "20");
  EXPECT_EQ(describe(*run.optimizer), "sgd(0.1, 0.9, schedule=warmup(10, cosine(0.5, 20)))");
  EXPECT_EQ(describe(*before), "sgd(0.1, 0.9, schedule=warmup(10, cosine(0.5)))");
  set(run, "optimizer.schedule", "none");
  EXPECT_EQ(describe(*run.optimizer), "sgd(0.1, 0.9)");
  read(run, parse_toml("[optimizer]\ntype = 'sgd'\nmomentum = 0.5", ""));
  EXPECT_EQ(describe(*run.optimizer), "sgd(momentum=0.5)") << "named: made anew";
}

TEST(ConfigRead, ANumberIsAnObjectOfAKindThatHasOneForIt) {
  Sgd sgd;
  for (const Value& half : {Value(0.5), Value("0.5"), Value("constant(0.5)"), Value("constant(rate=0.5)")}) {
    sgd.schedule = {};
    read(sgd, Value::of_table({{"schedule", half}}));
    EXPECT_EQ(describe(sgd), "sgd(schedule=0.5)");
  }
  set(sgd, "schedule", "3");
  EXPECT_EQ(describe(sgd), "sgd(schedule=3.0)");
  set(sgd, "schedule.rate", "2");
  EXPECT_EQ(describe(sgd), "sgd(schedule=2.0)");
  EXPECT_EQ(to_toml(write(sgd)).find("schedule = 2.0") != std::string::npos, true) << to_toml(write(sgd));
}

TEST(ConfigRead, ListsOfTables) {
  RunSettings run;
  read(run, parse_toml("[[clips]]\nnorm = 2\n[[clips]]\nstrict = true\n", "run.toml"));
  ASSERT_EQ(run.clips.size(), 2u);
  EXPECT_EQ(run.clips[0].norm, 2);
  EXPECT_FALSE(run.clips[0].strict);
  EXPECT_TRUE(run.clips[1].strict);
  set(run, "clips.1.norm", "0.5");
  EXPECT_EQ(run.clips[1].norm, 0.5);
  EXPECT_TRUE(run.clips[1].strict);
  set(run, "clips", "[{norm = 7}]");
  ASSERT_EQ(run.clips.size(), 1u);
  EXPECT_EQ(run.clips[0].norm, 7);
  set(run, "clips", "none");
  EXPECT_TRUE(run.clips.empty());
}

TEST(ConfigRead, AnObjectItself) {
  Conv2d conv;
  read(conv, parse_text("conv2d(30, stride=2)"));
  read(conv, "{kernel = 5}");
  read(conv, parse_toml("type = 'conv2d'\npadding = 'same'", ""));
  EXPECT_EQ(to_text(write(conv)), "conv2d(filters=30, kernel=5, stride=2, padding=same)");
  Relu relu;
  read(relu, "relu");
  read(relu, "relu()");
  EXPECT_EQ(to_text(write(relu)), "relu()");
}

TEST(ConfigRead, NestsShortTextsInOneAnother) {
  RunSettings run;
  read(run, parse_text(R"x(optimizer="sgd(schedule=\"warmup(3, then='cosine(0.25)')\")")x"));
  EXPECT_EQ(describe(*run.optimizer), "sgd(schedule=warmup(3, cosine(0.25)))");
}

TEST(ConfigPlaces, PointAtKeysAndValues) {
  const Value toml = parse_toml("a = 1\n\n[b]\n\"\u00fc\" = [ 2,\n  'x' ]\n", "f.toml");
  EXPECT_EQ(toml.table.at(0).place.text(), "f.toml:1:1");
  EXPECT_EQ(toml.table[0].value.place.text(), "f.toml:1:5");
  const Entry& list = toml.find("b")->table.at(0);
  EXPECT_EQ(list.place.text(), "f.toml:4:1");
  EXPECT_EQ(list.value.place.text(), "f.toml:4:7");
  EXPECT_EQ(list.value.list.at(1).place.text(), "f.toml:5:3");

  // Columns count characters, not bytes: the letter before the list has two.
  const Value json =
      parse_json("\xEF\xBB\xBF{\n \"\u00fc\": [1 , -2.5e3,\n true, {\"b\" : null}], \"c\": 7}", "f.json");
  EXPECT_EQ(json.place.text(), "f.json:1:1");
  EXPECT_EQ(json.table.at(0).place.text(), "f.json:2:2");
  const Value& elements = json.table[0].value;
  EXPECT_EQ(elements.place.text(), "f.json:2:7");
  EXPECT_EQ(elements.list.at(0).place.text(), "f.json:2:8");
  EXPECT_EQ(elements.list.at(1).place.text(), "f.json:2:12");
  EXPECT_EQ(elements.list.at(2).place.text(), "f.json:3:2");
  EXPECT_EQ(elements.list.at(3).place.text(), "f.json:3:8");
  EXPECT_EQ(elements.list.at(3).table.at(0).value.place.text(), "f.json:3:15");
  EXPECT_EQ(json.table.at(1).place.text(), "f.json:3:23");
  EXPECT_EQ(json.table.at(1).value.place.text(), "f.json:3:28");

  const Value text = parse_text("'\u00fc', [1, # one\n  f(x=2)]", "--net");
  EXPECT_EQ(text.list.at(1).place.text(), "--net:1:6");
  EXPECT_EQ(text.list[1].list.at(1).table.at(0).place.text(), "--net:2:5");
  EXPECT_EQ(text.list[1].list[1].table[0].value.place.text(), "--net:2:7");
}

}  // namespace
}  // namespace chainrule::config
