// A trained net in a file: with its scaling, its columns and the run that made it.
// check-errors: (none but those that stand here: others are kept)
#include "trained.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "files.h"
#include "notes.h"
#include "onnx_file.h"

namespace chainrule::cli {
namespace {

constexpr const char* kMissingWord = "missing";  // what read_csv makes of a cell of words without a value

std::vector<InputColumn> columns_from(const nlohmann::json& all) {
  std::vector<InputColumn> columns;
  for (const nlohmann::json& one : all) {
    columns.push_back({one.at("name"), one.at("words"), one.at("code")});
    if (one.contains("usual") && one["usual"].is_number()) columns.back().usual = one["usual"];
  }
  return columns;
}

void take_note(Trained& trained, const std::string& key, const std::string& text) {
  if (key == kRun) {
    config::read(trained.experiment, config::parse_toml(text, trained.path));
    trained.has_experiment = true;
  } else if (key == kScaler) {
    trained.scaler = config::make<data::Scaler>(config::parse_text(text, trained.path));
  } else if (key == kColumns) {
    trained.columns = columns_from(nlohmann::json::parse(text));
  } else if (key == kInput) {
    trained.input = nlohmann::json::parse(text).get<std::vector<std::int64_t>>();
  }
}

[[noreturn]] void refuse_column(const std::string& path, const InputColumn& column, const std::string& why) {
  throw ValueError(346, fmt::format("[predict] {}: column '{}' {}", path, column.name, why));
}

/// The first row, counted from 1 below the names of the columns, that has the i-th word.
std::ptrdiff_t row_of(const data::TableColumn& column, std::size_t i) {
  const auto& rows = column.numbers;
  return std::find(rows.begin(), rows.end(), static_cast<double>(i)) - rows.begin() + 1;
}

/// Which of the known words each row has; NaN where it has none.
/// @param gap  the word that stands for none; empty if there is no such word.
std::vector<double> places_of(const data::TableColumn& column, const InputColumn& known,
                              const std::string& path, std::string_view gap = "") {
  std::vector<double> place_of_word;
  for (const std::string& word : column.words) {
    const auto at = std::find(known.words.begin(), known.words.end(), word);
    if (!gap.empty() && word == gap) {
      place_of_word.push_back(std::nan(""));
      continue;
    }
    if (at == known.words.end()) {
      refuse_column(path, known,
                    fmt::format("has the word '{}' in row {}, which the net has not seen. It knows {}.", word,
                                row_of(column, place_of_word.size()), fmt::join(known.words, ", ")));
    }
    place_of_word.push_back(static_cast<double>(at - known.words.begin()));
  }
  std::vector<double> places;
  for (const double number : column.numbers)
    places.push_back(place_of_word[static_cast<std::size_t>(number)]);
  return places;
}

const data::TableColumn& find_column(const data::Table& table, const InputColumn& known,
                                     const std::string& path) {
  const data::TableColumn& column = table[known.name];
  if (!known.words.empty() != column.has_words()) {
    if (!column.has_words()) refuse_column(path, known, "has numbers, the net needs words.");
    refuse_column(
        path, known,
        fmt::format("has '{}' in row {}, the net needs numbers.", column.words[0], row_of(column, 0)));
  }
  return column;
}

/// Class numbers as the net counts them, or the numbers themselves.
Tensor targets_of(const Trained& trained, const data::Table& table, const std::string& path) {
  const InputColumn target{trained.experiment.data.csv.target, trained.model.options.classes, true};
  const data::TableColumn& column = find_column(table, target, path);
  const std::int64_t rows = table.rows();
  if (target.words.empty()) {
    return cast(from_data(column.numbers, {rows, 1}), trained.experiment.data.csv.dtype);
  }
  std::vector<std::int64_t> classes;
  for (const double place : places_of(column, target, path)) {
    classes.push_back(static_cast<std::int64_t>(place));
  }
  return from_data(classes, {rows});
}

/// As in training: the same columns are words. Others of the file are passed over, whatever is in them.
data::CsvOptions csv_options(const Trained& trained, bool with_target, Gaps gaps) {
  data::CsvOptions options = trained.experiment.data.csv;
  const std::string target = std::exchange(options.target, "");
  options.codes = {}, options.ignore = {}, options.only = {}, options.words = {};
  const auto read = [&](const std::string& name, bool has_words) {
    options.only.push_back(name);
    if (has_words) options.words.push_back(name);
    if (has_words) options.codes.push_back(name);  // any number of them: which are known is seen later
  };
  for (const InputColumn& column : trained.columns) read(column.name, !column.words.empty());
  if (with_target) read(target, !trained.model.options.classes.empty());
  const data::Missing in_training = options.missing;
  const bool stays = with_target && in_training != data::Missing::mean;
  if (gaps == Gaps::error) {
    options.missing = data::Missing::error;
  } else if (gaps != Gaps::as_trained || (in_training != data::Missing::value && !stays)) {
    options.missing = data::Missing::value, options.missing_value = std::nan("");  // which marks them
  }
  return options;
}

[[noreturn]] void refuse_table(const Trained& trained, std::string_view command) {
  throw ValueError(346, fmt::format("[{}] {} was not trained on a table; it takes rows of shape ({}).",
                                    command, trained.path, fmt::join(trained.input, ", ")));
}

/// What is known of a file of another program: its rows; and of probabilities, that they are of classes.
void take_for_classifier(Trained& trained) {
  trained.input = onnx_row(*trained.model.net);
  const Shared<nn::Layer> classifier = classifier_of(*trained.model.net);
  if (!classifier) return;
  trained.model.net = classifier;
  const auto parsed = [&](const char* text) { return config::parse_text(text, trained.path); };
  trained.experiment = read_experiment("", {});
  trained.experiment.loss = config::make<loss::Loss>(parsed("softmax_cross_entropy"));
  trained.experiment.metrics = {config::make<metric::Metric>(parsed("accuracy"))};
  trained.has_experiment = true;
  if (trained.input.size() != 1) return;
  const auto side = std::llround(std::sqrt(static_cast<double>(trained.input[0])));
  if (side * side == trained.input[0]) trained.input = {1, side, side};  // a picture as a row
}

}  // namespace

namespace {

/// A model; files of tensors that are none are told apart in words of the tool.
Model load_named_model(const std::string& path) {
  try {
    return load_model(path);
  } catch (const FileError& error) {
    constexpr int kNoNet = 245;
    if (error.code() != kNoNet) throw;
    const std::filesystem::path file(path);
    const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
    if (file.filename().string().starts_with("checkpoint-")) {
      throw FileError(357, fmt::format("[model] {} is a checkpoint, which does not say what net it is of. "
                                       "Name its run: {}.",
                                       path, folder));
    }
    throw FileError(357, fmt::format("[model] {} does not say what net its tensors are of: no program of "
                                     "Chainrule saved it as a model. chainrule info lists what it holds.",
                                     path));
  }
}

/// Whether a folder of a run is none of `chainrule train`, which keeps its options.
bool is_of_a_program(const std::string& folder) {
  std::error_code ignored;
  const std::string path = folder + "/run.toml";
  if (!std::filesystem::exists(path, ignored)) return false;
  try {
    return config::parse_toml(io::read_file(path), path).find("options") == nullptr;
  } catch (const Error&) {  // no TOML
    return false;
  }
}

}  // namespace

Trained load_trained(const std::string& name) {
  Trained trained;
  std::error_code ignored;
  const bool is_run = std::filesystem::is_directory(name, ignored);
  trained.path = is_run ? fmt::format("{}/{}", name, kModelFile) : name;
  if (is_run && !std::filesystem::exists(trained.path, ignored)) {
    if (is_of_a_program(name)) {
      throw FileError(345,
                      fmt::format("[model] {} has no model.safetensors: it is the folder of a training in a "
                                  "program, as fit keeps it. Save the net there, in Python with "
                                  "cr.save(path, net), in C++ with save(path, net), and name that file.",
                                  name));
    }
    throw FileError(345, fmt::format("[model] {} has no model.safetensors: no run in it has come to an end. "
                                     "`chainrule train --resume {}` goes on.",
                                     name, name));
  }
  trained.model = is_onnx(trained.path) ? load_onnx_file(trained.path) : load_named_model(trained.path);
  try {
    for (const auto& [key, text] : trained.model.options.notes) take_note(trained, key, text);
  } catch (const std::exception&) {  // what it holds is no JSON, TOML, or a setting that is not known
    throw FileError(344, fmt::format("[model] {}: what it says of its run cannot be read. Was it changed, or "
                                     "made by a newer version? Save it anew.",
                                     trained.path));
  }
  if (!trained.has_experiment && is_onnx(trained.path)) take_for_classifier(trained);
  trained.experiment.net = trained.model.net;
  return trained;
}

Tensor inputs_of(const Trained& trained, const data::Table& table, const std::string& path,
                 std::vector<bool>* gaps) {
  std::int64_t features = 0;
  for (const InputColumn& column : trained.columns) {
    features += column.words.empty() || column.as_code ? 1 : static_cast<std::int64_t>(column.words.size());
  }
  const std::int64_t rows = table.rows();
  std::vector<double> numbers(static_cast<std::size_t>(rows * features));
  if (gaps != nullptr) gaps->assign(static_cast<std::size_t>(rows), false);
  // Only then is "missing" among the words that the net knows not one of the table's own.
  const bool fills_gaps = trained.experiment.data.csv.missing == data::Missing::value;
  std::size_t first = 0;  // of the column's numbers in a row
  for (const InputColumn& known : trained.columns) {
    const data::TableColumn& column = find_column(table, known, path);
    const bool one_hot = !known.words.empty() && !known.as_code;
    const bool knows_gap =
        std::find(known.words.begin(), known.words.end(), kMissingWord) != known.words.end();
    const bool may_have_gaps = gaps != nullptr && (!knows_gap || fills_gaps);
    const std::vector<double> values =
        known.words.empty() ? column.numbers
                            : places_of(column, known, path, may_have_gaps ? kMissingWord : "");
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      double* at = &numbers[row * static_cast<std::size_t>(features) + first];
      const bool is_gap = std::isnan(values[row]);
      if (is_gap && gaps != nullptr) (*gaps)[row] = true;
      const double value = is_gap ? known.usual : values[row];
      if (!one_hot) {
        *at = value;
      } else if (!std::isnan(value)) {
        at[static_cast<std::size_t>(value)] = 1;
      }
    }
    first += one_hot ? known.words.size() : 1;
  }
  return cast(from_data(numbers, {rows, features}), trained.experiment.data.csv.dtype);
}

namespace {

/// What the model asks for is right: where data do not have it, such as a column, they are an input that
/// cannot be read, and no wrong setting.
template <class F>
auto read_for_model(F read) {
  try {
    return read();
  } catch (const ValueError& error) {
    const int number = error.code();
    if (!(number >= 270 && number <= 299) && !(number >= 460 && number <= 479)) throw;
    std::string message = error.what();
    message.resize(message.rfind(" (E"));
    throw FileError(number, message);
  }
}

/// @throws ValueError  for rows of a shape that the net does not take (E346).
void check_shape(const Trained& trained, const data::Source& rows, const std::string& name) {
  const Shape& shape = rows.columns()[0].shape;
  if (trained.input.empty() || shape == Shape(trained.input) || rows.rows() == 0) return;
  try {
    static_cast<void>(trained.model.predict(rows.take({0})[0]));
  } catch (const Error&) {
    throw ValueError(346,
                     fmt::format("[data] {} has rows of shape {}; the net in {} takes {}. Give data of that "
                                 "shape.",
                                 name, shape.to_string(), trained.path, Shape(trained.input).to_string()));
  }
}

}  // namespace

data::Table read_new_table(const Trained& trained, const std::string& path, bool with_target, Gaps gaps) {
  if (trained.columns.empty()) refuse_table(trained, "predict");
  const data::CsvOptions options = csv_options(trained, with_target, gaps);
  return read_for_model([&] {
    if (path != "-") return data::read_csv(path, options);
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    return data::parse_csv(text, options, "stdin");
  });
}

LoadedData load_for(const Trained& trained, const std::string& name, const std::string& dir) {
  DataSettings settings = trained.experiment.data;
  if (!name.empty()) {
    settings.name = name;
    if (kind_of(name) != DataKind::set) settings.test = settings.validation = 0;  // all of its rows
  }
  if (!dir.empty()) settings.dir = dir;
  if (trained.input.size() == 3) {
    settings.pictures.grey = trained.input[0] == 1;
    settings.pictures.height = trained.input[1], settings.pictures.width = trained.input[2];
  }
  settings.scale = Scale::none;  // the model has its own
  return read_for_model([&] {
    LoadedData data = load_data(settings, trained.experiment.seed, trained.model.options.classes);
    check_shape(trained, data.train, settings.name);
    return data;
  });
}

ModelRows rows_for(const Trained& trained, const std::string& name, const std::string& dir,
                   std::string_view command) {
  if (!trained.has_experiment) {
    throw ValueError(
        347, fmt::format("[{}] {} does not say how it was trained: neither loss nor metrics are known. "
                         "Take a model that chainrule train saved.",
                         command, trained.path));
  }
  ModelRows rows;
  const std::string shown = name.empty() ? trained.experiment.data.name : name;
  const bool is_table = !name.empty() && kind_of(name) == DataKind::table;
  if (is_table && trained.columns.empty()) refuse_table(trained, command);
  if (!name.empty() && !is_table && !trained.columns.empty()) {
    std::vector<std::string> columns;
    for (const InputColumn& column : trained.columns) columns.push_back(column.name);
    throw ValueError(346,
                     fmt::format("[{}] {} was trained on a table, '{}' is none. Give a .csv file with the "
                                 "columns {}, and {}.",
                                 command, trained.path, name, fmt::join(columns, ", "),
                                 trained.experiment.data.csv.target));
  }
  if (is_table) {
    const data::Table table = read_new_table(trained, name, true);
    std::vector<bool> gaps;  // which training would have filled
    const bool as_mean = trained.experiment.data.csv.missing == data::Missing::mean;
    rows.source = data::arrays(inputs_of(trained, table, name, as_mean ? &gaps : nullptr),
                               targets_of(trained, table, name));
  } else {
    rows.data = load_for(trained, name, dir);
    const LoadedData& data = rows.data;
    const bool is_file = !name.empty() && kind_of(name) != DataKind::set;
    rows.source = data.test ? data.test : data.validation ? data.validation : data.train;
    rows.part = data.test ? "test" : data.validation ? "validation" : is_file ? "" : "training";
  }
  rows.described =
      fmt::format("{}: {}{}{} rows", shown, rows.source.rows(), rows.part.empty() ? "" : " ", rows.part);
  rows.data.scaler = trained.scaler;
  return rows;
}

std::vector<train::Measure> measure_on(const Trained& trained, const std::string& name,
                                       const std::string& dir, std::string& described) {
  const ModelRows rows = rows_for(trained, name, dir, "eval");
  described = rows.described;
  return train::measure(make_task(trained.experiment, rows.data), rows.source);
}

}  // namespace chainrule::cli
