#include "chainrule/data/table.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "chainrule/error.h"
#include "core/nearest.h"
#include "core/text.h"
#include "data/cut_text.h"
#include "data/table_layout.h"
#include "data/table_names.h"

namespace chainrule::data {

void throw_no_column(std::string_view who, std::string_view table, std::string_view name,
                     const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& each : names) list += cat(list.empty() ? "" : ", ", each);
  const std::string near = nearest(name, names);
  throw ValueError(285, cat("[", who, "] ", table, " has no column '", name, "'; it has ", list, ".",
                            near.empty() ? "" : cat(" Did you mean '", near, "'?")));
}

Table::Table(std::vector<Shared<const TableColumn>> columns, std::string target, DType dtype)
    : columns_(std::move(columns)), target_(std::move(target)), dtype_(dtype) {
  std::set<std::string_view> taken;
  for (const auto& column : columns_) {
    const auto& first = *columns_[0];
    if (column->numbers.size() != first.numbers.size()) {
      throw ValueError(288, cat("[table] '", column->name, "' has ", column->numbers.size(), " rows, '",
                                first.name, "' ", first.numbers.size(), ". Need equal numbers."));
    }
    if (!taken.insert(column->name).second) {
      throw ValueError(288, cat("[table] two columns are called '", column->name,
                                "'. Give each a name of its own, and select each once."));
    }
  }
  if (!target_.empty()) find(target_);
}

std::span<const Shared<const TableColumn>> Table::columns() const { return columns_; }

std::int64_t Table::rows() const {
  return columns_.empty() ? 0 : static_cast<std::int64_t>(columns_[0]->numbers.size());
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names;
  for (const auto& column : columns_) names.push_back(column->name);
  return names;
}

std::size_t Table::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i]->name == name) return i;
  }
  throw_no_column("table", "this table", name, names());
}

const TableColumn& Table::operator[](std::string_view name) const { return *columns_[find(name)]; }

Table Table::select(const std::vector<std::string>& names) const {
  std::vector<Shared<const TableColumn>> chosen;
  for (const std::string& name : names) {
    const std::size_t i = find(name);
    if (name != target_) chosen.push_back(columns_[i]);
  }
  if (!target_.empty()) chosen.push_back(columns_[find(target_)]);
  return {std::move(chosen), target_, dtype_};
}

Table Table::without(const std::vector<std::string>& names) const {
  for (const std::string& name : names) find(name);
  std::vector<Shared<const TableColumn>> left;
  std::string target;
  for (const auto& column : columns_) {
    if (std::find(names.begin(), names.end(), column->name) != names.end()) continue;
    left.push_back(column);
    if (column->name == target_) target = target_;
  }
  return {std::move(left), target, dtype_};
}

Table Table::with_target(const std::string& name) const { return {columns_, name, dtype_}; }

namespace {

class TableRows : public Rows {
 public:
  /// @param held  keeps the columns alive.
  TableRows(std::int64_t rows, TableLayout layout, std::vector<Shared<const TableColumn>> held)
      : Rows(rows, std::move(layout.columns)), held_(std::move(held)) {
    for (const TableFeature& feature : layout.features)
      features_.push_back({held_[feature.column]->numbers.data(), feature});
    if (layout.target >= 0) target_ = held_[static_cast<std::size_t>(layout.target)]->numbers.data();
  }

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    write(out[0], [&](auto* at) {
      for (const std::int64_t row : rows) {
        for (const auto& [numbers, feature] : features_)
          *at++ = static_cast<std::decay_t<decltype(*at)>>(feature.of(numbers[row]));
      }
    });
    if (target_ != nullptr) gather_target(rows, out[1]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    if (target_ == nullptr) return Rows::gather_target(rows, out);
    write(out, [&](auto* at) {
      for (const std::int64_t row : rows) *at++ = static_cast<std::decay_t<decltype(*at)>>(target_[row]);
    });
  }

 private:
  template <class F>
  static void write(const Array& array, F f) {
    with_type(array.dtype, [&]<class T>(std::type_identity<T>) { f(array.as<T>()); });
  }

  struct Given {
    const double* numbers;
    TableFeature feature;
  };
  std::vector<Shared<const TableColumn>> held_;
  std::vector<Given> features_;
  const double* target_ = nullptr;
};

}  // namespace

TableLayout layout_of(std::span<const Shared<const TableColumn>> table, const std::string& target_name,
                      DType dtype) {
  TableLayout layout;
  std::vector<std::string> names;
  const TableColumn* target = nullptr;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const TableColumn& column = *table[i];
    if (column.name == target_name) {
      target = &column;
      layout.target = static_cast<std::ptrdiff_t>(i);
    } else if (column.has_words() && !column.as_code) {
      for (std::size_t word = 0; word < column.words.size(); ++word) {
        layout.features.push_back({i, true, static_cast<double>(word)});
        names.push_back(cat(column.name, "=", column.words[word]));
      }
    } else {
      layout.features.push_back({i});
      names.push_back(column.name);
    }
  }
  if (layout.features.empty()) {
    throw ValueError(288,
                     cat("[table] no inputs", target ? cat(" besides the target '", target_name, "'") : "",
                         "; need at least one column."));
  }
  layout.columns.push_back({.name = "x",
                            .dtype = dtype,
                            .shape = {static_cast<std::int64_t>(layout.features.size())},
                            .features = std::move(names)});
  if (target != nullptr && target->has_words()) {
    layout.columns.push_back({.name = "t", .dtype = i64, .classes = target->words});
  } else if (target != nullptr) {
    layout.columns.push_back({.name = "t", .dtype = dtype, .shape = {1}, .features = {target_name}});
  }
  return layout;
}

Table::operator Source() const { return TableRows(rows(), layout_of(columns_, target_, dtype_), columns_); }

std::string Table::to_string(std::int64_t rows) const {
  const std::int64_t shown = std::clamp<std::int64_t>(rows, 0, this->rows());
  std::string text = cat(this->rows(), " rows, ", columns_.size(), " columns",
                         target_.empty() ? "" : cat(", target ", target_));
  std::vector<std::string> lines(static_cast<std::size_t>(shown) + 1);
  constexpr std::size_t kMostColumns = 12, kWidest = 20;
  const auto fitted = [](const std::string& cell) { return cut_text(cell, kWidest); };
  for (const auto& column : columns_) {
    if (&column - columns_.data() >= static_cast<std::ptrdiff_t>(kMostColumns)) {
      for (std::string& line : lines) line += "  ...";
      break;
    }
    std::vector<std::string> cells{fitted(column->name)};
    for (std::size_t i = 0; i < static_cast<std::size_t>(shown); ++i) {
      const double x = column->numbers[i];
      cells.push_back(column->has_words() ? fitted(column->words[static_cast<std::size_t>(x)]) : cat(x));
    }
    std::size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, characters_in(cell));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      lines[i] += cat("  ", std::string(width - characters_in(cells[i]), ' '), cells[i]);
    }
  }
  for (const std::string& line : lines) text += cat("\n", line);
  if (shown < this->rows()) text += "\n  ...";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Table& table) { return out << table.to_string(); }

}  // namespace chainrule::data
