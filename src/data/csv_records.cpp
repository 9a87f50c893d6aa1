#include "data/csv_records.h"

#include <algorithm>
#include <array>

#include "chainrule/error.h"
#include "core/text.h"
#include "core/utf8.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 16;
constexpr std::size_t kMostRowBytes = std::size_t{1} << 24;
constexpr std::size_t kMostCells = std::size_t{1} << 16;

}  // namespace

CsvRecords::CsvRecords(std::string name, Read read, char separator, char comment, char decimal)
    : name_(std::move(name)),
      read_(std::move(read)),
      separator_(separator),
      comment_(comment),
      decimal_(decimal),
      chunk_(kChunkBytes) {
  filled_ = read_(chunk_.data(), chunk_.size());
  start();
}

void CsvRecords::start() {
  const std::string_view first(chunk_.data(), filled_);
  if (first.starts_with("\xFF\xFE") || first.starts_with("\xFE\xFF")) {
    throw FileError(287, cat("[read_csv] ", name_, " is UTF-16; need UTF-8. Save it again as UTF-8."));
  }
  if (first.starts_with("\xEF\xBB\xBF")) at_ = 3;
  if (separator_ == 0) separator_ = find_separator();
}

/// Counted outside quotes on the first line that is neither blank nor a comment.
char CsvRecords::find_separator() const {
  constexpr std::array kCandidates{',', ';', '\t', '|'};
  std::array<int, kCandidates.size()> counts{};
  bool quoted = false, blank = true, comment = false;
  for (std::size_t i = at_; i < filled_; ++i) {
    const char c = chunk_[i];
    if ((c == '\n' || c == '\r') && !quoted) {
      if (!blank) break;
      comment = false;
      continue;
    }
    if (blank && comment_ != 0 && c == comment_) comment = true;
    if (comment) continue;
    blank = blank && c == ' ';
    if (c == '"') quoted = !quoted;
    const auto found = std::find(kCandidates.begin(), kCandidates.end(), c);
    if (!quoted && found != kCandidates.end())
      ++counts[static_cast<std::size_t>(found - kCandidates.begin())];
  }
  if (decimal_ == ',') counts[0] = -1;
  return kCandidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                              counts.begin())];
}

std::string CsvRecords::place() const { return cat(name_, ":", line_); }

int CsvRecords::peek() {
  if (at_ == filled_) {
    if (filled_ < chunk_.size()) return kEnd;
    chunk_begin_ += filled_;
    filled_ = read_(chunk_.data(), chunk_.size());
    at_ = 0;
    if (filled_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(chunk_[at_]);
}

int CsvRecords::get() {
  const int c = peek();
  if (c != kEnd) ++at_;
  return c;
}

void CsvRecords::keep(int c) {
  if (c == 0) {
    throw FileError(287, cat("[read_csv] ", name_, ":", current_line_,
                             ": a byte 0; need text in UTF-8. Is it a CSV file?"));
  }
  if (text_.size() >= kMostRowBytes) {
    throw FileError(
        287, cat("[read_csv] ", place(), ": a row of more than 16 MiB begins here. Is a quote left open?"));
  }
  text_.push_back(static_cast<char>(c));
}

/// CR LF, LF or CR.
void CsvRecords::skip_line_end() {
  const int c = get();
  if (c == kEnd) return;
  if (c == '\r' && peek() == '\n') get();
  ++current_line_;
}

void CsvRecords::skip_spaces() {
  while ((peek() == ' ' || peek() == '\t') && peek() != static_cast<unsigned char>(separator_)) get();
}

bool CsvRecords::next() {
  text_.clear(), ends_.clear(), cells_.clear();
  for (;;) {
    skip_spaces();
    if (peek() == kEnd) return false;
    if (comment_ != 0 && peek() == static_cast<unsigned char>(comment_)) {
      while (!ends_line(peek())) get();
    }
    if (!ends_line(peek())) break;
    skip_line_end();
  }
  line_ = current_line_;
  begin_ = end();
  for (;;) {
    read_cell();
    if (peek() != static_cast<unsigned char>(separator_)) break;
    get();
  }
  skip_line_end();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    cells_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end;
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (is_utf8(cells_[i])) continue;
    throw FileError(
        287, cat("[read_csv] ", place(), ", cell ", i + 1, ": not UTF-8. Save the file again as UTF-8."));
  }
  return true;
}

void CsvRecords::read_cell() {
  skip_spaces();
  peek() == '"' ? read_quoted() : read_plain();
  ends_.push_back(text_.size());
  if (ends_.size() > kMostCells) {
    throw FileError(287, cat("[read_csv] ", place(), ": more than ", kMostCells,
                             " cells; need fewer. Is it a CSV file?"));
  }
}

void CsvRecords::read_plain() {
  const std::size_t begin = text_.size();
  while (!ends_line(peek()) && peek() != static_cast<unsigned char>(separator_)) keep(get());
  while (text_.size() > begin && (text_.back() == ' ' || text_.back() == '\t')) text_.pop_back();
}

void CsvRecords::read_quoted() {
  const std::int64_t opened = current_line_;
  get();
  for (;;) {
    const int c = get();
    if (c == kEnd) {
      throw FileError(
          281, cat("[read_csv] ", name_, ":", opened, ", cell ", ends_.size() + 1,
                   ": a quote is opened and not closed. Close it, or double a quote that is meant as such."));
    }
    if (c == '"') {
      if (peek() != '"') break;
      get();
    }
    if (c == '\n' || (c == '\r' && peek() != '\n')) ++current_line_;
    keep(c);
  }
  skip_spaces();
  if (!ends_line(peek()) && peek() != static_cast<unsigned char>(separator_)) {
    throw FileError(281, cat("[read_csv] ", name_, ":", current_line_, ", cell ", ends_.size() + 1,
                             ": something follows the closing quote. Double a quote that is meant as such."));
  }
}

}  // namespace chainrule::data
