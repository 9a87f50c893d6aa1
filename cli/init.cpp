// chainrule init: writes a commented run.toml.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "commands.h"
#include "exit_code.h"
#include "experiment.h"
#include "files.h"
#include "json_text.h"
#include "output.h"
#include "table_file.h"

namespace chainrule::cli {
namespace {

struct InitOptions {
  std::string file, data = "digits", target;
  bool force = false, json = false;
};

constexpr const char* kHead = R"toml(# Settings of a training run: chainrule train {file} --out run1
# Each key is an option, too: --train.epochs 3. chainrule list settings has them all.

seed = 1   # of the first weights, the order of the rows and what is random in layers

)toml";

constexpr const char* kImageNet =
    R"toml(# Layers one after another; sizes of inputs follow from the data. chainrule list layers says what there is.
[net]
type = "sequential"
layers = [
  "conv2d(16, 3, padding=1)", "relu", "max_pool2d(2)",
  "conv2d(32, 3, padding=1)", "relu", "max_pool2d(2)",
  "affine(32)", "relu",
  "affine({outputs})",   # a number a class
]
)toml";

constexpr const char* kTableNet =
    R"toml(# Layers one after another; sizes of inputs follow from the data. chainrule list layers says what there is.
[net]
type = "sequential"
layers = ["affine(64)", "relu", "affine(64)", "relu", "affine({outputs})"]   # {meaning}
)toml";

constexpr const char* kImageData = R"toml(
[data]
name = "{name}"    # digits (drawn by the program), mnist, ..., or a folder: of a set's files, or of pictures, a folder a class
validation = 0.1   # share of the training rows that is set aside to measure on
# augment = ["shift(2)"]   # what is done to each batch: chainrule list transforms
)toml";

constexpr const char* kGreyPictures = R"toml(
[data.pictures]
grey = true        # one channel, as the pictures looked at have three that are alike
)toml";

constexpr const char* kTableData = R"toml(
[data]
name = "{name}"
test = 0.2         # share of the rows that is set aside to test on
validation = {validation}   # and of the others, to measure on while training
# scale = "auto"   # auto, none, standardize, min_max: numbers of a size that nets learn well from

[data.csv]
target = "{target}"   # what is to be learnt
# The columns: {columns}
{ignore}    # columns to leave out: those with more than 30 different words were
{missing}    # what becomes of a cell without a value: error, drop, mean, value
)toml";

constexpr const char* kArraysData = R"toml(
[data]
name = "{name}"
test = 0.2         # share of the rows that is set aside to test on
validation = {validation}   # and of the others, to measure on while training

[data.npz]         # the arrays: {arrays}
x = "{x}"
t = "{t}"
classes = {classes}   # whether t has classes, or numbers
)toml";

constexpr const char* kText =
    R"toml(# What predicts the next character: char_gpt (a transformer) or char_rnn. chainrule help char_gpt
net = "char_gpt(layers=4, heads=4, channels=128)"

[data]
name = "{name}"
test = 0.1         # share of the text, its end, that is set aside to test on

[data.text]
length = 64        # characters that the net sees at once
lines = false      # true: each line is a row by itself, such as names

[optimizer]
rule = "adamw(decay=0.1)"
lr = "warm_up(steps=100, then=cosine(0.001, steps={steps}))"
clip_norm = 1.0

[train]
steps = {steps}
batch_size = 12
)toml";

constexpr const char* kRest = R"toml(
# loss and metrics follow from the data: {loss}. Others: chainrule list losses, chainrule list metrics.
# loss = "..."   (a line like this belongs above the first [table])

[optimizer]
rule = "adam"      # chainrule list optimizers
lr = 0.001         # a number, or a schedule: "cosine(0.001, 5)". chainrule list schedules
# weight_decay = 1e-4

[train]
epochs = {epochs}
batch_size = {batch}
# patience = 5     # stop after so many epochs in which the validation loss did not get better
# average_decay = 0.999   # keep a moving average of the weights, which often does better than the last ones
)toml";

constexpr const char* kClassLoss = "softmax_cross_entropy and accuracy for classes";
constexpr const char* kNumberLoss = "mse, rmse and r2 for numbers";

std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string>> values) {
  for (const auto& [name, value] : values) {
    const std::string mark = fmt::format("{{{}}}", name);
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
      text.replace(at, mark.size(), value);
  }
  return text;
}

/// A text as TOML writes it.
std::string quoted(const std::string& text) {
  const std::string line = config::to_toml(config::Value::of_table({{"a", config::Value(text)}}));
  return line.substr(5, line.find_last_of('"') - 5);  // a = "..."
}

/// A file that is looked at for the first time, whatever is in its columns.
struct Looked {
  data::Table table;                 // read as the settings will say
  std::vector<std::string> ignored;  // columns of which each row has its own word, or nearly so
  bool has_gaps = false;
};
Looked look_at(const std::string& path, const std::string& target) {
  constexpr std::size_t kMostWords = 30;
  constexpr int kGap = 283;
  data::CsvOptions options{.codes = names_in(path), .missing = data::Missing::value};
  Looked looked{.table = data::read_csv(path, options), .ignored = {}};
  for (const Shared<const data::TableColumn>& column : looked.table.columns()) {
    if (column->words.size() > kMostWords && column->name != target) looked.ignored.push_back(column->name);
  }
  const auto is_ignored = [&](const std::string& name) {
    return std::find(looked.ignored.begin(), looked.ignored.end(), name) != looked.ignored.end();
  };
  std::erase_if(options.codes, is_ignored);
  options.ignore = looked.ignored, options.missing = data::Missing::error;
  try {
    looked.table = data::read_csv(path, options);
  } catch (const FileError& error) {
    if (error.code() != kGap) throw;
    looked.has_gaps = true;
    options.missing = data::Missing::drop;
    looked.table = data::read_csv(path, options);
  }
  return looked;
}

std::string list_text(const std::vector<std::string>& ignored) {
  if (ignored.empty()) return "# ignore = [\"name\"]";
  std::string text;
  for (const std::string& name : ignored)
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", quoted(name));
  return fmt::format("ignore = [{}]", text);
}

/// The share that is set aside to measure on: of a few rows none.
std::string validation_of(std::int64_t rows) { return rows < 10 ? "0.0" : "0.1"; }

std::string for_table(const InitOptions& options) {
  const Looked looked = look_at(options.data, options.target);
  const data::Table& table = looked.table;
  const std::vector<std::string> names = table.names();
  const std::string target = options.target.empty() ? names.back() : options.target;
  const data::TableColumn& column = table[target];
  const bool classes = column.has_words();
  std::string columns;
  for (const std::string& name : names) {
    if (name != target)
      columns += fmt::format("{}{}{}", columns.empty() ? "" : ", ", quoted(name),
                             table[name].has_words() ? " (words)" : "");
  }
  const std::string outputs = std::to_string(classes ? column.words.size() : 1);
  return filled(kTableNet, {{"outputs", outputs},
                            {"meaning", classes ? "a number a class at last" : "one number at last"}}) +
         filled(kTableData, {{"name", quoted(options.data)},
                             {"validation", validation_of(table.rows())},
                             {"target", quoted(target)},
                             {"columns", columns},
                             {"ignore", list_text(looked.ignored)},
                             {"missing", looked.has_gaps ? "missing = \"drop\"" : "# missing = \"drop\""}}) +
         filled(kRest, {{"loss", classes ? kClassLoss : kNumberLoss}, {"epochs", "100"}, {"batch", "32"}});
}

/// Whether the channels of the first pictures are alike.
bool are_grey(const data::Source& pictures) {
  constexpr std::int64_t kLookedAt = 20;
  const Tensor x = pictures.range(0, std::min(kLookedAt, pictures.rows()))[0];
  if (x.ndim() != 4 || x.size(1) != 3) return false;
  const auto channel = [&x](std::int64_t which) { return slice(x, 1, which, which + 1).to_vector(); };
  return channel(0) == channel(1) && channel(0) == channel(2);
}

std::string for_images(const InitOptions& options) {
  DataSettings settings;
  settings.name = options.data;
  std::int64_t classes = 10;
  std::string grey;
  if (options.data != "digits") {
    const LoadedData data = load_data(settings, 1);
    classes = data.class_count;
    if (kind_of(options.data) == DataKind::pictures && are_grey(data.train)) grey = kGreyPictures;
  }
  return filled(kImageNet, {{"outputs", std::to_string(classes)}}) +
         filled(kImageData, {{"name", quoted(options.data)}}) + grey +
         filled(kRest, {{"loss", kClassLoss}, {"epochs", "5"}, {"batch", "128"}});
}

/// Whether numbers look like classes: whole ones, a number a row, of which there are few.
bool look_like_classes(const Tensor& t) {
  constexpr std::size_t kMostClasses = 30;
  if (t.numel() != t.size(0)) return false;
  const std::vector<double> numbers = cast(t, f64).to_vector<double>();
  const std::set<double> different(numbers.begin(), numbers.end());
  return different.size() <= kMostClasses && different.size() * 2 <= numbers.size() &&
         std::all_of(different.begin(), different.end(), [](double x) { return x == std::floor(x); });
}

/// Which of the arrays is the target, and which the input: by their names, else by their order.
std::string for_arrays(const InitOptions& options) {
  const NamedTensors arrays = io::read_npz(options.data);
  std::vector<std::string> names;
  for (const NamedTensor& one : arrays) names.push_back(one.name);
  const auto pick = [&](std::initializer_list<std::string_view> usual, const std::string& other) {
    for (const std::string_view name : usual) {
      if (arrays.contains(name) && name != other) return std::string(name);
    }
    const auto left =
        std::find_if(names.begin(), names.end(), [&](const auto& name) { return name != other; });
    return left != names.end() ? *left : std::string();
  };
  const std::string t =
      options.target.empty() ? pick({"t", "y", "label", "labels", "target", "targets"}, "") : options.target;
  const std::string x = pick({"x", "X", "data", "images", "features"}, t);
  if (x.empty()) {
    throw ValueError(343, fmt::format("[init] {} has {} array{}; need two at least, inputs and a target.",
                                      options.data, names.size(), names.size() == 1 ? "" : "s"));
  }
  DataSettings settings;
  settings.name = options.data;
  settings.npz.x = x, settings.npz.t = t;
  settings.npz.classes = arrays.contains(t) && arrays[t].ndim() > 0 && look_like_classes(arrays[t]);
  const LoadedData data = load_data(settings, 1);
  const bool classes = data.has_classes;
  const Shape& row = data.train.columns()[0].shape;
  const std::int64_t outputs = classes ? data.class_count : data.train.target()->shape.numel();
  const std::string net =
      row.ndim() == 3
          ? filled(kImageNet, {{"outputs", std::to_string(outputs)}})
          : filled(kTableNet, {{"outputs", std::to_string(outputs)},
                               {"meaning", classes ? "a number a class at last" : "the numbers at last"}});
  return net +
         filled(kArraysData, {{"name", quoted(options.data)},
                              {"validation", validation_of(arrays[x].ndim() > 0 ? arrays[x].size(0) : 0)},
                              {"arrays", fmt::format("{}", fmt::join(names, ", "))},
                              {"x", quoted(x)},
                              {"t", quoted(t)},
                              {"classes", classes ? "true" : "false"}}) +
         filled(kRest, {{"loss", classes ? kClassLoss : kNumberLoss}, {"epochs", "20"}, {"batch", "32"}});
}

std::string for_text(const InitOptions& options) {
  return filled(kText, {{"name", quoted(options.data)}, {"steps", "2000"}});
}

int run(const InitOptions& options) {
  std::error_code ignored;
  if (!options.force && std::filesystem::exists(options.file, ignored)) {
    throw FileError(84,
                    fmt::format("[init] {} is there already. Name another file, or replace it with --force.",
                                options.file));
  }
  keep_input(options.file, options.data);
  const DataKind kind = kind_of(options.data);
  const std::string text =
      filled(kHead, {{"file", options.file}}) + (kind == DataKind::table    ? for_table(options)
                                                 : kind == DataKind::arrays ? for_arrays(options)
                                                 : kind == DataKind::text   ? for_text(options)
                                                                            : for_images(options));
  io::replace_file(options.file, text);
  if (options.json) {
    nlohmann::ordered_json all = files_json({options.file}).at(0);
    all["data"] = options.data;
    write_text(stdout, json_text(all));
    return kDone;
  }
  write_text(stdout, fmt::format("{}: settings for {}. Next: chainrule train {} --out run1\n", options.file,
                                 options.data, options.file));
  return kDone;
}

}  // namespace

Command add_init(CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App& init = *app.add_subcommand("init", "Write a commented file of settings to start from");
  init.add_option("FILE", options->file, "the file to write, such as run.toml")->required()->type_name("");
  init.add_option("--data", options->data,
                  "what is to be learnt from: a set, or a .csv file, whose\ncolumns are looked at")
      ->capture_default_str()
      ->type_name("SET");
  init.add_option("--target", options->target, "the column to be learnt (the last one)")->type_name("COLUMN");
  init.add_flag("--force", options->force, "replace FILE if it is there");
  init.add_flag("--json", options->json, "print one JSON document");
  init.footer(
      "Examples:\n"
      "  chainrule init digits.toml\n"
      "  chainrule init cars.toml --data cars.csv --target mpg");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
