// Texts as numbers and as sources.
#include "chainrule/data/text.h"

#include <gtest/gtest.h>

#include "chainrule/data/loader.h"
#include "chainrule/error.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Numbers = std::vector<std::int64_t>;

TEST(Alphabet, HasTheCharactersInTheOrderOfTheirCodePoints) {
  const auto alphabet = Alphabet::of("hello, wörld €😀");
  std::string all;
  for (const std::string& symbol : alphabet.symbols()) all += symbol;
  EXPECT_EQ(all, " ,dehlorwö€😀");
  EXPECT_EQ(alphabet.size(), 12);
  EXPECT_EQ(alphabet.encode("hö€"), (Numbers{4, 9, 10}));
  EXPECT_EQ(alphabet.decode(Numbers{11, 0, 9}), "😀 ö");
  EXPECT_EQ(alphabet.decode(alphabet.encode("world")), "world");
  EXPECT_TRUE(alphabet.encode("").empty());
  EXPECT_EQ(Alphabet(alphabet.symbols()).encode("wö"), alphabet.encode("wö"));
  EXPECT_EQ(Alphabet({"b", "a"}).encode("ab"), (Numbers{1, 0}));
  EXPECT_EQ(Alphabet().size(), 0);
}

// Each form that section 4 of RFC 3629 excludes: a lone continuation, an overlong form, a surrogate, a number
// above 10FFFF, an end in the middle, a continuation that is none.
TEST(Alphabet, RefusesWhatIsNotUtf8) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\xE2\x82", "\xC3(", "\xFF"}) {
    EXPECT_THROW(Alphabet::of(std::string("ab") + bad), ValueError) << bad;
    EXPECT_NE(message_of([&] { Alphabet::of(std::string("ab") + bad); }).find("byte 2"), std::string::npos);
  }
}

TEST(Windows, AreTheTextAndTheSameOneFurtherOn) {
  const auto alphabet = Alphabet::of("abcdef");
  const Source source = windows("abcdef", alphabet, {.length = 3});
  EXPECT_EQ(source.to_string(), "3 rows: x (3,) u8 of 6 classes, t (3,) u8 of 6 classes");
  const auto [x, t] = source.take({2, 0});
  EXPECT_EQ(x.to_vector<std::int64_t>(), (Numbers{2, 3, 4, 0, 1, 2}));
  EXPECT_EQ(t.to_vector<std::int64_t>(), (Numbers{3, 4, 5, 1, 2, 3}));
  EXPECT_EQ(source.class_names(), alphabet.symbols());
}

TEST(Windows, WithAStrideOfTheirLengthReadNothingTwice) {
  const auto alphabet = Alphabet::of("abcdefgh");
  const Source source = windows("abcdefgh", alphabet, {.length = 3, .stride = 3});
  EXPECT_EQ(source.rows(), 2);
  EXPECT_EQ(source.all()["x"].to_vector<std::int64_t>(), (Numbers{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(source.all()["t"].to_vector<std::int64_t>(), (Numbers{1, 2, 3, 4, 5, 6}));
}

TEST(Windows, OfALargeAlphabetAreOfWholeNumbers) {
  std::string text;
  for (int code = 0x4E00; code < 0x4E00 + 300; ++code) {  // 300 Chinese characters, three bytes each
    text += static_cast<char>(0xE0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
  const auto alphabet = Alphabet::of(text);
  ASSERT_EQ(alphabet.size(), 300);
  const auto [x, t] = windows(text, alphabet, {.length = 2}).take({297});
  EXPECT_EQ(x.dtype(), i64);
  EXPECT_EQ(t.to_vector<std::int64_t>(), (Numbers{298, 299}));
}

TEST(Windows, AreDrawnByALoader) {
  const auto alphabet = Alphabet::of("abcdefghij");
  Loader loader(windows("abcdefghij", alphabet, {.length = 4}),
                {.batch_size = 3, .seed = 1, .order = Batches::Order::with_replacement});
  const auto [x, t] = loader.at(0);
  EXPECT_EQ(x.shape(), (Shape{3, 4}));
  const std::vector<std::int64_t> rows = loader.rows(0), drawn = x.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(drawn[4 * i], rows[i]);
}

TEST(Lines, BeginAndEndWithALineEnd) {
  const std::string text = "ab\r\n\nc\nabcd";
  const auto alphabet = Alphabet({"\n", "a", "b", "c", "d"});
  const Source source = lines(text, alphabet);
  EXPECT_EQ(source.to_string(), "3 rows: x (5,) u8 of 5 classes, t (5,) i64 of 5 classes");
  const auto [x, t] = source.all();
  EXPECT_EQ(x.to_vector<std::int64_t>(), (Numbers{0, 1, 2, 0, 0, 0, 3, 0, 0, 0, 0, 1, 2, 3, 4}));
  EXPECT_EQ(t.to_vector<std::int64_t>(), (Numbers{1, 2, 0, -1, -1, 3, 0, -1, -1, -1, 1, 2, 3, 4, 0}));
  EXPECT_EQ(lines(text, alphabet, {.length = 7}).columns()[0].shape, (Shape{7}));
}

TEST(Text, SaysWhatIsWrong) {
  const auto alphabet = Alphabet::of("ab\n");
  EXPECT_EQ(message_of([] { Alphabet::of("a\xFF"); }),
            "[text] byte 1 (255) begins no character: the text is not UTF-8. Convert it first. (E293)");
  EXPECT_EQ(
      message_of([&] { alphabet.encode("abcab"); }),
      "[text] \"c\" at byte 2 is not one of the 3 symbols of the alphabet. Make the alphabet of all texts, "
      "or leave it out. (E294)");
  EXPECT_EQ(message_of([&] {
              alphabet.decode(Numbers{0, 3});
            }),
            "[text] number 1 is 3, but there are 3 symbols: 0 to 2. (E295)");
  EXPECT_EQ(message_of([] {
              Alphabet({"a", "bc"});
            }),
            "[text] symbol 1 is \"bc\"; each must be one character. (E296)");
  EXPECT_EQ(message_of([] {
              Alphabet({"a", ""});
            }),
            "[text] symbol 1 is \"\"; each must be one character. (E296)");
  EXPECT_EQ(message_of([] {
              Alphabet({"a", "b", "a"});
            }),
            "[text] symbols 0 and 2 are both \"a\"; each must stand once. (E296)");
  EXPECT_EQ(
      message_of([&] { windows("abab", alphabet, {.length = 4}); }),
      "[windows] a text of 4 characters has no row of 4 and the one behind it. Use a smaller length, or a "
      "longer text. (E297)");
  EXPECT_EQ(message_of([&] { lines("\n\n", alphabet); }),
            "[lines] the text has no lines but empty ones. (E297)");
  EXPECT_EQ(
      message_of([&] { lines("a\nabab", alphabet, {.length = 4}); }),
      "[lines] line 2 has 4 characters, but a row 4 steps. It needs one more, for the line end. (E298)");
  EXPECT_EQ(
      message_of([] { lines("ab", Alphabet::of("ab")); }),
      "[lines] the alphabet has no line end, which stands before and behind each line. Make it of the whole "
      "text, or add \"\\n\". (E299)");
  EXPECT_EQ(
      message_of([&] { windows("abab", alphabet, {.length = 0}); }).find("'length'") != std::string::npos,
      true);
}

}  // namespace
}  // namespace chainrule::data
