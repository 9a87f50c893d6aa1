#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

/// The list of lessons, and the languages of their pages.
namespace gallery {

/// What a page says by itself.
struct Language {
  std::string_view name;          ///< of the texts: NAME.en.md
  std::string_view folder, root;  ///< of docs/learn; and from there up to the root
  std::string_view words;  ///< file of examples/learn with the words of pictures; none: as they are drawn
  std::string_view contents, other, whole_program, run;
};
inline constexpr std::array<Language, 2> kLanguages = {{
    {"en", "", "../../", "", "all lessons", "中文", "The whole program: ", ". Run it: "},
    {"zh", "zh/", "../../../", "pictures.zh.words", "全部课程", "English", "完整程序：", "。运行："},
}};

/// A line of lessons.list.
struct Lesson {
  std::string name;                  ///< "05_line"; of a page without a program: "README"
  std::array<std::string, 2> title;  ///< in the order of kLanguages

  bool has_program() const { return name[0] >= '0' && name[0] <= '9'; }
  /// From 31 on: how something is done. The number is for the order alone then.
  bool is_how_to() const { return name[0] == '3'; }
  /// "5. The line", or the title alone.
  std::string heading(std::size_t language) const;
};

/// @throws std::runtime_error  as all that follow: a sentence that begins with the file.
std::vector<Lesson> read_lessons(const std::string& file);

/// All of a file.
std::string read_text(const std::string& file);

/// A text's lines, without their ends.
std::vector<std::string> lines_of(std::string_view text);
/// A line's parts between bars, without blanks around them.
std::vector<std::string> parts_of(std::string_view line);
/// Without blanks at either end.
std::string_view trimmed(std::string_view text);

}  // namespace gallery
