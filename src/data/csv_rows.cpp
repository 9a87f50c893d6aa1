// A CSV file whose rows are read when they are asked for.
#include <algorithm>
#include <utility>

#include "chainrule/error.h"
#include "core/reused.h"
#include "core/text.h"
#include "data/columns.h"
#include "data/csv_index.h"
#include "data/csv_number.h"
#include "data/csv_records.h"
#include "data/table_layout.h"
#include "io/input.h"

namespace chainrule::data {
namespace {

class CsvRows : public Rows {
 public:
  CsvRows(const std::string& path, CsvIndex index, TableLayout layout, std::vector<std::string> missing_words)
      : Rows(static_cast<std::int64_t>(index.begins.size()), std::move(layout.columns)),
        file_(io::open_file(path)),
        index_(std::move(index)),
        features_(std::move(layout.features)),
        target_(layout.target),
        missing_words_(std::move(missing_words)) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    CsvRecords records(file_->name(), Text{*this, rows}, index_.separator, 0, index_.decimal);
    const Reused<std::vector<double>> numbers;
    numbers->resize(index_.cells.size());
    with_type(out[0].dtype, [&]<class T>(std::type_identity<T>) {
      T* x = out[0].as<T>();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        read_row(records, rows[i], *numbers);
        for (const TableFeature& feature : features_)
          *x++ = static_cast<T>(feature.of((*numbers)[feature.column]));
        if (target_ < 0) continue;
        const double target = (*numbers)[static_cast<std::size_t>(target_)];
        with_type(out[1].dtype,
                  [&]<class U>(std::type_identity<U>) { out[1].as<U>()[i] = static_cast<U>(target); });
      }
    });
  }

 private:
  /// The rows' text, one after another.
  struct Text {
    const CsvRows& of;
    std::span<const std::int64_t> rows;
    std::string row = "\n";  // what is a mark of the encoding at the start of a file is none here
    std::size_t at = 0;

    std::size_t operator()(void* out, std::size_t size) {
      std::size_t done = 0;
      while (done < size) {
        if (at == row.size()) {
          if (rows.empty()) break;
          of.read_text(rows.front(), row);
          rows = rows.subspan(1), at = 0;
        }
        const std::size_t count = row.copy(static_cast<char*>(out) + done, size - done, at);
        at += count, done += count;
      }
      return done;
    }
  };

  void read_text(std::int64_t row, std::string& text) const {
    const auto i = static_cast<std::size_t>(row);
    text.resize(index_.lengths[i]);
    file_->read(index_.begins[i], text.data(), text.size());
    text += '\n';
  }

  [[noreturn]] void refuse(std::int64_t row) const {
    throw FileError(611,
                    cat("[data] ", file_->name(), ": row ", row, ", at byte ",
                        index_.begins[static_cast<std::size_t>(row)],
                        ", is not what it was when the file was opened. Leave a file as it is while it is "
                        "used, and start again."));
  }

  void read_row(CsvRecords& records, std::int64_t row, std::vector<double>& numbers) const {
    try {
      if (!records.next() || records.cells().size() != index_.row_cells) refuse(row);
    } catch (const FileError& error) {
      if (error.code() == 200) throw;
      refuse(row);
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const CsvIndex::Cells& column = index_.cells[i];
      const std::string_view cell = records.cells()[column.cell];
      if (std::find(missing_words_.begin(), missing_words_.end(), cell) != missing_words_.end()) {
        numbers[i] = column.fill;
      } else if (!column.places.empty()) {
        const auto place = column.places.find(cell);
        if (place == column.places.end()) refuse(row);
        numbers[i] = place->second;
      } else {
        const auto number = number_of(cell, index_.decimal);
        if (!number) refuse(row);
        numbers[i] = *number;
      }
    }
  }

  Shared<io::Input> file_;
  CsvIndex index_;
  std::vector<TableFeature> features_;
  std::ptrdiff_t target_;
  std::vector<std::string> missing_words_;
};

}  // namespace

Source csv_rows(const std::string& path, CsvIndex index, const CsvOptions& options) {
  TableLayout layout = layout_of(index.columns, options.target, options.dtype);
  return Source(
      Shared<const Rows>(new CsvRows(path, std::move(index), std::move(layout), options.missing_words)));
}

}  // namespace chainrule::data
