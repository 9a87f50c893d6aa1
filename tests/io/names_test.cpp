#include "io/names.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "core/utf8.h"

namespace chainrule::io {
namespace {

TEST(Names, KnowUtf8) {
  // The bounds of RFC 3629, section 4: each length at its smallest and largest, and what lies just outside.
  for (const char* good : {"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "größe 重み"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2",
                          "\xe0\xa0", "\xf0\x90\x80", "\xc2\x41", "\xe0\xa0\x41"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Names, AreUtf8InErrors) {
  EXPECT_EQ(as_utf8("größe \xff\xc3 a\xe3\x81"), "größe \\xff\\xc3 a\\xe3\\x81");
  EXPECT_STREQ(FileError(200, "[read] caf\xe9: no such file.").what(),
               "[read] caf\\xe9: no such file. (E200)");
}

TEST(Names, AreShownSafely) {
  EXPECT_EQ(in_quotes("layer1.W"), "\"layer1.W\"");
  EXPECT_EQ(in_quotes({"a\n\0\x1b[31m\x7f", 9}), "\"a???[31m?\"");
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "ä!"), "\"" + std::string(79, 'x') + "...\"");  // no half letter
}

TEST(Names, AreFoundTwice) {
  EXPECT_FALSE(repeated({}));
  EXPECT_FALSE(repeated({"a", "b", "aa"}));
  EXPECT_EQ(repeated({"b", "", "a", ""}), "");
}

}  // namespace
}  // namespace chainrule::io
