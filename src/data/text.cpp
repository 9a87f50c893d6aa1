// Texts as sources.
#include "chainrule/data/text.h"

#include <algorithm>
#include <iterator>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

void append(const Alphabet& alphabet, std::string_view text, std::vector<std::uint8_t>& to) {
  for (const std::int64_t number : alphabet.encode(text)) to.push_back(static_cast<std::uint8_t>(number));
}

void append(const Alphabet& alphabet, std::string_view text, std::vector<std::int64_t>& to) {
  const std::vector<std::int64_t> numbers = alphabet.encode(text);
  to.insert(to.end(), numbers.begin(), numbers.end());
}

template <class T>
Column column(std::string_view name, std::int64_t length, const Alphabet& alphabet) {
  return {.name = std::string(name), .dtype = dtype_of<T>, .shape = {length}, .classes = alphabet.symbols()};
}

template <class T>
class Windows : public Rows {
 public:
  Windows(const Alphabet& alphabet, const WindowsOptions& options, std::vector<T> all)
      : Rows(count(all.size(), options),
             {column<T>("x", options.length, alphabet), column<T>("t", options.length, alphabet)}),
        options_(options),
        all_(std::move(all)) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const T* from = all_.data() + rows[i] * options_.stride;
      const auto at = static_cast<std::int64_t>(i) * options_.length;
      std::copy_n(from, options_.length, out[0].as<T>() + at);
      std::copy_n(from + 1, options_.length, out[1].as<T>() + at);
    }
  }

 private:
  static std::int64_t count(std::size_t size, const WindowsOptions& options) {
    const std::int64_t rest = static_cast<std::int64_t>(size) - 1 - options.length;
    if (rest >= 0) return rest / options.stride + 1;
    throw ValueError(297, cat("[windows] a text of ", size, " characters has no row of ", options.length,
                              " and the one behind it. Use a smaller length, or a longer text."));
  }

  WindowsOptions options_;
  std::vector<T> all_;
};

template <class T>
Source windows_of(std::string_view text, const Alphabet& alphabet, const WindowsOptions& options) {
  std::vector<T> all;
  append(alphabet, text, all);
  return Windows<T>(alphabet, options, std::move(all));
}

/// Characters one after another, and where each line ends.
template <class T>
struct Characters {
  std::vector<T> all;
  std::vector<std::size_t> ends;
  std::int64_t longest = 0;
};

template <class T>
class Lines : public Rows {
 public:
  Lines(const Alphabet& alphabet, Characters<T> characters, std::int64_t length, T line_end)
      : Rows(static_cast<std::int64_t>(characters.ends.size()),
             {column<T>("x", length, alphabet), column<std::int64_t>("t", length, alphabet)}),
        characters_(std::move(characters)),
        length_(length),
        line_end_(line_end) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      const std::size_t begin = row == 0 ? 0 : characters_.ends[row - 1];
      const T* from = characters_.all.data() + begin;
      const auto count = static_cast<std::int64_t>(characters_.ends[row] - begin);
      T* x = out[0].as<T>() + static_cast<std::int64_t>(i) * length_;
      auto* t = out[1].as<std::int64_t>() + static_cast<std::int64_t>(i) * length_;
      std::fill_n(x, length_, line_end_);
      std::copy_n(from, count, x + 1);
      std::fill_n(t, length_, -1);
      std::copy_n(from, count, t);
      t[count] = line_end_;
    }
  }

 private:
  Characters<T> characters_;
  std::int64_t length_;
  T line_end_;
};

template <class T>
Source lines_of(std::string_view text, const Alphabet& alphabet, const LinesOptions& options, T line_end) {
  Characters<T> found;
  for (std::int64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t before = found.all.size();
    append(alphabet, line, found.all);
    const auto count = static_cast<std::int64_t>(found.all.size() - before);
    if (options.length > 0 && count >= options.length) {
      throw ValueError(298, cat("[lines] line ", number, " has ", count, " characters, but a row ",
                                options.length, " steps. It needs one more, for the line end."));
    }
    found.longest = std::max(found.longest, count);
    found.ends.push_back(found.all.size());
  }
  if (found.ends.empty()) throw ValueError(297, "[lines] the text has no lines but empty ones.");
  const std::int64_t length = options.length > 0 ? options.length : found.longest + 1;
  return Lines<T>(alphabet, std::move(found), length, line_end);
}

bool fits_bytes(const Alphabet& alphabet) { return alphabet.size() <= 256; }

}  // namespace

void WindowsOptions::fields(Fields& f) {
  f("length", length, "characters of a row", at_least(1));
  f("stride", stride, "from the start of one row to that of the next", at_least(1));
}

void LinesOptions::fields(Fields& f) {
  f("length", length, "steps of a row; 0: one more than the longest line has characters", at_least(0));
}

Source windows(std::string_view text, const Alphabet& alphabet, const WindowsOptions& given) {
  WindowsOptions options = given;
  config::check(options);
  return fits_bytes(alphabet) ? windows_of<std::uint8_t>(text, alphabet, options)
                              : windows_of<std::int64_t>(text, alphabet, options);
}

Source lines(std::string_view text, const Alphabet& alphabet, const LinesOptions& given) {
  LinesOptions options = given;
  config::check(options);
  const auto& symbols = alphabet.symbols();
  const auto line_end = std::find(symbols.begin(), symbols.end(), "\n") - symbols.begin();
  if (line_end == std::ssize(symbols)) {
    throw ValueError(
        299,
        "[lines] the alphabet has no line end, which stands before and behind each line. Make it "
        "of the whole text, or add \"\\n\".");
  }
  if (!fits_bytes(alphabet)) return lines_of<std::int64_t>(text, alphabet, options, line_end);
  return lines_of<std::uint8_t>(text, alphabet, options, static_cast<std::uint8_t>(line_end));
}

}  // namespace chainrule::data
