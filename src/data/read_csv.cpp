#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "chainrule/data/on_disk.h"
#include "chainrule/data/table.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "data/byte_source.h"
#include "data/csv_index.h"
#include "data/csv_number.h"
#include "data/csv_records.h"
#include "data/cut_text.h"
#include "data/on_disk_rows.h"
#include "data/outline.h"
#include "data/table_layout.h"
#include "data/table_names.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostWordsEach = 100;  // of a column that becomes one number a word
constexpr std::size_t kMostWords = 1 << 16;  // of a target, or a column of codes
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// A cell for messages.
std::string shown(std::string_view cell) { return cut_text(cell, 40); }

/// A column while it is read.
struct Reading {
  enum class Kind { unknown, numbers, words };

  std::string name;
  std::size_t cell = 0;  // its place in a row
  Kind kind = Kind::unknown;
  bool is_target = false, as_code = false;
  std::vector<double> numbers;                       // unless they stay in the file
  std::map<std::string, double, std::less<>> codes;  // of words, in the order of their first appearance
  double sum = 0;                                    // of the values that are there
  std::int64_t count = 0;
  std::vector<std::int64_t> counts = {};  // of words, by code
};

/// The mean; of words the code of the most frequent one.
double usual_of(const Reading& column) {
  if (column.kind == Reading::Kind::numbers) return column.sum / static_cast<double>(column.count);
  return static_cast<double>(std::max_element(column.counts.begin(), column.counts.end()) -
                             column.counts.begin());
}

class CsvReader {
 public:
  CsvReader(CsvRecords& records, const CsvOptions& options)
      : records_(records), options_(options), decimal_(options.decimal == "," ? ',' : '.') {}

  Table read() {
    read_rows();
    std::vector<Shared<const TableColumn>> columns;
    for (Reading& column : columns_) columns.push_back(finished(column));
    return {std::move(columns), options_.target, options_.dtype};
  }

  /// The same, but the numbers stay in the file.
  /// @param with_places  whether it keeps where the rows are.
  CsvIndex index(bool with_places = true) {
    CsvIndex index;
    index_ = &index;
    has_places_ = with_places;
    read_rows();
    for (Reading& column : columns_) {
      CsvIndex::Cells cells{column.cell, {}, 0};
      if (const std::int64_t gaps = rows_ - column.count; gaps > 0) {
        cells.fill = filling(column);
        count(column, cells.fill, gaps);
      }
      column.numbers.assign(1, usual_of(column));
      const Shared<const TableColumn> made = finished(column);
      for (std::size_t place = 0; place < made->words.size(); ++place)
        cells.places[made->words[place]] = static_cast<double>(place);
      for (const auto& [word, code] : column.codes) {
        if (code != cells.fill) continue;
        cells.fill = cells.places[word];
        break;
      }
      index.cells.push_back(std::move(cells));
      index.columns.push_back(made);
    }
    index.rows = rows_;
    index.separator = records_.separator(), index.decimal = decimal_, index.row_cells = cells_;
    return index;
  }

 private:
  void read_rows() {
    if (!is_floating(options_.dtype)) {
      throw ValueError(288, cat("[read_csv] dtype is ", name_of(options_.dtype), "; need f32 or f64."));
    }
    read_header();
    while (has_row_ || records_.next()) {
      has_row_ = false;
      read_row();
    }
    if (rows_ == 0 && dropped_ == 0) {
      throw FileError(288, cat("[read_csv] ", records_.name(),
                               ": the table has a header and no rows. Give it rows below its names."));
    }
    if (rows_ == 0) {
      throw ValueError(288, cat("[read_csv] ", records_.name(), ": no rows are left of ", dropped_,
                                ". Fill missing values (missing = mean or value), or ignore columns."));
    }
  }
  void read_header();
  void read_row();
  static void count(Reading& column, double value, std::int64_t times);
  bool has_gap() const;
  double value_of(Reading& column, std::string_view cell) const;
  void refuse_other_decimal(const Reading& column, std::string_view cell) const;
  double code_of(Reading& column, std::string_view cell) const;
  Shared<const TableColumn> finished(Reading& column) const;
  double filling(Reading& column) const;
  void check_names(const std::vector<std::string>& all) const;

  /// "mpg.csv:34, column 'horsepower': ".
  std::string place(const Reading& column) const {
    return cat("[read_csv] ", records_.place(), ", column '", column.name, "': ");
  }

  CsvRecords& records_;
  const CsvOptions& options_;
  char decimal_;
  std::vector<Reading> columns_;
  std::size_t cells_ = 0;  // of a row
  std::int64_t rows_ = 0, dropped_ = 0;
  bool has_row_ = false;  // the row in records_ is the first one of values
  CsvIndex* index_ = nullptr;
  bool has_places_ = false;
};

void CsvReader::read_header() {
  if (!records_.next())
    throw FileError(284, cat("[read_csv] ", records_.name(), " is empty. Need a line of names, then rows."));
  const auto& cells = records_.cells();
  cells_ = cells.size();
  has_row_ = options_.header == Header::absent ||
             (options_.header == Header::found &&
              std::all_of(cells.begin(), cells.end(),
                          [this](std::string_view c) { return number_of(c, decimal_).has_value(); }));
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string name = has_row_ || cells[i].empty() ? cat("column", i + 1) : std::string(cells[i]);
    if (!taken.insert(name).second) {
      throw FileError(284, cat("[read_csv] ", records_.place(), ": two columns are called '", shown(name),
                               "'. Give each a name of its own."));
    }
    names.push_back(std::move(name));
  }
  check_names(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_target = names[i] == options_.target;
    const bool is_wanted = options_.only.empty() || contains(options_.only, names[i]) || is_target;
    if (!is_wanted || contains(options_.ignore, names[i])) continue;
    Reading column;
    column.name = names[i], column.cell = i;
    if (contains(options_.words, names[i])) column.kind = Reading::Kind::words;
    column.is_target = is_target;
    column.as_code = contains(options_.codes, names[i]);
    columns_.push_back(std::move(column));
  }
}

void CsvReader::check_names(const std::vector<std::string>& all) const {
  std::vector<std::string> asked;
  for (const auto* list : {&options_.ignore, &options_.only, &options_.words, &options_.codes}) {
    asked.insert(asked.end(), list->begin(), list->end());
  }
  if (!options_.target.empty()) asked.push_back(options_.target);
  for (const std::string& name : asked) {
    if (contains(all, name)) continue;
    throw_no_column("read_csv", records_.name(), name, all);
  }
  if (contains(options_.ignore, options_.target)) {
    throw ValueError(285, cat("[read_csv] the target '", options_.target, "' is to be ignored. Choose one."));
  }
}

void CsvReader::read_row() {
  const auto& cells = records_.cells();
  if (cells.size() != cells_) {
    throw FileError(280, cat("[read_csv] ", records_.place(), ": ", cells.size(), " cells; need ", cells_,
                             ", as the first line has. Put a cell with a '",
                             records_.separator() == '\t' ? "tab" : std::string(1, records_.separator()),
                             "' in it into quotes."));
  }
  if (has_gap()) {
    ++dropped_;
    return;
  }
  ++rows_;
  if (has_places_) index_->add_row(records_.begin(), records_.end());
  for (Reading& column : columns_) {
    const std::string_view cell = cells[column.cell];
    const double value = contains(options_.missing_words, cell) ? kMissing : value_of(column, cell);
    if (index_ == nullptr) column.numbers.push_back(value);
    if (std::isnan(value)) continue;
    count(column, value, 1);
  }
}

/// Takes note of so many equal values.
void CsvReader::count(Reading& column, double value, std::int64_t times) {
  column.sum += value * static_cast<double>(times), column.count += times;
  if (column.kind != Reading::Kind::words) return;
  const auto code = static_cast<std::size_t>(value);
  if (column.counts.size() <= code) column.counts.resize(code + 1);
  column.counts[code] += times;
}

/// Whether a value is missing for which the row is to be dropped.
bool CsvReader::has_gap() const {
  bool drop = false;
  for (const Reading& column : columns_) {
    const std::string_view cell = records_.cells()[column.cell];
    if (!contains(options_.missing_words, cell)) continue;
    if (options_.missing == Missing::error) {
      throw FileError(
          283,
          cat(place(column), cell.empty() ? "empty" : cat("'", shown(cell), "'"),
              "; need a value. Fill the cell, set missing to drop, mean or value, or ignore the column."));
    }
    drop = drop || options_.missing == Missing::drop || column.is_target;
  }
  return drop;
}

double CsvReader::value_of(Reading& column, std::string_view cell) const {
  if (column.kind == Reading::Kind::words) return code_of(column, cell);
  const auto number = number_of(cell, decimal_);
  if (column.kind == Reading::Kind::unknown) {
    if (!number) refuse_other_decimal(column, cell);
    column.kind = number ? Reading::Kind::numbers : Reading::Kind::words;
    if (!number) return code_of(column, cell);
  }
  if (!number) refuse_other_decimal(column, cell);
  if (!number) {
    throw FileError(282, cat(place(column), "'", shown(cell),
                             "' is no number, as the values before it are. If it means that "
                             "there is none, add it to missing_words; if the column is one of words, add the "
                             "column to words."));
  }
  const double most =
      options_.dtype == f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  if (std::abs(*number) > most) {
    throw FileError(282, cat(place(column), "'", shown(cell), "' is beyond the range of ",
                             std::isinf(*number) ? "f64." : "f32. Set dtype to f64."));
  }
  return *number;
}

/// A number but for its decimal point or comma would be taken for a word.
void CsvReader::refuse_other_decimal(const Reading& column, std::string_view cell) const {
  const char other = decimal_ == '.' ? ',' : '.';
  if (!number_of(cell, other)) return;
  throw FileError(282, cat(place(column), "'", shown(cell), "' has a decimal ",
                           other == ',' ? "comma, need a point" : "point, need a comma",
                           ". Set decimal to \"", std::string(1, other), "\", or add the column to words."));
}

double CsvReader::code_of(Reading& column, std::string_view cell) const {
  const auto found = column.codes.find(cell);
  if (found != column.codes.end()) return found->second;
  const std::size_t most = column.is_target || column.as_code ? kMostWords : kMostWordsEach;
  if (column.codes.size() == most) {
    throw FileError(
        286,
        cat(place(column), "more than ", most, " different words, such as '", shown(cell), "'. ",
            most == kMostWords ? "Ignore the column."
                               : "Ignore the column, or add it to codes: one number, not one for each."));
  }
  const auto code = static_cast<double>(column.codes.size());
  column.codes.emplace(cell, code);
  return code;
}

/// Sorted: by value if all are numbers, else as text.
std::vector<std::string> sorted_words(const std::map<std::string, double, std::less<>>& codes) {
  std::vector<std::string> words;
  for (const auto& [word, code] : codes) words.push_back(word);
  if (std::all_of(words.begin(), words.end(),
                  [](const std::string& w) { return number_of(w).has_value(); })) {
    std::stable_sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) {
      return *number_of(a) < *number_of(b);
    });
  }
  return words;
}

/// What a missing value of the column becomes.
double CsvReader::filling(Reading& column) const {
  if (column.kind != Reading::Kind::words && options_.missing == Missing::value)
    return options_.missing_value;
  if (column.kind == Reading::Kind::words && options_.missing == Missing::value)
    return code_of(column, "missing");
  if (column.count == 0) {
    throw FileError(283, cat("[read_csv] ", records_.name(), ", column '", column.name,
                             "': no value at all, so there is no mean. Ignore the column."));
  }
  return usual_of(column);
}

Shared<const TableColumn> CsvReader::finished(Reading& column) const {
  const bool has_gaps =
      std::any_of(column.numbers.begin(), column.numbers.end(), [](double x) { return std::isnan(x); });
  const double fill = has_gaps ? filling(column) : 0;
  Shared<TableColumn> made(new TableColumn);
  made->name = column.name;
  made->as_code = column.as_code;
  made->words = sorted_words(column.codes);
  std::vector<double> place_of(made->words.size());  // by code
  for (std::size_t i = 0; i < made->words.size(); ++i) {
    place_of[static_cast<std::size_t>(column.codes.find(made->words[i])->second)] = static_cast<double>(i);
  }
  made->numbers = std::move(column.numbers);
  for (double& x : made->numbers) {
    if (std::isnan(x)) x = fill;
    if (!place_of.empty()) x = place_of[static_cast<std::size_t>(x)];
  }
  return made;
}

/// The character of an option, 0 if it is left out.
char character(std::string_view name, const std::string& given) {
  if (given.size() > 1)
    throw ValueError(288,
                     cat("[read_csv] ", name, " is \"", given, "\"; need one character of ASCII, or none."));
  return given.empty() ? '\0' : given[0];
}

char decimal_of(const CsvOptions& options) {
  const bool right = options.decimal == "." || (options.decimal == "," && options.separator != ",");
  if (right) return options.decimal[0];
  throw ValueError(288, cat("[read_csv] decimal is \"", options.decimal,
                            "\"; need a point, or a comma that does not separate cells."));
}

CsvRecords records_of(const std::string& path, ByteSource& bytes, const CsvOptions& options) {
  return CsvRecords(
      path, [&bytes](void* out, std::size_t size) { return bytes.read(out, size); },
      character("separator", options.separator), character("comment", options.comment), decimal_of(options));
}

}  // namespace

Table read_csv(const std::string& path, const CsvOptions& options) {
  ByteSource bytes(path);
  CsvRecords records = records_of(path, bytes, options);
  return CsvReader(records, options).read();
}

TableOnDisk open_csv(const std::string& path, const CsvOptions& options) {
  ByteSource bytes(path);
  if (bytes.packed()) throw not_by_rows(path, "is packed by gzip", "Unpack it with gunzip");
  CsvRecords records = records_of(path, bytes, options);
  CsvIndex index = CsvReader(records, options).index();
  TableOnDisk table{{}, index.columns, options.target};
  table.source = csv_rows(path, std::move(index), options);
  return table;
}

TableOnDisk outline_csv(const std::string& path, const CsvOptions& options) {
  ByteSource bytes(path);
  CsvRecords records = records_of(path, bytes, options);
  const CsvIndex index = CsvReader(records, options).index(false);
  return {outline(index.rows, layout_of(index.columns, options.target, options.dtype).columns), index.columns,
          options.target};
}

Table parse_csv(std::string_view text, const CsvOptions& options, const std::string& name) {
  CsvRecords records(
      name,
      [&](void* out, std::size_t size) {
        const std::size_t count = text.copy(static_cast<char*>(out), size);
        text.remove_prefix(count);
        return count;
      },
      character("separator", options.separator), character("comment", options.comment), decimal_of(options));
  return CsvReader(records, options).read();
}

}  // namespace chainrule::data
