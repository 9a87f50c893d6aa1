#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// The rows of a CSV file one after another, as RFC 4180 has them: cells in quotes may hold separators, line
/// breaks and doubled quotes. Spaces around cells and blank lines are passed over. Holds one row at a time.
class CsvRecords {
 public:
  /// Up to so many bytes; fewer only at the end.
  using Read = std::function<std::size_t(void* out, std::size_t size)>;

  /// @param name  what messages call the file.
  /// @param separator  0: the one of , ; tab | that the first line has most of.
  /// @param comment  lines that begin with it are passed over; 0: none.
  /// @param decimal  no separator is taken for it.
  CsvRecords(std::string name, Read read, char separator, char comment, char decimal = '.');

  /// Whether there is another row; its cells are valid until the next call.
  /// @throws FileError  for quotes that do not close or are followed by something (E281), for what is no text
  ///     or a row that is too long (E287).
  bool next();
  const std::vector<std::string_view>& cells() const { return cells_; }
  /// The line on which the row began, counted from 1.
  std::int64_t line() const { return line_; }
  const std::string& name() const { return name_; }
  char separator() const { return separator_; }
  /// Bytes before the row, and up to the end of its line.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return chunk_begin_ + at_; }
  /// "mpg.csv:34".
  std::string place() const;

 private:
  static constexpr int kEnd = -1;

  int peek();
  int get();
  void start();
  char find_separator() const;
  bool ends_line(int c) const { return c == '\n' || c == '\r' || c == kEnd; }
  void skip_line_end();
  void skip_spaces();
  void read_cell();
  void read_quoted();
  void read_plain();
  void keep(int c);

  std::string name_;
  Read read_;
  char separator_, comment_, decimal_;
  std::vector<char> chunk_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t chunk_begin_ = 0, begin_ = 0;  // in the file
  std::int64_t current_line_ = 1, line_ = 1;
  std::string text_;               // of the row's cells, one after another
  std::vector<std::size_t> ends_;  // where each cell ends in text_
  std::vector<std::string_view> cells_;
};

}  // namespace chainrule::data
