// chainrule predict: what a trained net says of new rows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

struct PredictOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::string data, data_dir, out, format = "csv";
  std::int64_t top = 1, threads = 0;
  bool invert = false;
  Gaps gaps = Gaps::as_trained;
};

/// A cell of CSV, in quotes where it needs them.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

/// Lines of CSV or JSON, from what the net gives.
class Writer {
 public:
  Writer(const Trained& trained, const PredictOptions& options)
      : classes_(trained.model.options.classes),
        target_(trained.experiment.data.csv.target.empty() ? "prediction"
                                                           : trained.experiment.data.csv.target),
        is_classifier_(!classes_.empty() ||
                       (trained.has_experiment && trained.experiment.loss &&
                        trained.experiment.loss->info().name == "softmax_cross_entropy")),
        top_(options.top),
        is_json_(options.format == "jsonl"),
        skips_(options.gaps == Gaps::skip) {}

  /// @param y  (rows, numbers): logits of classes, or numbers.
  /// @param gaps  of each row whether it has no prediction; or empty.
  std::string lines(const std::vector<std::string>& names, const Tensor& y,
                    const std::vector<bool>& gaps = {}) {
    const Tensor rows = reshape(y, {y.size(0), -1});
    const std::vector<double> numbers =
        cast(is_classifier_ ? softmax(rows, 1) : rows, f64).to_vector<double>();
    const auto count = static_cast<std::size_t>(rows.size(1));
    std::string text;
    if (first_ && !is_json_) text += heading(count);
    first_ = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double* row = numbers.data() + i * count;
      if (!gaps.empty() && gaps[i]) {
        if (!skips_) text += empty_line(names[i], count);
      } else {
        text += is_classifier_ ? classes_line(names[i], row, count) : numbers_line(names[i], row, count);
      }
    }
    return text;
  }

 private:
  std::string heading(std::size_t count) const {
    std::string text = "input";
    if (!is_classifier_) {
      for (std::size_t i = 0; i < count; ++i)
        text += "," + cell(count == 1 ? target_ : fmt::format("{}{}", target_, i + 1));
      return text + "\n";
    }
    for (std::size_t i = 0; i < shown(count); ++i)
      text += i == 0 ? ",class,probability" : fmt::format(",class{},probability{}", i + 1, i + 1);
    return text + "\n";
  }

  std::size_t shown(std::size_t count) const { return std::min(count, static_cast<std::size_t>(top_)); }

  std::string name_of_class(std::size_t i) const {
    return i < classes_.size() ? classes_[i] : std::to_string(i);
  }

  std::string classes_line(const std::string& name, const double* row, std::size_t count) const {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
    if (is_json_) {
      nlohmann::ordered_json line{{"input", name}, {"classes", nlohmann::ordered_json::array()}};
      for (std::size_t i = 0; i < shown(count); ++i)
        line["classes"].push_back({{"class", name_of_class(order[i])}, {"probability", row[order[i]]}});
      return json_text(line, -1);
    }
    std::string text = cell(name);
    for (std::size_t i = 0; i < shown(count); ++i)
      text += fmt::format(",{},{:.6f}", cell(name_of_class(order[i])), row[order[i]]);
    return text + "\n";
  }

  std::string numbers_line(const std::string& name, const double* row, std::size_t count) const {
    if (is_json_) {
      nlohmann::ordered_json line{{"input", name}};
      if (count == 1) {
        line[target_] = row[0];
      } else {
        line[target_] = std::vector<double>(row, row + count);
      }
      return json_text(line, -1);
    }
    std::string text = cell(name);
    for (std::size_t i = 0; i < count; ++i) text += fmt::format(",{:.7g}", row[i]);
    return text + "\n";
  }

  /// A row without a prediction.
  std::string empty_line(const std::string& name, std::size_t count) const {
    if (!is_json_) return cell(name) + std::string(is_classifier_ ? 2 * shown(count) : count, ',') + "\n";
    nlohmann::ordered_json line{{"input", name}};
    if (is_classifier_) {
      line["classes"] = nlohmann::ordered_json::array();
    } else {
      line[target_] = nullptr;
    }
    return json_text(line, -1);
  }

  std::vector<std::string> classes_;
  std::string target_;
  bool is_classifier_;
  std::int64_t top_;
  bool is_json_, skips_;
  bool first_ = true;
};

bool is_image(const std::string& path) {
  std::string end = std::filesystem::path(path).extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::vector<std::string> known = data::PicturesOptions().extensions;
  return std::find(known.begin(), known.end(), end) != known.end();
}

/// Files as they are, folders as the pictures in them.
std::vector<std::string> images_of(const std::string& input) {
  std::error_code error;
  if (!std::filesystem::is_directory(input, error)) return {input};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(input, error)) {
    if (entry.is_regular_file(error) && is_image(entry.path().string()))
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw FileError(348, fmt::format("[predict] {} has no pictures (.png, .pgm, .ppm).", input));
  return files;
}

Tensor read_picture(const Trained& trained, const std::string& path, bool invert) {
  const std::vector<std::int64_t>& shape = trained.input;
  if (shape.size() != 3) {
    throw ValueError(346, fmt::format("[predict] {} takes no pictures: its inputs have the shape ({}).",
                                      trained.path, fmt::join(shape, ", ")));
  }
  const Tensor image = data::read_image(
      path, {.grey = shape[0] == 1, .height = shape[1], .width = shape[2], .invert = invert});
  // A grey file, in colours: the same in each.
  return image.size(1) == 1 && shape[0] == 3 ? concatenate({image, image, image}, 1) : image;
}

std::vector<std::string> numbers_from(std::int64_t first, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(std::to_string(first + i));
  return names;
}

/// What is done with cells without a value where nothing was asked for: what training did, if it filled them.
Gaps resolved(const Trained& trained, Gaps gaps) {
  if (gaps != Gaps::as_trained) return gaps;
  const data::Missing in_training = trained.experiment.data.csv.missing;
  return in_training == data::Missing::mean    ? Gaps::mean
         : in_training == data::Missing::value ? Gaps::as_trained
                                               : Gaps::empty;
}

/// Tells of rows with cells without a value, and whether they can be filled.
void tell_of_gaps(const Trained& trained, const std::string& name, const std::vector<bool>& gaps, Gaps how) {
  const auto count = std::count(gaps.begin(), gaps.end(), true);
  if (count == 0) return;
  const auto is_unknown = [](const InputColumn& column) { return std::isnan(column.usual); };
  if (how == Gaps::mean && std::any_of(trained.columns.begin(), trained.columns.end(), is_unknown)) {
    throw ValueError(393,
                     fmt::format("[predict] {} does not say what is usual in its columns: an older version "
                                 "saved it. Train it anew, or take --missing empty or skip.",
                                 trained.path));
  }
  const std::string_view what = how == Gaps::mean ? "it is filled with what is usual in its column."
                                : how == Gaps::skip
                                    ? "they are left out."
                                    : "they get no prediction. --missing mean fills such cells, "
                                      "skip leaves the rows out.";
  warn(fmt::format("{}: {} of {} rows lack{} a value: {}", name, count, gaps.size(), count == 1 ? "s" : "",
                   what));
}

template <class Write>
void predict_table(const Trained& trained, const std::string& input, Gaps asked, Writer& writer,
                   Write write) {
  const std::string name = input == "-" ? "stdin" : input;
  const Gaps how = resolved(trained, asked);
  const data::Table table = read_new_table(trained, input, false, how);
  std::vector<bool> gaps;
  const Tensor x = inputs_of(trained, table, name, how == Gaps::as_trained ? nullptr : &gaps);
  tell_of_gaps(trained, name, gaps, how);
  if (how == Gaps::mean) gaps.clear();
  constexpr std::int64_t kBlock = 1000;
  for (std::int64_t row = 0; row < x.size(0); row += kBlock) {
    const std::int64_t end = std::min(row + kBlock, x.size(0));
    std::vector<bool> of_block;
    if (!gaps.empty()) of_block.assign(gaps.begin() + row, gaps.begin() + end);
    write(writer.lines(numbers_from(row + 1, end - row), trained.model.predict(slice(x, 0, row, end)),
                       of_block));
  }
}

template <class Write>
void predict_all(const Trained& trained, const PredictOptions& options, Writer& writer, Write write) {
  std::vector<std::string> inputs = options.inputs;
  if (!options.data.empty() && kind_of(options.data) == DataKind::table) {
    inputs.push_back(options.data);
  } else if (!options.data.empty()) {
    const LoadedData data = load_for(trained, options.data, options.data_dir);
    std::int64_t row = 0;
    for (const data::Batch& batch : data::blocks(data.test ? data.test : data.train)) {
      write(writer.lines(numbers_from(row + 1, batch.rows()), trained.model.predict(batch[0])));
      row += batch.rows();
    }
  }
  for (const std::string& input : inputs) {
    std::error_code ignored;
    if (is_image(input) || std::filesystem::is_directory(input, ignored)) {
      for (const std::string& file : images_of(input))
        write(writer.lines({file}, trained.model.predict(read_picture(trained, file, options.invert))));
      continue;
    }
    if (input.ends_with(".safetensors")) {
      throw ValueError(
          346, fmt::format("[predict] {} is a model, not rows to predict. Give files .csv, pictures, or -.",
                           input));
    }
    predict_table(trained, input, options.gaps, writer, write);
  }
}

int run(const PredictOptions& options) {
  if (options.inputs.empty() == options.data.empty()) {
    complain(options.data.empty()
                 ? "give what to predict: files (- for stdin), or --data SET. See chainrule predict --help."
                 : "give files to predict or --data, not both. See chainrule predict --help.");
    return kUsage;
  }
  for (const std::string& input : options.inputs) keep_input(options.out, input);
  keep_input(options.out, options.data);
  use_threads(options.threads);
  const Trained trained = load_trained(options.model);
  keep_input(options.out, trained.path);
  if (trained.has_experiment && kind_of(trained.experiment.data.name) == DataKind::text) {
    throw ValueError(
        346, fmt::format("[predict] {} learnt a text: chainrule generate lets it write on.", trained.path));
  }
  Writer writer(trained, options);
  if (options.out.empty() || options.out == "-") {
    predict_all(trained, options, writer, [](const std::string& text) { write_text(stdout, text); });
  } else {
    std::string all;
    predict_all(trained, options, writer, [&](const std::string& text) { all += text; });
    io::replace_file(options.out, all);
  }
  return kDone;
}

}  // namespace

Command add_predict(CLI::App& app) {
  const auto options = std::make_shared<PredictOptions>();
  CLI::App& predict = *app.add_subcommand("predict", "Say what a trained net makes of new rows or pictures");
  predict.add_option("MODEL", options->model, "a run's folder, or a model file")->required()->type_name("");
  predict
      .add_option(
          "INPUT", options->inputs,
          ".csv files with the columns of the training, pictures or\nfolders of them; - is CSV from stdin")
      ->type_name("");
  predict.add_option("--data", options->data, "the test part of a set instead")->type_name("SET");
  predict.add_option("--data-dir", options->data_dir, "where to look first for a named set's files")
      ->type_name("DIR");
  static const std::map<std::string, Gaps> kGaps{
      {"empty", Gaps::empty}, {"mean", Gaps::mean}, {"skip", Gaps::skip}, {"error", Gaps::error}};
  predict
      .add_option_function<std::string>(
          "--missing", [options](const std::string& how) { options->gaps = kGaps.at(how); },
          "rows with a cell without a value: empty (no prediction),\nmean (filled with what is usual "
          "in its column), skip, or\nerror (as training did where it filled them, else empty)")
      ->check(CLI::IsMember({"empty", "mean", "skip", "error"}))
      ->type_name("HOW");
  add_integer(predict, "--top", options->top, 1, 1000, "so many of the most likely classes");
  predict.add_flag("--invert", options->invert, "pictures are black on white, the net learnt white on black");
  predict.add_option("--format", options->format, "csv, or jsonl: a JSON object a line")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->capture_default_str()
      ->type_name("");
  predict.add_flag_callback(
      "--json", [options] { options->format = "jsonl"; }, "the same as --format jsonl");
  predict.add_option("--out", options->out, "a file in place of stdout")->type_name("FILE");
  add_threads(predict, options->threads);
  predict.footer(
      "Examples:\n"
      "  chainrule predict cars1 new_cars.csv --out predicted.csv\n"
      "  chainrule predict run1 seven.png --invert --top 3\n"
      "  cat rows.csv | chainrule predict cars1 - --format jsonl");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
