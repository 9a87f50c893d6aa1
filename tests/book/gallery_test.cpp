// The pages of docs/learn: their marks, the numbers that are compared, and that both languages say the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <stdexcept>

#include "gallery/lessons.h"
#include "gallery/numbers.h"
#include "gallery/pages.h"
#include "gallery/words.h"

namespace gallery {
namespace {

const std::string kFolder = CHAINRULE_SOURCE_DIR "/examples/learn/";
const std::vector<Lesson> kThree = {{"README", {"All", "全"}},
                                    {"01_apples", {"Apples", "苹果"}},
                                    {"02_chain", {"A chain", "链"}},
                                    {"03_more", {"More", "更多"}}};
const Material kMaterial{"// A program.\nint main() {\n  int a = 1;\n\n  int b = 2;\n    b += 1;\n}\n",
                         "price: 220\nslopes: 2.2, -110 and 3e-5.\n\nprice: 7\n",
                         {"graph"}};

std::string second(const std::string& text, std::size_t language = 0) {
  return page_of(kThree[2], kThree, text, language, kMaterial);
}

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of(const std::string& text) {
  return message_of([&] { second(text); });
}

TEST(Gallery, APageHasWhatItsMarksStandFor) {
  EXPECT_EQ(
      second("{{picture: graph | A graph}}\n{{program: b = 2}}\n{{output: 7}}\nIt is {{number: price:}}."),
      "<!-- Written by `make gallery` from examples/learn/02_chain.*; do not edit. -->\n\n# 2. A chain\n\n"
      "![A graph](pictures/02_chain_graph.svg)\n```cpp\nint b = 2;\n  b += 1;\n```\n"
      "```text\nprice: 7\n```\nIt is 220.\n\n---\n\n"
      "The whole program: [examples/learn/02_chain.cpp](../../examples/learn/02_chain.cpp). "
      "Run it: `./chainrule lesson 02_chain`\n\n"
      "← [1. Apples](01_apples.md) · [all lessons](README.md) · [中文](zh/02_chain.md) · "
      "[3. More](03_more.md) →\n");
  const std::string chinese = second("{{lesson: 03_more}}{{picture: graph | 图}}{{docs: a.md | b}}", 1);
  EXPECT_NE(chinese.find("# 2. 链\n\n[3. 更多](03_more.md)![图](pictures/02_chain_graph.svg)[b](../../a.md)"),
            std::string::npos)
      << chinese;
  EXPECT_NE(chinese.find("[English](../02_chain.md)"), std::string::npos);
}

// From 31 on pages say how something is done: no number before their titles, a list of their own.
TEST(Gallery, HowToPagesStandApart) {
  const std::vector<Lesson> all = {{"01_apples", {"Apples", "苹果"}}, {"31_save", {"Save", "保存"}}};
  const std::string page = page_of(
      all[1], all, "{{picture: graph | A graph}}\n{{contents: 01}}\n|\n{{contents: 3}}", 0, kMaterial);
  EXPECT_NE(page.find("\n# Save\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\n- [1. Apples](01_apples.md)\n|\n- [Save](31_save.md)\n"), std::string::npos) << page;
}

// The link holds the expression, as the page's own links do: eyJ0...fQ is {"text":"x*y","at":"x=2,y=3"}.
TEST(Gallery, ExpressionsAreLinksToTheExplainPage) {
  const std::string page = second("{{picture: graph | g}}{{step: x*y @ x=2,y=3 | Step}}", 1);
  EXPECT_NE(
      page.find("[Step](../../../build/web/site/index.html#explain=eyJ0ZXh0IjoieCp5IiwiYXQiOiJ4PTIseT0zIn0)"),
      std::string::npos)
      << page;
}

TEST(Gallery, MarksThatStandForNothingAreErrors) {
  EXPECT_EQ(error_of("{{picture: graph | g}}{{step: x*y}}"),
            "a step has this form: {{step: x*y @ x=2,y=3 | words}}");
  EXPECT_EQ(error_of("no picture"), "the picture \"graph\" is not shown");
  EXPECT_EQ(error_of("{{picture: graph}}"), "\"graph\" has no caption");
  EXPECT_EQ(error_of("{{picture: grape | x}}"), "the program draws no \"grape\"");
  EXPECT_EQ(error_of("{{program: int c}}"), "the program has no \"int c\"");
  EXPECT_EQ(error_of("{{number: cost}}"), "\"cost\" was not printed");
  EXPECT_EQ(error_of("{{number: price: > b}}"), "\"price: > b\" was not printed");
  EXPECT_EQ(error_of("{{lesson: 09_none}}"), "there is no lesson \"09_none\"");
  EXPECT_EQ(error_of("{{figure: graph}}"), "no mark is called \"figure\"");
  EXPECT_EQ(error_of("{{output"), "a mark has no end: }}");
}

TEST(Gallery, NumbersAreComparedToTheDigitsOfTheirSource) {
  const auto wrong = [](std::string_view table) { return wrong_numbers(table, kMaterial.output); };
  EXPECT_TRUE(wrong("# a comment\nprice: | 220.000 | a book\nslopes: | 2.2 -110 0.00003 | a book").empty());
  EXPECT_TRUE(wrong("price: > slopes: | <= 3 >= -110 | a book").empty());
  EXPECT_TRUE(wrong("price: | 2.2e2 | a book").empty());
  EXPECT_EQ(wrong("price: | 220.6 | a book"), std::vector<std::string>{"price: 220, need 220.6 (a book)"});
  EXPECT_EQ(wrong("slopes: | 2.26 -110 | a book"),
            std::vector<std::string>{"slopes: 2.2, need 2.26 (a book)"});
  EXPECT_EQ(wrong("slopes: | >= 2.3 | a book"),
            std::vector<std::string>{"slopes: 2.2, need >= 2.3 (a book)"});
  EXPECT_EQ(numbers_after("w: x2 = -3, b1:4.50.", "w:", 2), (std::vector<std::string>{"-3", "4.50"}));
  EXPECT_EQ(message_of([&] { wrong("price: | 1 2 3 4 5 | a book"); }),
            "\"price:\" is not followed by 5 numbers");
  EXPECT_EQ(message_of([&] { wrong("price: | 220"); }), "\"price: | 220\" is not label | numbers | source");
  EXPECT_EQ(message_of([&] { wrong("# nothing\n"); }), "no number is compared");
}

TEST(Gallery, TimesAreNotCompared) {
  EXPECT_EQ(timeless("a: 15 passes, took 3 ms\nb 4\n"), timeless("a: 15 passes, took 12.5 ms\nb 4\n"));
  EXPECT_NE(timeless("a: 15 passes, took 3 ms\nb 4\n"), timeless("a: 16 passes, took 3 ms\nb 4\n"));
  EXPECT_NE(timeless("a: took 3 ms\nb 4\n"), timeless("a: took 3 ms\nb 5\n"));
}

TEST(Gallery, BothLanguagesHaveTheSameParts) {
  for (const Lesson& lesson : read_lessons(kFolder + "lessons.list")) {
    const std::string english = read_text(kFolder + lesson.name + ".en.md"),
                      chinese = read_text(kFolder + lesson.name + ".zh.md");
    EXPECT_EQ(outline_of(english), outline_of(chinese)) << lesson.name;
    EXPECT_EQ(english.find("。"), std::string::npos) << lesson.name;
    EXPECT_NE(chinese.find("。"), std::string::npos) << lesson.name;
  }
  EXPECT_NE(outline_of("# a\n{{output}}"), outline_of("# a\n"));
  EXPECT_NE(outline_of("# a\n## b"), outline_of("# a\n# b"));
  EXPECT_NE(outline_of("| a |\n"), outline_of("| a |\n| b |\n"));
}

/// A page without its blocks of code.
std::string prose_of(const std::string& page) {
  std::string made;
  bool in_block = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("```")) in_block = !in_block;
    if (!in_block) made += line + "\n";
  }
  return made;
}

// Each link of a written page leads to a file, and no picture is left over.
TEST(Gallery, LinksLeadSomewhere) {
  namespace fs = std::filesystem;
  const fs::path docs = CHAINRULE_SOURCE_DIR "/docs/learn";
  std::set<fs::path> targets;
  for (const auto& entry : fs::recursive_directory_iterator(docs)) {
    if (entry.path().extension() != ".md") continue;
    const std::string page = prose_of(read_text(entry.path().string()));
    for (std::size_t at = 0; (at = page.find("](", at)) != std::string::npos;) {
      at += 2;
      const std::string to = page.substr(at, page.find_first_of(")#", at) - at);
      if (to.starts_with("https:") || to.ends_with("build/web/site/index.html")) continue;  // built, or not
      targets.insert((entry.path().parent_path() / to).lexically_normal());
      EXPECT_TRUE(fs::exists(entry.path().parent_path() / to)) << entry.path() << ": " << to;
    }
  }
  EXPECT_GT(targets.size(), 20u);
  for (const Language& language : kLanguages) {
    for (const auto& entry : fs::directory_iterator(docs / language.folder / "pictures")) {
      EXPECT_TRUE(targets.contains(entry.path().lexically_normal())) << entry.path() << " is on no page";
    }
  }
}

TEST(Gallery, PicturesGetTheWordsOfALanguage) {
  const Words words(
      "// of a test\nlearning rate # | 学习率 #\nRosenbrock's valley | 山谷\nrelu\n# of # maps | # 张，共 # "
      "张\n");
  const auto text = [&](const std::string& inside) {
    return words.picture("<svg><text class=\"head\" x=\"1\">" + inside + "</text></svg>");
  };
  const auto made = [](const std::string& inside) {
    return "<svg><text class=\"head\" x=\"1\">" + inside + "</text></svg>";
  };
  EXPECT_EQ(text("learning rate 0.3"), made("学习率 0.3"));
  EXPECT_EQ(text("learning rate -1e-05"), made("学习率 -1e-05"));
  EXPECT_EQ(text("12 of 15 maps"), made("12 张，共 15 张"));
  EXPECT_EQ(text("Rosenbrock&#39;s valley"), made("山谷"));
  EXPECT_EQ(text("Rosenb…<title>Rosenbrock&#39;s valley</title>"), made("山谷"));
  for (const char* same : {"x2 &lt; 10k", "27+81", "relu", ""}) EXPECT_EQ(text(same), made(same));
  EXPECT_EQ(message_of([&] { text("relu 2"); }), "the words have no \"relu #\"");
  EXPECT_EQ(
      words.picture("<style>text { font-family: system-ui, sans-serif; }</style>"),
      "<style>text { font-family: system-ui, \"Noto Sans CJK SC\", \"PingFang SC\", \"Microsoft YaHei\", "
      "sans-serif; }</style>");
  EXPECT_EQ(message_of([] { Words("a #1 | b"); }), "\"a #1 | b\" is not English | theirs, with as many #");
  EXPECT_EQ(message_of([] { Words("a | b | c"); }), "\"a | b | c\" is not English | theirs, with as many #");
  EXPECT_EQ(message_of([] { Words("a | b\na | c"); }), "\"a\" stands twice");
}

// No picture has a text without its words in Chinese, and the table has none for a text that is gone.
TEST(Gallery, TheWordsAreThoseOfThePictures) {
  std::set<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(CHAINRULE_SOURCE_DIR "/docs/learn/pictures")) {
    texts.merge(texts_of(read_text(entry.path().string())));
  }
  const std::set<std::string> known = Words(read_text(kFolder + std::string(kLanguages[1].words))).all();
  for (const std::string& text : texts) EXPECT_TRUE(known.contains(text)) << text << ": has no words";
  for (const std::string& text : known) EXPECT_TRUE(texts.contains(text)) << text << ": is in no picture";
  EXPECT_GT(texts.size(), 100u);
}

TEST(Gallery, EveryFileBelongsToALessonOfTheList) {
  std::set<std::string> names, files;
  for (const Lesson& lesson : read_lessons(kFolder + "lessons.list")) {
    EXPECT_TRUE(names.insert(lesson.name).second) << lesson.name << " stands twice";
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(".md") || file[0] <= '9') files.insert(file.substr(0, file.find('.')));
  }
  EXPECT_EQ(files, names);
  for (const Language& language : kLanguages) {
    std::set<std::string> pages;
    for (const auto& entry : std::filesystem::directory_iterator(CHAINRULE_SOURCE_DIR "/docs/learn/" +
                                                                 std::string(language.folder))) {
      if (entry.path().extension() == ".md") pages.insert(entry.path().stem().string());
    }
    EXPECT_EQ(pages, names) << language.name;
  }
}

}  // namespace
}  // namespace gallery
