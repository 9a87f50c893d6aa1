#include <gtest/gtest.h>

#include <limits>

#include "chainrule/error.h"
#include "config/kinds.h"
#include "config/values.h"

namespace chainrule::config {
namespace {

constexpr int kRounds = 3000;

std::vector<std::string> keys_of(const Value& value) {
  std::vector<std::string> keys;
  for (const Entry& entry : value.table) keys.push_back(entry.key);
  return keys;
}

TEST(ConfigPrint, TextParsesToTheSame) {
  RandomValues random(1, {});
  for (int i = 0; i < kRounds; ++i) {
    const Value value = random.value(4);
    const Value parsed = parse_text(to_text(value));
    ASSERT_EQ(parsed, value) << to_text(value);
    ASSERT_EQ(keys_of(parsed), keys_of(value));
  }
}

TEST(ConfigPrint, JsonParsesToTheSame) {
  RandomValues random(2, {.call = true, .not_finite = true});
  for (int i = 0; i < kRounds; ++i) {
    const Value value = random.value(4);
    const std::string text = to_json(value, i % 3);
    const Value parsed = parse_json(text, "");
    ASSERT_EQ(parsed, value) << text;
    ASSERT_EQ(keys_of(parsed), keys_of(value));
  }
}

TEST(ConfigPrint, TomlParsesToTheSame) {
  RandomValues random(3, {.null = true, .seed = true, .call = true});
  for (int i = 0; i < kRounds; ++i) {
    const Value value = random.table(4);
    ASSERT_EQ(parse_toml(to_toml(value), ""), value) << to_toml(value);
  }
}

TEST(ConfigPrint, EqualSaysWhatDiffers) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_EQ(Value(std::numeric_limits<double>::quiet_NaN()),
            Value(-std::numeric_limits<double>::quiet_NaN()));
  EXPECT_NE(Value("a"), Value("b"));
  EXPECT_NE(Value::of_list({1}), Value::of_list({1, 2}));
  EXPECT_EQ(Value::of_table({{"a", 1}, {"b", 2}}), Value::of_table({{"b", 2}, {"a", 1}}));
  EXPECT_NE(Value::of_table({{"a", 1}, {"b", 2}}), Value::of_table({{"b", 1}, {"a", 2}}));
  EXPECT_NE(Value::of_call("f", {1}, {}), Value::of_call("g", {1}, {}));
}

TEST(ConfigPrint, ReadsWell) {
  RunSettings run;
  read(run,
       parse_text("optimizer=sgd(0.1, schedule=cosine(0.5)), layers=[conv2d(8), relu, sequential(conv2d)],"
                  "name='a \"b\"', sizes=[]"));
  EXPECT_EQ(to_toml(write(run)), R"x(shuffle = true
batch = 100
seed = 1
scale = 1.0
name = "a \"b\""
padding = "same"
sizes = []
weights = []
tags = ["a"]
layers = [
  "conv2d(filters=8, kernel=3, stride=1, padding=\"none\")",
  "relu",
  "sequential(layers=[conv2d(filters=1, kernel=3, stride=1, padding=\"none\")])",
]
clips = []

[optimizer]
type = "sgd"
lr = 0.1
momentum = 0.0
nesterov = false

[optimizer.clip]
norm = 0.0
strict = false

[optimizer.schedule]
type = "cosine"
low = 0.5
epochs = 10

[train]
epochs = 10
validation = 0.1

[train.clip]
norm = 0.0
strict = false
)x");
  EXPECT_EQ(to_json(write(*make<Rule>("adam(betas=[0.5, 0.75])")), 0),
            R"x({"type": "adam", "lr": 0.001, "betas": [0.5, 0.75]})x");
  EXPECT_EQ(to_json(write(*make<Rule>("adam"))),
            "{\n  \"type\": \"adam\",\n  \"lr\": 0.001,\n  \"betas\": [0.9, 0.999]\n}\n");
}

/// Objects and groups at random, by what the fields say.
std::string random_run(RandomValues& random) {
  static constexpr const char* kSchedules[] = {"none", "constant(0.25)", "cosine(0.5)",
                                               "warmup(3, cosine(epochs=2))"};
  static constexpr const char* kLayers[] = {"[]", "relu", "[conv2d(4, 2, 1, reflect), relu]",
                                            "[sequential([relu, sequential([conv2d])])]"};
  const Value name(random.text()), tags = Value::of_list({Value(random.text()), Value(random.text())});
  return "shuffle=" + std::string(random.below(2) ? "true" : "false") +
         ", seed=" + std::to_string(random.bits() >> random.below(64)) +
         ", scale=" + to_text(Value(random.number())) + ", name=" + to_text(name) +
         ", tags=" + to_text(tags) +
         ", optimizer=sgd(momentum=0.25, clip={norm=3}, schedule=" + kSchedules[random.below(4)] + ")" +
         ", layers=" + kLayers[random.below(4)] + ", sizes=[" + std::to_string(1 + random.below(9)) + "]" +
         ", train={clip={strict=true}}, clips=[{norm = 3}, {strict = true}]";
}

TEST(ConfigPrint, SettingsComeBackInEveryFormat) {
  RandomValues random(4, {.not_finite = true});
  for (int i = 0; i < kRounds / 10; ++i) {
    RunSettings run;
    read(run, parse_text(random_run(random)));
    if (i % 7 == 0) run.scale = -std::numeric_limits<double>::infinity();
    if (i % 11 == 0) run.optimizer = {};
    const Value written = write(run);
    for (const Value& value : {written, parse_text(to_text(written)), parse_toml(to_toml(written), ""),
                               parse_json(to_json(written), "")}) {
      RunSettings other;
      other.optimizer = make_shared<Adam>();
      read(other, value);
      ASSERT_EQ(write(other), written) << to_text(written);
    }
  }
}

TEST(ConfigPrint, RefusesWhatIsNotUtf8) {
  for (const auto& print :
       {+[](const Value& v) { return to_text(v); }, +[](const Value& v) { return to_json(v); },
        +[](const Value& v) { return to_toml(v); }}) {
    try {
      print(Value::of_table({{"name", "M\xFCller"}}));
      ADD_FAILURE();
    } catch (const ValueError& error) {
      EXPECT_STREQ(error.what(), "[config] a text to be written is not UTF-8. Need that encoding. (E238)");
    }
  }
}

}  // namespace
}  // namespace chainrule::config
