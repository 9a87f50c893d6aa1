// Bytes that nobody meant: an Error or a value, never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "chainrule/error.h"
#include "config/kinds.h"
#include "config/values.h"
#include "core/text.h"

namespace chainrule::config {
namespace {

using Parse = Value (*)(std::string_view, std::string_view);

constexpr struct {
  const char* name;
  Parse parse;
  std::string_view good;
} kFormats[] = {
    {"text", parse_text,
     "train={clip={norm=1.5}}, layers=[conv2d(8, 5), relu], tags=['a', \"b\\u0041\"], seed=3"},
    {"toml", parse_toml,
     "name = \"\"\"a\nb\"\"\"\nlayers = ['conv2d(8, 5)', {type = \"relu\"}]\n[train.clip]\nnorm = 1.5\n# "
     "end\n"},
    {"json", parse_json,
     R"x({"layers": ["conv2d(8, 5)", {"type": "relu"}], "train": {"clip": {"norm": 1.5e0}}, "name": "\u00fc"})x"},
};

/// Whether it was taken; anything but an Error goes on.
bool taken(Parse parse, const std::string& text) {
  try {
    RunSettings run;
    read(run, parse(text, "source"));
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("[config] ")) << error.what();
    return false;
  }
}

TEST(ConfigHostile, RandomBytes) {
  static constexpr std::string_view kCommon = "[]{}(),=\"'\\#\n .-+e019atrun:;\xC3\xBC_/";
  RandomValues random(5, {});
  for (const auto& format : kFormats) {
    for (int round = 0; round < 20000; ++round) {
      std::string text;
      for (std::uint64_t i = random.below(40); i > 0; --i)
        text += random.below(10) ? kCommon[random.below(kCommon.size())] : static_cast<char>(random.bits());
      taken(format.parse, text);
    }
  }
}

TEST(ConfigHostile, DamagedText) {
  RandomValues random(6, {});
  for (const auto& format : kFormats) {
    ASSERT_TRUE(taken(format.parse, std::string(format.good))) << format.name;
    for (std::size_t size = 0; size < format.good.size(); ++size)
      taken(format.parse, std::string(format.good.substr(0, size)));
    int refused = 0;
    for (int round = 0; round < 10000; ++round) {
      std::string text(format.good);
      for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
        const std::uint64_t at = random.below(text.size() + 1);
        switch (random.below(3)) {
          case 0:
            text.insert(at, 1, static_cast<char>(random.bits()));
            break;
          case 1:
            text.erase(at, 1 + random.below(5));
            break;
          default:
            text.insert(at, format.good.substr(random.below(format.good.size()), 1 + random.below(5)));
        }
      }
      refused += !taken(format.parse, text);
    }
    EXPECT_GT(refused, 1000) << format.name;
  }
}

std::string repeated(std::string_view piece, int times) {
  std::string made;
  for (int i = 0; i < times; ++i) made += piece;
  return made;
}

std::string message_of(Parse parse, const std::string& text) {
  try {
    parse(text, "deep");
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(ConfigHostile, NestingIsBounded) {
  const std::string open = repeated("[", 64), close = repeated("]", 64);
  EXPECT_EQ(message_of(parse_json, open + close), "none");
  EXPECT_EQ(message_of(parse_text, open.substr(1) + "1" + close.substr(1)), "none");
  EXPECT_EQ(message_of(parse_toml, "a = " + open.substr(1) + close.substr(1)), "none");
  constexpr int kDeep = 1'000'000;
  const std::string deeper = "nested deeper than 64 levels. Need a flatter form. (E224)";
  EXPECT_EQ(message_of(parse_json, repeated("[", kDeep)), "[config] deep:1:65: " + deeper);
  EXPECT_EQ(message_of(parse_json, repeated("{\"a\":", kDeep / 2)), "[config] deep:1:321: " + deeper);
  EXPECT_EQ(message_of(parse_text, repeated("[", kDeep)), "[config] deep, column 65: " + deeper);
  EXPECT_EQ(message_of(parse_text, repeated("f(x=", kDeep)), "[config] deep, column 255: " + deeper);
  EXPECT_EQ(message_of(parse_toml, "a = " + repeated("[", 100) + repeated("]", 100)),
            "[config] deep:1:69: " + deeper);
  EXPECT_NE(message_of(parse_toml, "a = " + repeated("[", kDeep)), "none");
  EXPECT_NE(message_of(parse_toml, repeated("a={", kDeep)), "none");
}

TEST(ConfigHostile, DottedKeysAreBounded) {
  const std::string refused = "a key with more than 64 parts. Need a flatter form. (E224)";
  for (const char* part : {"a.", "a . ", "\"a\".", "'.'.", "\"\\\"\".", "\",\"."}) {
    const std::string key = repeated(part, 500'000) + "a";
    EXPECT_EQ(message_of(parse_toml, key + " = 1"), cat("[config] deep:1:1: ", refused));
    EXPECT_EQ(message_of(parse_toml, cat("[", key, "]")), "[config] deep:1:2: " + refused);
    EXPECT_EQ(message_of(parse_toml, cat("b = {c = \"\"\"x'\n'\"\"\", ", key, " = 1}")),
              "[config] deep:2:7: " + refused);
    EXPECT_EQ(message_of(parse_toml, cat("# it's\n", key, " = 1")), "[config] deep:2:1: " + refused);
  }
  // Dots that are no keys'.
  EXPECT_EQ(message_of(parse_toml, "a = [" + repeated("0.5, ", 1000) + "0.5]"), "none");
  EXPECT_EQ(message_of(parse_toml, "a = \"" + repeated("b.", 1000) + "\"  # " + repeated("c.", 1000)),
            "none");
}

TEST(ConfigHostile, ShortTextsInShortTextsAreBounded) {
  std::string inner = "relu";
  for (int i = 0; i < 70; ++i) inner = cat("sequential(", inner, ")");
  EXPECT_EQ(message_of(parse_text, inner),
            "[config] deep, column 705: nested deeper than 64 levels. Need a flatter form. (E224)");
  // By quoting what is in it, a text hides its depth from the parser.
  inner = "relu";
  for (int level = 0; level < 3; ++level) {
    for (int i = 0; i < 30; ++i) inner = cat("sequential(", inner, ")");
    inner = to_text(Value(inner));
  }
  EXPECT_FALSE(taken(parse_text, "layers=" + inner));
}

TEST(ConfigHostile, LettersOutsideQuotes) {
  const std::string reason =
      ": this is not TOML: Error while parsing key: expected bare key starting character or "
      "string delimiter, saw ";
  EXPECT_EQ(message_of(parse_toml, "[+"), "[config] deep:1:2" + reason + "'+'. (E222)");
  for (const char* letter : {"\xC2\xA1", "\xC3\xBC", "\xD2\x99", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    EXPECT_NE(message_of(parse_toml, std::string(letter) + " = 1"), "none");
    EXPECT_NE(message_of(parse_toml, cat("a = 1\n[", letter, "]")), "none");
    EXPECT_NE(message_of(parse_toml, cat("a = ", letter)), "none");
    EXPECT_NE(message_of(parse_toml, cat("a = { ", letter, " = 1 }")), "none");
    EXPECT_EQ(message_of(parse_toml, cat("a = \"\"\"b\\\n  ", letter, "\"\"\" # ", letter)), "none");
  }
}

TEST(ConfigHostile, SizeIsBounded) {
  const std::string large(std::size_t{4} << 20, ' ');
  for (const auto& format : kFormats) {
    EXPECT_TRUE(taken(format.parse, std::string(format.good) + large.substr(format.good.size())))
        << format.name;
    EXPECT_NE(message_of(format.parse, large + " ")
                  .find(": the text has 4194305 bytes. Need at most 4 MiB. (E224)"),
              std::string::npos);
  }
}

TEST(ConfigHostile, ManyKeysAreFast) {
  std::string json = "{", text;
  for (int i = 0; i < 200'000; ++i) {
    json += cat(i ? "," : "", "\"", i, "\":1");
    text += cat("k", i, "=1,");
  }
  EXPECT_EQ(parse_json(json + "}", "").table.size(), 200'000u);
  EXPECT_EQ(parse_text(text).table.size(), 200'000u);
}

}  // namespace
}  // namespace chainrule::config
