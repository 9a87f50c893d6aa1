// Figures: well-formed whatever stands in them, scales, pictures, PNGs, text.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/plot.h"
#include "message_of.h"
#include "plot/drawing.h"
#include "plot/scale.h"
#include "plot/well_formed.h"
#include "set_environment.h"
#include "temporary_folder.h"

namespace chainrule::plot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                 kInf = std::numeric_limits<double>::infinity();

Figure line_of(std::vector<double> y) {
  Figure figure{.title = "a line"};
  figure.x.label = "step";
  std::vector<double> x(y.size());
  std::iota(x.begin(), x.end(), 0);
  figure.series.push_back({.name = "test", .x = x, .y = std::move(y)});
  return figure;
}

Figure matrix_of(std::size_t classes) {
  Figure figure{.title = "a matrix"};
  for (std::size_t i = 0; i < classes; ++i) figure.matrix.names.push_back("class " + std::to_string(i));
  figure.matrix.values.resize(classes * classes);
  for (std::size_t i = 0; i < classes; ++i)
    figure.matrix.values[i * classes + i] = 10, figure.matrix.values[i] += 1;
  return figure;
}

/// Names of rows and columns, and numbers for each pair.
Figure heat_of(std::vector<std::string> rows, std::vector<std::string> columns, std::vector<double> values) {
  Figure figure{.title = "a heat map"};
  figure.heat = {std::move(rows), std::move(columns), std::move(values)};
  return figure;
}

struct Case {
  const char* name;
  Figure figure;
};
std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](const char* name, Figure figure) { all.push_back({name, std::move(figure)}); };
  add("nothing", {});
  add("no_points", line_of({}));
  add("one_point", line_of({3}));
  add("constant", line_of({2, 2, 2}));
  add("constant_zero", line_of({0, 0}));
  add("gaps", line_of({1, kNan, 2, kInf, 3, -kInf}));
  add("nothing_finite", line_of({kNan, kInf}));
  add("huge", line_of({-1e308, 1e308}));
  add("tiny", line_of({1e-320, 5e-320}));
  add("nearly_equal", line_of({1e15, 1e15 + 1}));
  add("many", line_of(std::vector<double>(100'000, 1.5)));
  Figure logarithmic = line_of({1, 1e-3, 0, -1, 1e-6});
  logarithmic.y.logarithmic = true;
  add("logarithmic", logarithmic);
  Figure hostile = line_of({1, 2});
  hostile.title = "<script>alert(\"&\")</script>", hostile.note = std::string(500, '<');
  hostile.series[0].name = "\x01\xFF\xED\xA0\x80 \xC3\xA4\xE2\x86\x92\xF0\x9F\x98\x80 ]]> '\"";
  hostile.x.label = hostile.y.label = "a\nb\t&amp;";
  add("hostile_names", hostile);
  Figure bars{.title = "bars"};
  bars.bars = histogram(std::vector<double>{1, 2, 2, kNan, kInf});
  add("bars", bars);
  Figure named{.title = "named bars", .height = 300};
  named.bars = named_bars({"a", "<b>", std::string(300, 'c')}, {0.5, kNan, 1});
  add("named_bars", named);
  Figure path = line_of({1, kNan, 2});
  path.series[0].style = Series::Style::path;
  add("path", path);
  add("one_class", matrix_of(1));
  add("two_classes", matrix_of(2));
  add("thirty_classes", matrix_of(30));
  add("thousand_classes", matrix_of(1000));
  add("heat", heat_of({"a", "<b>"}, {"x", "y", std::string(300, 'z')}, {0, kNan, kInf, -1, 1e-320, 0.5}));
  add("heat_of_zeros", heat_of({"a"}, {"x", "y"}, {0, 0}));
  add("heat_of_extremes", heat_of({"a"}, {"x", "y"}, {1e-320, -1e308}));
  add("heat_without_columns", heat_of({"a"}, {}, {}));
  add("large_heat", heat_of(std::vector<std::string>(3, "row"), std::vector<std::string>(500, "column"),
                            std::vector<double>(1500, -2)));
  Figure tiles{.title = "tiles"};
  tiles.tiles.push_back({signs(std::vector<double>{-1, kNan, 0, 1}, 2, 2, 0), "<&>"});
  tiles.tiles.push_back({shades(std::vector<double>(6, 1), 2, 3, 1, 1), std::string(300, 'x')});
  tiles.tiles.push_back({{}, "empty"});
  add("tiles", tiles);
  return all;
}

TEST(Figure, IsWellFormedWhateverStandsInIt) {
  for (const Case& one : cases()) {
    EXPECT_EQ(problem_of(svg(one.figure)), "") << one.name;
    EXPECT_EQ(problem_of(inline_svg(one.figure)), "") << one.name;
    const std::string made = svg(one.figure);
    for (const char* wrong : {"\"nan", "\"inf", "\"-inf", " nan", "Mnan", "Lnan", "Minf", "e+"}) {
      EXPECT_EQ(made.find(wrong), std::string::npos) << one.name << ": " << wrong;
    }
    EXPECT_LT(made.size(), 300'000u) << one.name;
  }
}

TEST(Figure, SeveralAreOnePicture) {
  std::vector<Figure> all;
  for (const Case& one : cases()) all.push_back(one.figure);
  const std::string made = svg(all, "all <of> them");
  EXPECT_EQ(problem_of(made), "");
  EXPECT_NE(made.find("all &lt;of&gt; them"), std::string::npos);
  EXPECT_EQ(problem_of(svg(std::span<const Figure>(), "none")), "");
}

TEST(Figure, TheCheckOfThisTestFindsWhatIsWrong) {
  EXPECT_EQ(problem_of("<a b=\"c\">&amp;<d/></a>\n"), "");
  for (const char* wrong : {"<a>", "<a></b>", "<a>&</a>", "<a>&x;</a>", "<a b=\"&\"/>", "<a></a><b></b>",
                            "<a>\x01</a>", "<a>\xFF</a>"}) {
    EXPECT_NE(problem_of(wrong), "") << wrong;
  }
}

TEST(Figure, FollowsLightAndDarkAndNeedsNoOtherFile) {
  const std::string made = svg(matrix_of(50));
  EXPECT_NE(made.find("@media (prefers-color-scheme: dark)"), std::string::npos);
  EXPECT_NE(made.find("href=\"data:image/png;base64,iVBORw0KGgo"),
            std::string::npos);                                            // what a PNG begins with
  EXPECT_EQ(made.find("http", made.find("http") + 1), std::string::npos);  // that of xmlns alone
}

TEST(HeatMap, HasANameForEachRowAndColumn) {
  Figure figure = heat_of({"1", "0"}, {"2", "+", "8"}, {0.0312, 0.25, 0.5, -0.25, 0, 0.125});
  figure.x.label = "read", figure.y.label = "written";
  const std::string made = svg(figure);
  for (const char* text :
       {"1", "0", "2", "+", "8", "0.03", "0.25", "0.5", "-0.25", "0.13", "\u2193 written", "read \u2192"}) {
    EXPECT_NE(made.find(std::string(">") + text + "</text>"), std::string::npos) << text;
  }
  // The largest has all of its color, half of it half; below 0 it is another one; 0 has none.
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = made.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count("<rect class=\"bar c0\""), 4u);
  EXPECT_EQ(count("<rect class=\"bar c1\""), 1u);
  EXPECT_EQ(count("fill-opacity=\"0.5\""), 2u);
  EXPECT_EQ(count("<rect class=\"cell\""), 6u);
}

TEST(Scale, TicksAreStepsOfOneTwoOrFive) {
  // Worked out by hand: the length is divided by the most, and rounded up.
  EXPECT_DOUBLE_EQ(step_for(10, 6), 2);
  EXPECT_DOUBLE_EQ(step_for(1, 6), 0.2);
  EXPECT_DOUBLE_EQ(step_for(0.03, 6), 0.005);
  EXPECT_DOUBLE_EQ(step_for(5000, 5), 1000);
  EXPECT_DOUBLE_EQ(step_for(7, 1), 10);
  std::string texts;
  for (const Scale::Tick& tick : Scale({}, 0, 1, 0).ticks(5)) texts += tick.text + " ";
  EXPECT_EQ(texts, "0 0.2 0.4 0.6 0.8 1 ");
  texts.clear();
  for (const Scale::Tick& tick : Scale({.logarithmic = true}, 0.001, 10, 0).ticks(6))
    texts += tick.text + " ";
  EXPECT_EQ(texts, "0.001 0.01 0.1 1 10 ");
  EXPECT_EQ(Scale({}, 0, 0.5, 0).ticks(6, 1).size(), 1u);
  for (const auto& [low, high] :
       {std::pair(-1e300, 1e300), std::pair(1e15, 1e15 + 1), std::pair(1e-300, 2e-300)}) {
    EXPECT_LE(Scale({}, low, high, 0.05).ticks(6).size(), 8u) << low;
  }
}

TEST(Scale, NumbersForPeople) {
  const std::pair<double, const char*> all[] = {
      {0, "0"},           {0.25, "0.25"}, {12'000, "12k"}, {1.5e6, "1.5M"}, {2e9, "2G"},       {3e-5, "3e-5"},
      {-0.125, "-0.125"}, {1e13, "1e13"}, {kNan, "nan"},   {-kInf, "-inf"}, {123.456, "123.5"}};
  for (const auto& [number, text] : all) EXPECT_EQ(number_text(number), text);
}

TEST(Histogram, CountsEachNumberOnce) {
  const Bars bars = histogram(std::vector<double>{0, 0.1, 0.1, 0.95, 1, kNan, kInf}, 10);
  double sum = 0;
  for (const double height : bars.heights) sum += height;
  EXPECT_EQ(sum, 5);
  ASSERT_EQ(bars.edges.size(), bars.heights.size() + 1);
  EXPECT_EQ(bars.heights[0], 1);
  EXPECT_EQ(bars.heights[1], 2);
  EXPECT_DOUBLE_EQ(bars.edges[1] - bars.edges[0], 0.1);
  EXPECT_TRUE(histogram(std::vector<double>{kNan}).heights.empty());
  EXPECT_EQ(histogram(std::vector<double>(7, 5.0)).heights, std::vector<double>{7});
  for (const double size : {1e-300, 1e15, 1e300}) {
    const Bars few = histogram(std::vector<double>{size, size * (1 + 1e-15), -size});
    EXPECT_LE(few.heights.size(), 40u) << size;
  }
}

TEST(Texts, AreCutToTheirWidth) {
  EXPECT_EQ(fitted("short", 10, 100), "short");
  const std::string cut = fitted("\u00e4bcdefghi\u00e4", 10, 30);
  EXPECT_EQ(cut, "\u00e4b\u2026i\u00e4");  // 30 / 5.8 are five characters, one of which says that
                                           // there were more
  EXPECT_EQ(fitted("\u624b\u5199\u6570\u5b57", 10, 40), "\u624b\u5199\u6570\u5b57");  // each as wide as high
  EXPECT_EQ(fitted("\u624b\u5199\u6570\u5b57", 10, 39), "\u624b\u2026\u5b57");
  EXPECT_EQ(xml("a<\x02\xC3"), "a&lt;\uFFFD\uFFFD");
}

/// Width and height of a PNG: the two numbers at its 16th byte (PNG specification, 11.2.2).
std::pair<int, int> size_of_png(const std::string& bytes) {
  const auto number = [&](std::size_t at) {
    int made = 0;
    for (std::size_t i = 0; i < 4; ++i) made = made << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return made;
  };
  return {number(16), number(20)};
}

TEST(Picture, AsPngHasEachPixelZoomTimes) {
  const std::string bytes = png_of(shades(std::vector<double>(6, 0.5), 2, 3, 0, 1), 4);
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(size_of_png(bytes), std::pair(12, 8));
}

TEST(Picture, ColorsOfSigns) {
  const Picture made = signs(std::vector<double>{-2, 0, 2, kNan}, 2, 2, 2);
  const auto pixel = [&](std::size_t i) {
    return std::vector<int>(&made.pixels[4 * i], &made.pixels[4 * i] + 4);
  };
  EXPECT_EQ(pixel(0), (std::vector<int>{200, 80, 0, 255}));  // orange
  EXPECT_EQ(pixel(1), (std::vector<int>{247, 247, 247, 255}));
  EXPECT_EQ(pixel(2), (std::vector<int>{0, 95, 160, 255}));  // blue
  EXPECT_EQ(pixel(3)[3], 0);                                 // not a number: nothing there
}

TEST(Figure, WhatDoesNotFitIsSaid) {
  EXPECT_EQ(message_of([] { shades(std::vector<double>(5), 2, 3, 0, 1); }),
            "[plot] a picture of 2 x 3 pixels has 5 numbers; need 6, 1 a pixel. (E373)");
  EXPECT_EQ(message_of([] {
              png_of({1 << 20, 1 << 20, {}});
            }),
            "[plot] a picture of 1048576 x 1048576 pixels. Need at most 67108864 of them; draw a smaller "
            "one. (E373)");
  EXPECT_EQ(message_of([] { png_of({}); }),
            "[plot] a picture of 0 x 0 pixels cannot be written as PNG: png_image_write_to_memory: invalid "
            "argument. Give it a pixel "
            "at least. (E377)");
  Figure figure = matrix_of(3);
  figure.matrix.values.pop_back();
  EXPECT_EQ(message_of([&] { svg(figure); }),
            "[plot] a matrix of 3 names has 8 values; need 9, a row a name. (E373)");
  EXPECT_EQ(message_of([] {
              svg(heat_of({"a", "b"}, {"x"}, {1}));
            }),
            "[plot] a heat map of 2 rows and 1 columns has 1 values; need 2, row by row. (E373)");
  EXPECT_EQ(message_of([] { save("loss.pdf", Figure()); }),
            "[plot] loss.pdf: a picture is written as .svg or .png. Name a file that ends in one. (E372)");
}

TEST(Png, IsTwoPixelsForOne) {
  if (message_of([] { png({}, ""); }).find("E370") != std::string::npos) {
    GTEST_SKIP() << "needs rsvg-convert: apt-get install librsvg2-bin";
  }
  for (const Case& one : cases()) {
    const std::string drawn = svg(one.figure), bytes = png(std::span(&one.figure, 1));
    const std::size_t at = drawn.find("width=\"") + 7;
    EXPECT_NEAR(size_of_png(bytes).first, 2 * std::stod(drawn.substr(at)), 1) << one.name;
  }
}

TEST(Png, SaysWhichProgramIsMissingOrFails) {
  const TemporaryFolder folder;
  {
    const SetEnvironment path("PATH", folder.string().c_str());
    EXPECT_EQ(
        message_of([] { png({}, ""); }),
        "[plot] a PNG is drawn by the program rsvg-convert, which cannot be run: No such file or directory. "
        "Install it (Debian: apt-get install librsvg2-bin), or ask for .svg. (E370)");
  }
  std::filesystem::create_symlink("/bin/false", folder / "rsvg-convert");
  const SetEnvironment path("PATH", folder.string().c_str());
  EXPECT_EQ(message_of([] { png({}, ""); }),
            "[plot] rsvg-convert could not draw the picture: exit code 1. Ask for .svg instead. (E371)");
}

TEST(Terminal, DrawsLinesInTheWidthAskedFor) {
  for (const Case& one : cases()) {
    for (const int columns : {60, 120}) {
      for (const bool unicode : {true, false}) {
        const std::string made = text(one.figure, {.columns = columns, .unicode = unicode});
        std::size_t begin = 0;
        for (std::size_t end; (end = made.find('\n', begin)) != std::string::npos; begin = end + 1) {
          const std::string line = made.substr(begin, end - begin);
          EXPECT_LE(width_of(line, 1) / width_of("x", 1), columns + 0.01) << one.name << "\n" << line;
          if (unicode) continue;
          for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << one.name << ": " << line;
        }
      }
    }
  }
}

TEST(Terminal, NamesStandWhereTheirLinesEnd) {
  Figure figure = line_of({5, 1});
  for (const char* name : {"second", "third"}) {
    figure.series.push_back(figure.series[0]);
    figure.series.back().name = name;
  }
  const std::string made = text(figure, {.columns = 40, .rows = 5, .unicode = false});
  const auto row_of = [&](const char* name) {
    return std::count(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(made.find(name)), '\n');
  };
  EXPECT_EQ(row_of("* test"), 5);  // below the title
  EXPECT_EQ(row_of("o second"), 4);
  EXPECT_EQ(row_of("+ third"), 3);
}

TEST(Terminal, ALineThatRises) {
  const std::string made = text(line_of({0, 1, 2, 3}), {.columns = 40, .rows = 4, .unicode = false});
  EXPECT_EQ(made,
            "a line\n"
            "  |                       ****  * test\n"
            "2 +              *********\n"
            "  |      ********\n"
            "0 + *****\n"
            "  +----------------------------\n"
            "    0       1        2       3 step\n")
      << made;
}

}  // namespace
}  // namespace chainrule::plot
