#include <gtest/gtest.h>

#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;
using Words = std::vector<std::string>;

/// A table as "a: 1 2 | b: red blue".
std::string shown(const Table& table) {
  std::string text;
  for (const auto& column : table.columns()) {
    text += (text.empty() ? "" : " | ") + column->name + ":";
    for (const double x : column->numbers) {
      std::ostringstream number;
      number << x;
      text += " " + (column->has_words() ? column->words[static_cast<std::size_t>(x)] : number.str());
    }
  }
  return text;
}

std::string csv(std::string_view text, const CsvOptions& options = {}) {
  std::string result;
  const std::string error = message_of([&] { result = shown(parse_csv(text, options)); });
  return result.empty() ? error : result;
}

struct Case {
  std::string text;
  std::string expected;  // the table, or the whole message
  CsvOptions options = {};
};

const std::string kLong(std::size_t{1} << 24, 'x');

const std::vector<Case> kCases = {
    // What RFC 4180 has, and what files have besides.
    {"a,b\n1,2\n3,4\n", "a: 1 3 | b: 2 4"},
    {"a,b\r\n1,2\r\n3,4", "a: 1 3 | b: 2 4"},
    {"a,b\r1,2\r3,4\r", "a: 1 3 | b: 2 4"},
    {"\xEF\xBB\xBF"
     "a,b\n1,2\n",
     "a: 1 | b: 2"},
    {"\"a\",\"b\"\n\"1\",\"2\"\n", "a: 1 | b: 2"},
    {"a,b\n\"x, y\",1\n\"say \"\"hi\"\"\",2\n", "a: x, y say \"hi\" | b: 1 2"},
    {"a,b\n\"two\nlines\",1\n\"two\r\nlines\",2\n", "a: two\nlines two\r\nlines | b: 1 2"},
    {"a,b\n 1 , 2\t\n  \"3\"  ,4\n", "a: 1 3 | b: 2 4"},
    {"\n\na,b\n\n1,2\n   \n3,4\n\n", "a: 1 3 | b: 2 4"},
    {"a;b\n1;2\n", "a: 1 | b: 2"},
    {"a\tb\n1\t2\n", "a: 1 | b: 2"},
    {"a|b\n1|2\n", "a: 1 | b: 2"},
    {"\"a,a\";b\n1;2\n", "a,a: 1 | b: 2"},
    {"a:b\n1:2\n", "a: 1 | b: 2", {.separator = ":"}},
    {"one\n1\n2\n", "one: 1 2"},
    {"# made by hand\na,b\n#1,2\n3,4\n", "a: 3 | b: 4", {.comment = "#"}},
    {"1,2\n3,4\n", "column1: 1 3 | column2: 2 4"},
    {"1,2\n3,4\n", "1: 3 | 2: 4", {.header = Header::present}},
    {"a,b\n1,2\n", "column1: a 1 | column2: b 2", {.header = Header::absent}},
    {",b\n1,2\n", "column1: 1 | b: 2"},
    {"a,b\n5\" pipe,1\n", "a: 5\" pipe | b: 1"},
    {"n\n1e3\n-2.5E-1\n+7\n.5\n5.\n-0\n", "n: 1000 -0.25 7 0.5 5 -0"},
    {"w\ninf\n1x\n0x10\n--1\n", "w: inf 1x 0x10 --1"},
    {"w,t\nb,10\na,9\nb,10\n", "w: b a b | t: 10 9 10", {.words = {"t"}}},
    // What is not read.
    {"", "[read_csv] text is empty. Need a line of names, then rows. (E284)"},
    {" \n\r\n", "[read_csv] text is empty. Need a line of names, then rows. (E284)"},
    {"a,b\n", "[read_csv] text: the table has a header and no rows. Give it rows below its names. (E288)"},
    {"a,b\n1,2\n3\n",
     "[read_csv] text:3: 1 cells; need 2, as the first line has. Put a cell with a ',' in it into "
     "quotes. (E280)"},
    {"a\tb\n1\t2\t3\n",
     "[read_csv] text:2: 3 cells; need 2, as the first line has. Put a cell with a 'tab' in it "
     "into quotes. (E280)"},
    {"a,b\r\n1,2\r\n3\r\n",
     "[read_csv] text:3: 1 cells; need 2, as the first line has. Put a cell with a ',' in "
     "it into quotes. (E280)"},
    {"a,b\n1,\"2\n3,4\n",
     "[read_csv] text:2, cell 2: a quote is opened and not closed. Close it, or double a quote "
     "that is meant as such. (E281)"},
    {"a,b\n\"x\ny\"z,1\n",
     "[read_csv] text:3, cell 1: something follows the closing quote. Double a quote that is "
     "meant as such. (E281)"},
    {"a,b\n1,2\n\"3\n\",4\n5,x\n",
     "[read_csv] text:3, column 'a': '3\n' is no number, as the values before it are. If it means that there "
     "is "
     "none, add it to missing_words; if the column is one of words, add the column to words. (E282)"},
    {"a;b\n1;2\n1,5;2\n",
     "[read_csv] text:3, column 'a': '1,5' has a decimal comma, need a point. Set decimal to \",\", or add "
     "the "
     "column to words. (E282)"},
    // Before, the first value of a column made it one of words.
    {"a;b\n1,5;2\n",
     "[read_csv] text:2, column 'a': '1,5' has a decimal comma, need a point. Set decimal to \",\", or add "
     "the "
     "column to words. (E282)"},
    {"a;b\n1,5;2\n", "a: 1,5 | b: 2", {.words = {"a"}}},
    {"a;b\n1,5;2\n-,25;1,5e3\n", "a: 1.5 -0.25 | b: 2 1500", {.decimal = ","}},
    {"1,5;2\n3;4\n", "column1: 1.5 3 | column2: 2 4", {.decimal = ","}},
    {"a,a\tb\n1,5\tx,y,z\n", "a,a: 1.5 | b: x,y,z", {.decimal = ","}},
    {"a;b\n1,5;1.5\n",
     "[read_csv] text:2, column 'b': '1.5' has a decimal point, need a comma. Set decimal to \".\", or add "
     "the "
     "column to words. (E282)",
     {.decimal = ","}},
    {"a;b\n1,5;2,000,1\n", "a: 1.5 | b: 2,000,1", {.decimal = ","}},
    {"a\n1\n",
     "[read_csv] decimal is \";\"; need a point, or a comma that does not separate cells. (E288)",
     {.decimal = ";"}},
    {"a\n1\n",
     "[read_csv] decimal is \",\"; need a point, or a comma that does not separate cells. (E288)",
     {.separator = ",", .decimal = ","}},
    // Text that is not UTF-8: a lone continuation, a cut sequence, an overlong one, a surrogate, Latin 1.
    {"a,b\n1,\x80\n", "[read_csv] text:2, cell 2: not UTF-8. Save the file again as UTF-8. (E287)"},
    {"a,b\n1,2\n3,x\xE2\x82\n", "[read_csv] text:3, cell 2: not UTF-8. Save the file again as UTF-8. (E287)"},
    {"a,b\n\xC0\xAF,2\n", "[read_csv] text:2, cell 1: not UTF-8. Save the file again as UTF-8. (E287)"},
    {"a,b\n\xED\xA0\x80,2\n", "[read_csv] text:2, cell 1: not UTF-8. Save the file again as UTF-8. (E287)"},
    {"Gr\xF6\xDF"
     "e,b\n1,2\n",
     "[read_csv] text:1, cell 1: not UTF-8. Save the file again as UTF-8. (E287)"},
    {"Gr\xC3\xB6\xC3\x9F"
     "e,b\n1,2\n",
     "Gr\xC3\xB6\xC3\x9F"
     "e: 1 | b: 2"},
    {"a\n1\ninf\n",
     "[read_csv] text:3, column 'a': 'inf' is no number, as the values before it are. If it means "
     "that there is none, add it to missing_words; if the column is one of words, add the column to "
     "words. (E282)"},
    {"a\n1\n1e39\n",
     "[read_csv] text:3, column 'a': '1e39' is beyond the range of f32. Set dtype to f64. (E282)"},
    {"a\n1\n1e39\n", "a: 1 1e+39", {.dtype = f64}},
    {"a\n1e999\n",
     "[read_csv] text:2, column 'a': '1e999' is beyond the range of f64. (E282)",
     {.dtype = f64}},
    {"a\n1\n" + std::string(50, 'y') + "\n",
     "[read_csv] text:3, column 'a': '" + std::string(37, 'y') +
         "...' is no number, as the values before it are. If it means that there is none, add it to "
         "missing_words; "
         "if the column is one of words, add the column to words. (E282)"},
    {"a,b\n1,2\n,4\n",
     "[read_csv] text:3, column 'a': empty; need a value. Fill the cell, set missing to drop, mean or value, "
     "or "
     "ignore the column. (E283)"},
    {"a,b\n1,NA\n",
     "[read_csv] text:2, column 'b': 'NA'; need a value. Fill the cell, set missing to drop, mean or value, "
     "or ignore "
     "the column. (E283)"},
    {"a,b\n1,NA\n2,\n",
     "[read_csv] text, column 'b': no value at all, so there is no mean. Ignore the column. (E283)",
     {.missing = Missing::mean}},
    {"a,b,a\n1,2,3\n", "[read_csv] text:1: two columns are called 'a'. Give each a name of its own. (E284)"},
    {"weight,speed\n1,2\n",
     "[read_csv] text has no column 'sped'; it has weight, speed. Did you mean 'speed'? (E285)",
     {.target = "sped"}},
    {"a,b\n1,2\n", "[read_csv] text has no column 'zzzzzz'; it has a, b. (E285)", {.ignore = {"zzzzzz"}}},
    {"a,b\n1,2\n",
     "[read_csv] the target 'a' is to be ignored. Choose one. (E285)",
     {.target = "a", .ignore = {"a"}}},
    {std::string("a,b\n1,\0\n", 8),
     "[read_csv] text:2: a byte 0; need text in UTF-8. Is it a CSV file? (E287)"},
    {"\xFF\xFE"
     "a",
     "[read_csv] text is UTF-16; need UTF-8. Save it again as UTF-8. (E287)"},
    {"a\n" + kLong + "x\n",
     "[read_csv] text:2: a row of more than 16 MiB begins here. Is a quote left open? (E287)"},
    {std::string(70000, ','),
     "[read_csv] text:1: more than 65536 cells; need fewer. Is it a CSV file? (E287)"},
    {"a\n1\n",
     "[read_csv] separator is \"::\"; need one character of ASCII, or none. (E288)",
     {.separator = "::"}},
    {"a\n1\n", "[read_csv] dtype is i64; need f32 or f64. (E288)", {.dtype = i64}},
    {"a,b\n1,?\n",
     "[read_csv] text: no rows are left of 1. Fill missing values (missing = mean or value), or ignore "
     "columns. (E288)",
     {.missing = Missing::drop}},
    // Missing values.
    {"a,b,t\n1,x,1\n,x,2\n3,,3\n5,y,4\n",
     "a: 1 5 | b: x y | t: 1 4",
     {.target = "t", .missing = Missing::drop}},
    {"a,b,t\n1,x,1\n,x,2\n3,,\n6,y,4\n",
     "a: 1 3.5 6 | b: x x y | t: 1 2 4",
     {.target = "t", .missing = Missing::mean}},
    {"a,b\n1,x\n,\n6,x\n", "a: 1 -1 6 | b: x missing x", {.missing = Missing::value, .missing_value = -1}},
    {"a,b\n1,x\nnone,y\n", "a: 1 | b: x", {.missing = Missing::drop, .missing_words = {"none"}}},
    {"a,b\n1,NA\n2,x\n", "a: 1 2 | b: NA x", {.missing_words = {}}},
    {"a,b\n,z\n1,x\n2,y\n", "a: 1 2", {.ignore = {"b"}, .missing = Missing::drop}},
    {"a,b,t\n1,,3\n2,y,4\n", "a: 1 2 | t: 3 4", {.target = "t", .only = {"a"}}},
    {"a,b\n1,2\n", "[read_csv] text has no column 'c'; it has a, b. (E285)", {.only = {"c"}}},
};

TEST(Csv, ReadsWhatFilesHaveAndNamesWhatIsWrong) {
  for (const Case& each : kCases) {
    EXPECT_EQ(csv(each.text, each.options), each.expected) << each.text.substr(0, 200);
  }
}

TEST(Csv, WordsAreBounded) {
  std::string text = "n,w\n";
  for (int i = 0; i < 101; ++i) text += "1,w" + std::to_string(i) + "\n";
  EXPECT_EQ(csv(text),
            "[read_csv] text:102, column 'w': more than 100 different words, such as 'w100'. Ignore the "
            "column, or add it to codes: one number, not one for each. (E286)");
  EXPECT_EQ(parse_csv(text, {.codes = {"w"}})["w"].words.size(), 101u);
  EXPECT_EQ(parse_csv(text, {.target = "w"})["w"].words.size(), 101u);
  for (int i = 101; i < 70000; ++i) text += "1,w" + std::to_string(i) + "\n";
  EXPECT_EQ(csv(text, {.target = "w"}),
            "[read_csv] text:65538, column 'w': more than 65536 different words, such as 'w65536'. Ignore "
            "the column. "
            "(E286)");
}

// Whatever the bytes, an answer or an error.
TEST(Csv, SurvivesAnything) {
  const std::string seed = "a,b,\"c\"\r\n1,2,\"x\"\"y\"\n3,,z\n\"4\n\",5,q\n";
  Random random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string text = seed;
    for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
      const std::size_t at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, random.below(5));
          break;
        default:
          text.insert(at, 1, ",;\"\n\r#1a"[random.below(8)]);
      }
      if (text.empty()) text.assign(1, '"');
    }
    csv(text, {.missing = static_cast<Missing>(random.below(4)), .comment = "#"});
  }
}

TEST(Csv, ChunksDoNotMatter) {
  std::string text = "a,b\n";
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + ",\"w\r\n" + std::to_string(i % 7) + "\"\r\n";
  const Table table = parse_csv(text);  // far more than a chunk
  ASSERT_EQ(table.rows(), 40000);
  for (std::size_t i = 0; i < 40000; ++i) {
    ASSERT_EQ(table["a"].numbers[i], static_cast<double>(i));
    ASSERT_EQ(table["b"].numbers[i], static_cast<double>(i % 7));
  }
}

class CsvFiles : public DataFiles {};

TEST_F(CsvFiles, PlainAndGzip) {
  const std::string text = "a,b\n1,2\n3,x\n";
  write("t.csv", Bytes(text.begin(), text.end()));
  gzFile packed = gzopen(path("t.csv.gz").c_str(), "wb");
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  for (const char* name : {"t.csv", "t.csv.gz"}) {
    EXPECT_EQ(shown(read_csv(path(name), {.words = {"b"}})), "a: 1 3 | b: 2 x");
    EXPECT_EQ(short_names(message_of([&] { read_csv(path(name)); })),
              std::string("[read_csv] ") + name +
                  ":3, column 'b': 'x' is no number, as the values before it are. If it means that there is "
                  "none, add "
                  "it to missing_words; if the column is one of words, add the column to words. (E282)");
  }
  EXPECT_EQ(short_names(message_of([&] { read_csv(path("none.csv")); })),
            "[data] none.csv: there is no such file. Check the path. (E060)");
}

TEST(Csv, TextOfTensorsIsReadBack) {
  const Values numbers{1.0 / 3, -0.0, 1e-300, 123456789};
  const std::string text = csv_text(Batch{{"n", from_data(numbers, {4})},
                                          {"x", tensor({0.1, 1, 2, 3, 4, 5, 6, 7}, {4, 2})},
                                          {"odd, \"name\"", arange(4)},
                                          {"yes", equal(arange(4), 2)}});
  EXPECT_EQ(text.substr(0, text.find('\n')), "n,x1,x2,\"odd, \"\"name\"\"\",yes");
  const Table table = parse_csv(text, {.dtype = f64});
  EXPECT_EQ(table["n"].numbers, numbers);
  EXPECT_EQ(static_cast<float>(table["x1"].numbers[0]), 0.1f);
  EXPECT_EQ(table["odd, \"name\""].numbers, (Values{0, 1, 2, 3}));
  EXPECT_EQ(table["yes"].numbers, (Values{0, 0, 1, 0}));
  EXPECT_EQ(message_of([] {
              csv_text(Batch{{"x", ones({2, 1, 1})}});
            }),
            "[csv] 'x' has the shape (2, 1, 1); need (rows) or (rows, k). (E289)");
}

}  // namespace
}  // namespace chainrule::data
