#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/config.h"
#include "chainrule/data.h"
#include "chainrule/nn.h"
#include "chainrule/optim.h"
#include "chainrule/train.h"
#include "train/side_options.h"

// What a training run is made of: the keys of run.toml, each also an option. From it come the data, the net
// and the trainer.
namespace chainrule::cli {

enum class Scale : std::uint8_t {
  automatic,    ///< standardize for tables, none for images
  none,         ///< numbers as they are
  standardize,  ///< mean 0 and standard deviation 1
  min_max,      ///< from 0 to 1
};

struct TextSettings {
  std::int64_t length = 64;  // characters of a row
  bool lines = false;        // rows are lines, not windows

  void fields(Fields& f);
};

struct DataSettings {
  std::string name = "digits";
  std::string dir;
  data::CsvOptions csv;
  data::ReadNpzOptions npz;
  data::PicturesOptions pictures;
  TextSettings text;
  double test = 0.2;
  double validation = 0;
  Scale scale = Scale::automatic;
  std::vector<Shared<data::Transform>> augment;
  std::int64_t workers = 0;
  bool on_disk = false;
  bool is_outline = false;  ///< no setting: for a dry run, which reads no rows

  void fields(Fields& f);
};

struct OptimizerSettings {
  optim::AnyRule rule = optim::Adam{};
  optim::Options options;

  void fields(Fields& f);
};

struct TrainSettings : train::SideOptions {
  double epochs = 0;  // 0: not given, as for steps
  std::int64_t steps = 0;
  std::int64_t batch_size = 100;
  std::int64_t shards = 1;
  bool sync_batch_norm = false;
  data::Batches::Order order = data::Batches::Order::shuffled;
  std::int64_t report_every = 0;
  bool measure_train = false;

  void fields(Fields& f);
};

/// What decides the numbers of a run; kept in its run.toml.
struct Experiment {
  std::uint64_t seed = 1;
  Shared<nn::Layer> net;
  Shared<loss::Loss> loss;
  std::vector<Shared<metric::Metric>> metrics;
  DataSettings data;
  OptimizerSettings optimizer;
  TrainSettings train;
  std::int64_t input = 0;  ///< numbers a row, if the net was written with them: "mlp:784-128-10"

  void fields(Fields& f);
};

/// What `chainrule train` does when it is not told more: the books' two-layer net, as they train it.
extern const char* const kBooksRun;

/// A setting as somebody gave it: "--lr 0.1", or "--set train.epochs=3".
struct Given {
  std::string key;     ///< "optimizer.lr"
  std::string text;    ///< "0.1"
  std::string option;  ///< how messages name it: "--lr"
};

/// From a file (empty: the books' run), changed by options.
/// @throws ValueError  naming file or option, if a setting is not known or not allowed.
Experiment read_experiment(const std::string& path, const std::vector<Given>& given);
void apply(Experiment& experiment, const Given& given);

/// The settings that a run's folder keeps. @throws FileError  if it is none (E311).
Experiment read_run(const std::string& folder);
/// The reports that it keeps; none if there are none yet. Half a line at the end, of a run that writes, is
/// left out.
train::History history_of(const std::string& folder);
/// One setting as text, "" if there is none. @param key  "optimizer.lr"
std::string value_of(const config::Settings& of, std::string_view key);
data::Transforms transforms_of(const DataSettings& settings);

/// What a name of data stands for.
enum class DataKind : std::uint8_t { set, table, arrays, pictures, text };
DataKind kind_of(const std::string& name);

/// What is learnt from, ready for a trainer.
struct LoadedData {
  data::Source train, validation, test;                  // validation and test may be empty
  std::vector<Shared<const data::TableColumn>> columns;  // of a table: its inputs
  std::string target;                                    // of a table
  std::string described;  // "mnist: 60000 training and 10000 test images of 28 x 28, 10 classes"
  std::vector<std::string> classes;
  bool has_classes = false;  // the target is a class number
  double bytes = 0;          // that rows which a dry run does not read take in memory
  bool is_text = false;      // at each step of a row; the classes are the symbols
  std::int64_t class_count = 0;
  Shared<data::Scaler> scaler;  // of inputs and of a target that is a number; may be empty
};
/// With `settings.is_outline` only what heads of files tell, with rows that are made up; pictures stay in
/// their files. @param classes  those of a model, in its order, if it is data for one; else none.
/// @throws ValueError  if the data have other classes (E346).
LoadedData load_data(const DataSettings& settings, std::uint64_t seed,
                     const std::vector<std::string>& classes = {});

/// Loss, metrics and the net's last size, where they follow from the data. Targets are left as they are for a
/// loss of classes or probabilities.
void complete(Experiment& experiment, LoadedData& data);

/// How messages name the settings of [train].
inline constexpr train::SideNames kTrainNames{.room = "train", .group = "train.", .reports = "reports"};

/// Net, loss and metrics. A target that is scaled is measured in its own units.
train::Task make_task(const Experiment& experiment, const LoadedData& data);

/// Makes the net's parameters.
/// @throws ShapeError  if its outputs are not what the data ask for (E342).
void build_net(const Experiment& experiment, const LoadedData& data);

/// What stands in a model file beside the net: scaling, classes, columns, and the run that made it.
ModelOptions model_options(const Experiment& experiment, const LoadedData& data);

}  // namespace chainrule::cli
