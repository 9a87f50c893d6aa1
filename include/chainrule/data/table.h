#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/dtype.h"
#include "chainrule/fields.h"
#include "chainrule/shared.h"

// Tables of numbers and words, from CSV files.
//
//     const data::Table cars = data::read_csv("mpg.csv", {.target = "mpg", .ignore = {"name"},
//                                                         .missing = data::Missing::drop});
//     std::cout << cars << "\n";
//     const auto [train, test] = data::split(cars, 0.8, {.seed = 1});
namespace chainrule::data {

/// One column of a table, of numbers or of words.
struct TableColumn : Counted {
  std::string name;
  std::vector<double> numbers;     ///< one a row; of words their places in `words`
  std::vector<std::string> words;  ///< the different words, sorted; empty for a column of numbers
  bool as_code = false;            ///< words become one number, their place, not one number each

  bool has_words() const { return !words.empty(); }
};

/// Rows and named columns; one of them may be the target. A handle: copies share the columns, which never
/// change.
///
/// As a source it has the column x, its inputs side by side, (features) f32 or f64: a column of numbers as it
/// is, one of words as a 1 at the row's word and else 0, or as its place among the words if it was to be a
/// code. And with a target the column t: words are class numbers, i64 (), with the words as names of the
/// classes; numbers are (1), as a net's one output is.
class Table {
 public:
  /// @throws ValueError  if columns have other numbers of rows, a name stands twice (E288), or the target is
  ///     not among them (E285).
  Table(std::vector<Shared<const TableColumn>> columns, std::string target = "", DType dtype = f32);

  std::int64_t rows() const;
  std::span<const Shared<const TableColumn>> columns() const;
  std::vector<std::string> names() const;
  /// @throws ValueError  if there is no such column (E285), here and below.
  const TableColumn& operator[](std::string_view name) const;
  /// The name of the target, empty if there is none.
  const std::string& target() const { return target_; }

  /// Only these inputs, in this order; the target stays.
  Table select(const std::vector<std::string>& names) const;
  /// All but these.
  Table without(const std::vector<std::string>& names) const;
  /// With another target; what was the target is an input then. Empty: none.
  Table with_target(const std::string& name) const;

  /// @throws ValueError  if there is no input (E288).
  operator Source() const;

  /// Size, names and the first rows.
  std::string to_string(std::int64_t rows = 5) const;

 private:
  std::size_t find(std::string_view name) const;

  std::vector<Shared<const TableColumn>> columns_;
  std::string target_;
  DType dtype_;
};

std::ostream& operator<<(std::ostream& out, const Table& table);

/// What becomes of a cell without a value. A row whose target is missing is dropped by all but `error`.
enum class Missing : std::uint8_t {
  error,  ///< E283, with file, line and column
  drop,   ///< its row is left out
  mean,  ///< the mean of the column's other numbers; of words the most frequent one. Of all rows: a test part
         ///< split off later was part of it
  value,  ///< CsvOptions::missing_value; of words a word of its own, "missing"
};

enum class Header : std::uint8_t {
  found,    ///< the first line has the names, unless all its cells are numbers
  present,  ///< it has
  absent,   ///< it has not: columns are called column1, column2, ...
};

struct CsvOptions {
  std::string target = "";               ///< name of the column to be learnt
  std::vector<std::string> ignore = {};  ///< columns to leave out: nothing in them is looked at
  std::vector<std::string> only = {};    ///< beside the target, the columns to read; empty: all
  std::vector<std::string> words = {};  ///< columns of words even where they look like numbers, such as codes
  std::vector<std::string> codes = {};  ///< input columns whose words become one number, not one number each
  Missing missing = Missing::error;
  double missing_value = 0;
  std::vector<std::string> missing_words = {"", "NA", "N/A", "NaN", "nan", "null", "?"};  ///< mean: no value
  std::string separator = "";  ///< one character; empty: comma, semicolon, tab or bar, as the first line has
  Header header = Header::found;
  std::string decimal = ".";  ///< in numbers: a point or a comma; with a comma, no comma separates cells
  std::string comment = "";   ///< one character: lines that begin with it are passed over; empty: none
  DType dtype = f32;          ///< of the numbers in batches: f32 or f64

  void fields(Fields& f);
};

/// A table from a CSV file (RFC 4180), plain or gzip: UTF-8, quotes, line breaks in quotes, any line ends.
///
/// A column whose first value is a number is one of numbers, with `decimal` whatever the locale; else one of
/// words. The file is read once, and never held as text.
/// @throws FileError  naming file, line and column: if a row has too many or too few cells (E280), quotes do
///     not close (E281), a cell in a column of numbers is none (E282), a value is missing (E283), names are
///     missing or stand twice (E284), a column has too many different words (E286), it is no text, or a row
///     is longer than 16 MiB (E287); or the file cannot be read (E060, E065, E066).
/// @throws ValueError  if an option names a column that is not there (E285), is not allowed, or no rows or
///     columns are left (E288).
Table read_csv(const std::string& path, const CsvOptions& options = {});
/// The same from text. @param name  what messages call it.
Table parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "text");

/// Columns as CSV, with names, numbers as short as they can be without loss: for predictions.
/// @param columns  (rows) or (rows, k); k > 1 numbers make k columns, name1, name2, ...
/// @throws ValueError  for tensors of more axes, or other numbers of rows (E271, E289).
std::string csv_text(const Batch& columns);
/// The same into a file. @throws FileError  if it cannot be written (E083).
void write_csv(const std::string& path, const Batch& columns);

}  // namespace chainrule::data
