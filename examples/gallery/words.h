#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

/// The words of pictures, in another language.
namespace gallery {

/// The texts of a picture in the SVG format that have a word, two letters side by side, with # for each
/// number: "learning rate 0.3" is "learning rate #".
std::set<std::string> texts_of(std::string_view svg);

/// A table, a line a text:  English | theirs.  A line without a bar is the same in both languages, one that
/// begins with two slashes says something to its readers.
class Words {
 public:
  /// @throws std::runtime_error  for a line of more parts, one that stands twice, and numbers that got lost.
  explicit Words(std::string_view table);

  /// The picture with their texts, in fonts that have their letters.
  /// @throws std::runtime_error  for a text that has a word and is not in the table.
  std::string picture(std::string_view svg) const;
  /// What the table has, in English.
  std::set<std::string> all() const;

 private:
  std::map<std::string, std::string, std::less<>> theirs_;
};

}  // namespace gallery
