// Reading expressions: what they mean, what is refused and where, and that no text makes the reader fail.
#include "explain/expression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "chainrule/random.h"
#include "explain/source.h"

namespace chainrule::explain {
namespace {

double value_of(const std::string& text, const Values& at = {}) { return trace(text, at).value(); }

struct Meaning {
  std::string text;
  double value;
};

TEST(Expression, Means) {
  const Values at{{"x", 3}, {"y", 2}};
  for (const auto& [text, value] : std::vector<Meaning>{
           {"1", 1},
           {"2.5", 2.5},
           {".5", 0.5},
           {"1e-3", 1e-3},
           {"1E+2", 100},
           {"1 - 2 - 3", -4},
           {"1 - (2 - 3)", 2},
           {"24 / 4 / 2", 3},
           {"1 + 2 * 3", 7},
           {"(1 + 2) * 3", 9},
           {"2^3^2", 512},
           {"(2^3)^2", 64},
           {"-x^2", -9},
           {"(-x)^2", 9},
           {"-2^2", -4},
           {"2^-1", 0.5},
           {"2^-1^2", 0.5},
           {"2 * -x", -6},
           {"--x", 3},
           {"+x - +y", 1},
           {"-x * y", -6},
           {"x - -y", 5},
           {"pi", std::numbers::pi},
           {"-pi", -std::numbers::pi},
           {"log(e)", 1},
           {"exp(0) + sqrt(9) + square(4)", 20},
           {"relu(-x) + relu(x)", 3},
           {"pow(x, 2) + pow(2, x)", 17},
           {"sigmoid(0) + tanh(0)", 0.5},
           {"t = x + y; t * t", 25},
           {"t = x + y; u = t * 2; z = u - t", 5},
           {"t = x; u = 3; t * u;", 9},
           {" x\n+\ty\r\n", 5},
       }) {
    Values used;
    for (const auto& each : at) {
      if (text.find(each.first) != std::string::npos && text.find("exp") == std::string::npos)
        used.push_back(each);
    }
    EXPECT_DOUBLE_EQ(value_of(text, used), value) << text;
  }
}

TEST(Expression, ValuesMayBeExpressions) {
  const Values values = read_values("w=3, b = -4,x=pi/2,y=pow(2,3)");
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values[1], (std::pair<std::string, double>("b", -4)));
  EXPECT_EQ(values[2].second, std::numbers::pi / 2);
  EXPECT_EQ(values[3].second, 8);
  for (const char* wrong : {"", "w", "w=", "w=3,", "w=x", "3", "w=1,w=2", "w=3 b=4", "exp=3", "=3", "w==3"}) {
    EXPECT_THROW(read_values(wrong), ExpressionError) << wrong;
  }
}

struct Refused {
  std::string text;
  int code;
  std::size_t position;
  std::string part;  // of the message
};

TEST(Expression, RefusesAndSaysWhere) {
  for (const Refused& refused : std::vector<Refused>{
           {"", 90, 0, "the expression is empty"},
           {"  ", 90, 2, "the expression is empty"},
           {"x +", 90, 3, "missing before the end"},
           {"x + * y", 90, 4, "missing before '*'"},
           {"(x + 1", 90, 0, "this ( is never closed"},
           {"x + 1)", 90, 5, "this ) closes nothing"},
           {"2x", 90, 1, "A product is written 2 * x."},
           {"(x)(y)", 90, 3, "A product is written (...) * (...)."},
           {"x ** 2", 90, 2, "a power is written with ^"},
           {"x, y", 90, 1, "a comma stands only between"},
           {"x + y = 3", 90, 6, "only a name can stand before '='"},
           {"x; y", 90, 0, "this value gets no name"},
           {"x $ y", 90, 2, "unexpected character '$'"},
           {"x \u00D7 y", 90, 2, "Multiplication is written *."},
           {"x + \xFF", 90, 4, "a byte that is not text"},
           {"exp + 1", 90, 0, "'exp' is a function: write exp(...)"},
           {"1.2.3", 91, 0, "'1.2.3' is not a number"},
           {"x + 1e999", 91, 4, "beyond what f64 can hold"},
           {"sigmod(x)", 92, 0, "Did you mean sigmoid?"},
           {"ln(x)", 92, 0, "Did you mean log?"},
           {"zzzzzz(x)", 92, 0, "Known are: abs"},
           {"x(y)", 92, 0, "'x' is not a function"},
           {"1 + exp(x, y)", 93, 4, "'exp' takes 1 argument, here are 2."},
           {"exp()", 93, 0, "here are 0"},
           {"pow(x)", 93, 0, "takes 2 arguments"},
           {"pi = 3; pi", 96, 0, "'pi' is a constant"},
           {"exp = 3; exp", 96, 0, "'exp' is a function"},
           {"t = 1; t = 2; t", 96, 7, "has a value already"},
           {"t = t + 1; t", 96, 4, "used in its own value"},
           {"u = x; x = 2; u * x", 96, 7, "was used as a variable"},
           {"t = 1; x", 97, 0, "'t' is never used"},
       }) {
    try {
      const Expression expression(refused.text);
      ADD_FAILURE() << refused.text;
    } catch (const ExpressionError& error) {
      EXPECT_EQ(error.code(), refused.code) << refused.text << ": " << error.what();
      EXPECT_EQ(error.position(), refused.position) << refused.text << ": " << error.what();
      EXPECT_NE(std::string(error.what()).find(refused.part), std::string::npos) << error.what();
    }
  }
}

TEST(Expression, HasLimits) {
  EXPECT_EQ(value_of(std::string(190, '(') + "1" + std::string(190, ')')), 1);
  for (const std::string& text :
       {std::string(100000, '('), std::string(60000, '-') + "1", std::string(70000, '1')}) {
    EXPECT_THROW(Expression{text}, ExpressionError);
  }
  std::string powers = "1";
  for (int i = 0; i < 10000; ++i) powers += "^1";
  EXPECT_THROW(Expression{powers}, ExpressionError);
  std::string sum = "x";  // long, but not deep
  for (int i = 0; i < 3000; ++i) sum += "+x";
  EXPECT_EQ(trace(sum, {{"x", 1}}).gradient[0].value, 3001);
}

TEST(MarkedLine, ShowsTheLineOfThePlace) {
  EXPECT_EQ(marked_line("x + yy * 2", 4, 2), "    x + yy * 2\n        ^^");
  EXPECT_EQ(marked_line("first\nx + y\nlast", 10, 1), "    x + y\n        ^");
  EXPECT_EQ(marked_line("x +", 3, 0), "    x +\n       ^");
  EXPECT_EQ(marked_line("", 0, 0), "\n    ^");
  EXPECT_EQ(marked_line("\u03B1\u03B2 + y", 7, 1), "    \u03B1\u03B2 + y\n         ^")
      << "columns are characters";
  EXPECT_EQ(marked_line("a\x01\x80z", 3, 1), "    a??z\n       ^");
  const std::string cut = marked_line(std::string(500, 'x') + "!" + std::string(500, 'y'), 500, 1);
  EXPECT_LT(cut.size(), 170u);
  EXPECT_EQ(cut.substr(cut.find('\n')).find('^') - 1, cut.find('!'));
}

/// Reads the text, and draws it if it can be read. Whatever it is, the worst is an ExpressionError with its
/// place.
void survive(const std::string& text, int& good) {
  try {
    const Expression expression(text);
    Values at;
    for (const std::string& name : expression.variables()) at.emplace_back(name, 0.5);
    const Trace traced = trace(text, at, {.hessian = true, .check = true});
    ASSERT_FALSE(to_text(traced).empty());
    if (traced.nodes.size() < 100) {
      ASSERT_FALSE(to_html(traced).empty());
    }
    ++good;
  } catch (const ExpressionError& error) {
    ASSERT_LE(error.position(), text.size()) << text;
    ASSERT_NE(std::string(error.what()).find(" (E09"), std::string::npos) << text;
  }
}

TEST(Expression, SurvivesAnyText) {
  constexpr int kRounds = 4000;
  const std::string good[] = {"z = (w*2 + b)*(b + 1)", "1/(1 + exp(-x))", "a=exp(x);b=exp(y);-log(a/(a+b))",
                              "-x^2^-y + pow(relu(x), 3)*pi"};
  const std::string pieces[] = {"x",    "y",       "t",     "=",    ";",  "+", "-", "*",
                                "/",    "^",       "(",     ")",    ",",  "1", "2", "1e-3",
                                "exp(", "square(", "pow(x", ", 2)", "pi", "e", " "};
  Random random(7);
  int read = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string text;
    if (round % 4 == 0) {
      for (auto n = random.below(30); n > 0; --n) text += static_cast<char>(random.below(256));
    } else if (round % 4 == 1) {
      for (auto n = random.below(12); n > 0; --n) text += pieces[random.below(std::size(pieces))];
    } else {
      text = good[random.below(std::size(good))];
      for (auto n = 1 + random.below(3); n > 0 && !text.empty(); --n) {
        const auto at = static_cast<std::size_t>(random.below(text.size()));
        const auto kind = random.below(3);
        if (kind == 0) text.erase(at, 1);
        if (kind == 1) text.insert(at, pieces[random.below(std::size(pieces))]);
        if (kind == 2) text[at] = static_cast<char>(32 + random.below(95));
      }
    }
    ASSERT_NO_FATAL_FAILURE(survive(text, read)) << "round " << round << ": " << text;
  }
  EXPECT_GT(read, kRounds / 20) << "too few of the texts can be read for the test to mean much";
  EXPECT_LT(read, kRounds);
}

}  // namespace
}  // namespace chainrule::explain
