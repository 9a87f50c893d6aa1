#include "live_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/plot/figure.h"

namespace chainrule::cli {
namespace {

constexpr std::int64_t kRows = 12, kTexts = 3;
constexpr std::int64_t kPrompt = 20, kWritten = 60;  // characters
constexpr std::size_t kMostNumbers = 12;             // of a row that is shown as text

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

bool is_image(const Shape& row) { return row.ndim() == 3 && (row[0] == 1 || row[0] == 3); }

std::string image_of(const Shape& row, std::span<const double> numbers) {
  const double low = std::min(0.0, *std::min_element(numbers.begin(), numbers.end()));
  const double high = std::max(low + 1e-9, *std::max_element(numbers.begin(), numbers.end()));
  const plot::Picture picture = plot::image(numbers, row[0], row[1], row[2], low, std::max(high, 1.0));
  return "data:image/png;base64," + base64(plot::png_of(picture));
}

/// "weight 3504, origin=usa": of words the one that is there.
std::string text_of(const data::Column& column, std::span<const double> numbers) {
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string name = i < column.features.size() ? column.features[i] : "";
    const bool is_word = name.find('=') != std::string::npos;
    if (is_word && numbers[i] != 1) continue;
    if (++shown > kMostNumbers) return text + ", ...";
    text += text.empty() ? "" : ", ";
    text += is_word ? name : fmt::format("{}{}{:.4g}", name, name.empty() ? "" : " ", numbers[i]);
  }
  return text;
}

std::string numbers_text(std::span<const double> numbers) {
  std::string text;
  for (const double each : numbers.first(std::min<std::size_t>(numbers.size(), 4)))
    text += fmt::format("{}{:.4g}", text.empty() ? "" : ", ", each);
  return numbers.size() > 4 ? text + ", ..." : text;
}

std::string class_name(const std::vector<std::string>& names, std::size_t i) {
  return i < names.size() ? names[i] : std::to_string(i);
}

/// The numbers of a tensor, a row each.
class RowsOf {
 public:
  explicit RowsOf(const Tensor& tensor)
      : numbers_(cast(tensor, f64).to_vector<double>()),
        width_(numbers_.size() / static_cast<std::size_t>(std::max<std::int64_t>(tensor.size(0), 1))) {}
  std::span<const double> operator[](std::int64_t row) const {
    return std::span(numbers_).subspan(static_cast<std::size_t>(row) * width_, width_);
  }

 private:
  std::vector<double> numbers_;
  std::size_t width_;
};

}  // namespace

Samples::Samples(const Training& training)
    : training_(training),
      model_{training.experiment().net, model_options(training.experiment(), training.data())} {
  const LoadedData& data = training.data();
  const data::Source& source = data.test ? data.test : data.validation ? data.validation : data.train;
  batch_ = source.range(0, std::min(data.is_text ? kTexts : kRows, source.rows()));
  const data::Column& column = source.columns()[0];
  Json rows = Json::array();
  const RowsOf x(batch_[0]), t(batch_.target());
  for (std::int64_t row = 0; row < batch_.rows(); ++row) {
    if (data.is_text) {
      rows.push_back({{"input", prompt(row)}});
      continue;
    }
    const std::string truth = data.has_classes ? class_name(data.classes, static_cast<std::size_t>(t[row][0]))
                                               : numbers_text(t[row]);
    const bool has_image = is_image(column.shape);
    rows.push_back({{has_image ? "image" : "input",
                     has_image ? image_of(column.shape, x[row]) : text_of(column, x[row])},
                    {"truth", truth}});
  }
  inputs_ = {{"kind", data.is_text             ? "text"
                      : is_image(column.shape) ? "images"
                                               : "rows"},
             {"part", data.test         ? "test"
                      : data.validation ? "validation"
                                        : "train"},
             {"rows", std::move(rows)}};
}

/// What a text begins with: some characters of the row, or a new line where rows are lines.
std::string Samples::prompt(std::int64_t row) const {
  if (training_.experiment().data.text.lines) return "\n";
  const std::vector<std::int64_t> ids = cast(select(batch_[0], row), i64).to_vector<std::int64_t>();
  const auto count =
      static_cast<std::size_t>(std::min<std::int64_t>(kPrompt, static_cast<std::int64_t>(ids.size())));
  return data::Alphabet(training_.data().classes).decode(std::span(ids).first(count));
}

Json Samples::predictions() {
  if (has_failed_) return {};
  try {
    return training_.data().is_text ? of_text() : of_rows();
  } catch (const Error&) {  // of a net that cannot be asked in this way
    has_failed_ = true;
    return {};
  }
}

Json Samples::of_rows() const {
  const LoadedData& data = training_.data();
  const Tensor y = model_.predict(batch_[0]);
  const Tensor flat = reshape(y, {y.size(0), -1});
  const RowsOf said(data.has_classes ? softmax(cast(flat, f64), 1) : flat), t(batch_.target());
  Json all = Json::array();
  for (std::int64_t row = 0; row < batch_.rows(); ++row) {
    if (!data.has_classes) {
      all.push_back({{"said", numbers_text(said[row])}});
      continue;
    }
    const auto best = std::max_element(said[row].begin(), said[row].end());
    const auto place = static_cast<std::size_t>(best - said[row].begin());
    all.push_back({{"said", class_name(data.classes, place)},
                   {"probability", *best},
                   {"right", static_cast<double>(place) == t[row][0]}});
  }
  return all;
}

Json Samples::of_text() const {
  const data::Alphabet alphabet(training_.data().classes);
  const bool lines = training_.experiment().data.text.lines;
  Json all = Json::array();
  for (std::int64_t row = 0; row < batch_.rows(); ++row) {
    const std::vector<std::int64_t> more =
        nn::generate(training_.net(), alphabet.encode(prompt(row)), kWritten,
                     {.temperature = 0.8,
                      .seed = static_cast<std::uint64_t>(row) + 1,
                      .stop = lines ? alphabet.encode("\n")[0] : -1});
    all.push_back({{"said", alphabet.decode(more)}});
  }
  return all;
}

}  // namespace chainrule::cli
