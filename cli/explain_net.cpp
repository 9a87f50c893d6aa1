// chainrule explain MODEL: both passes of a trained net on rows of its data, and one weight's part in them.
#include "explain_net.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>
#include <numeric>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/explain.h"
#include "chainrule/explain/net.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "exit_code.h"
#include "explain_batch.h"
#include "files.h"
#include "formats.h"
#include "onnx_file.h"
#include "options.h"
#include "train/checkpoint_file.h"
#include "trained.h"
#include "training.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;
using Rows = std::vector<std::int64_t>;

constexpr std::int64_t kMostRows = 1000;

/// "3", or "0:100" without the last.
Rows read_rows(const std::string& text, std::int64_t count, const std::string& of) {
  const auto refuse = [&](const std::string& what) {
    return ValueError(382, fmt::format("[explain] --sample {}: {}", text, what));
  };
  std::int64_t first = 0, last = 0;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, first);
  last = first + 1;
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == ':')
    read = std::from_chars(read.ptr + 1, end, last);
  if (read.ec != std::errc() || read.ptr != end) throw refuse("need a row, 3, or some rows, 0:100.");
  if (first < 0 || last > count || first >= last) {
    throw refuse(fmt::format("{} has rows from 0 to {}.", of, count - 1));
  }
  if (last - first > kMostRows) throw refuse(fmt::format("{} rows at most.", kMostRows));
  Rows rows(static_cast<std::size_t>(last - first));
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

/// The newest checkpoint of the run that a model belongs to.
train::Checkpoint checkpoint_of(const std::string& model) {
  std::error_code ignored;
  return fs::is_directory(model, ignored) ? train::read_newest(model).checkpoint : train::Checkpoint{};
}

bool has_weights_of(const nn::Layer& net, const NamedTensors& tensors) {
  for (const auto& [name, parameter] : net.parameters()) {
    const Tensor* kept = tensors.find(name);
    if (kept == nullptr || kept->shape() != parameter.value().shape()) return false;
    if (io::Fnv1a().add(*kept).value() != io::Fnv1a().add(parameter.value()).value()) return false;
  }
  return true;
}

/// What stands in a checkpoint under a name.
NamedTensors part(const NamedTensors& all, const std::string& prefix) {
  NamedTensors found;
  for (const auto& [name, tensor] : all) {
    if (name.starts_with(prefix)) found.add(name.substr(prefix.size()), tensor);
  }
  return found;
}

/// A model, the rows it is looked at with, and the optimizer of its run.
class Session {
 public:
  Session(const std::string& model, const ExplainNetOptions& options)
      : options_(options),
        model_(model),
        trained_(load_trained(model)),
        rows_(rows_for(trained_, options.data, options.data_dir, "explain")),
        checkpoint_(checkpoint_of(model)) {
    optimizer_.emplace(*trained_.model.net, trained_.experiment.optimizer.rule,
                       trained_.experiment.optimizer.options);
    options.batch ? take_next_batch() : take_sample();
    task_.emplace(make_task(trained_.experiment, rows_.data));
  }

  NetExplanation explain() {
    NetExplanation made{trained_.path, title(), rows_of_source_, {}, {}, {}, ""};
    explain_batch(made, {*task_, *optimizer_, batch_, mode_, options_.parameter, states_});
    return made;
  }

 private:
  void take_sample() {
    const std::string name = options_.data.empty() ? trained_.experiment.data.name : options_.data;
    const std::string set = rows_.part.empty() ? name : fmt::format("the {} part of {}", rows_.part, name);
    rows_of_source_ = read_rows(options_.sample.empty() ? "0" : options_.sample, rows_.source.rows(), set);
    batch_ = rows_.source.take(rows_of_source_);
    where_ = rows_of_source_.size() == 1
                 ? fmt::format("row {} of {}", rows_of_source_[0], set)
                 : fmt::format("rows {} to {} of {}", rows_of_source_.front(), rows_of_source_.back(), set);
    if (checkpoint_.tensors.empty()) {
      states_ = "no checkpoint is there: the optimizer's states are those of a first step";
    } else if (!has_weights_of(*trained_.model.net, checkpoint_.tensors)) {
      states_ =
          "the checkpoint has other weights (the model is the best one, not the last): "
          "the optimizer's states are those of a first step";
    } else {
      restore();
    }
  }

  void take_next_batch() {
    if (checkpoint_.tensors.empty()) {
      throw ValueError(
          382, fmt::format("[explain] --batch: {} has no checkpoint, so it is not known which step comes "
                           "next. Name a run's folder, or rows with --sample.",
                           model_));
    }
    NamedTensors of_net;
    for (const auto& [name, tensor] : checkpoint_.tensors) {
      if (name.find('/') == std::string::npos) of_net.add(name, tensor);
    }
    load(of_net, *trained_.model.net);
    restore();
    const Experiment& experiment = trained_.experiment;
    data::Loader loader(rows_.data.train, {.batch_size = experiment.train.batch_size,
                                           .seed = experiment.seed,
                                           .order = experiment.train.order,
                                           .transforms = transforms_of(experiment.data)});
    batch_ = loader.at(checkpoint_.step);
    rows_of_source_ = loader.rows(checkpoint_.step);
    where_ = fmt::format("the batch of step {}, {} training rows", checkpoint_.step + 1, batch_.rows());
    mode_ = {.training = true, .seed = experiment.seed, .step = checkpoint_.step};
  }

  void restore() {
    optimizer_->restore(part(checkpoint_.tensors, "optimizer/"));
    if (const Tensor* scale = checkpoint_.tensors.find(kRateScale)) optimizer_->set_lr_scale(scale->item());
    const auto rows = rows_.data.train ? rows_.data.train.rows() : 0;
    if (rows > 0) {
      optimizer_->set_steps_per_epoch(
          data::Loader(rows_.data.train, {.batch_size = trained_.experiment.train.batch_size,
                                          .order = trained_.experiment.train.order})
              .steps_per_epoch());
    }
    states_ = fmt::format("the optimizer's states are those of the checkpoint of step {}", checkpoint_.step);
  }

  /// "run1/model.safetensors, row 3 of the test part of digits: 7, and the net says 7"
  std::string title() {
    const std::string text = fmt::format("{}, {}", trained_.path, where_);
    nn::Pass pass = nn::Pass::inference();
    const train::Outcome outcome = task_->outcome(batch_, pass);
    const Tensor &y = outcome.prediction, &t = outcome.target;
    if (batch_.rows() != 1 || y.is_empty() || t.is_empty()) return text;
    const std::vector<std::string>& classes = trained_.model.options.classes;
    const auto named = [&](std::int64_t number) {
      return number >= 0 && number < static_cast<std::int64_t>(classes.size())
                 ? classes[static_cast<std::size_t>(number)]
                 : std::to_string(number);
    };
    if (t.dtype() == i64 && t.numel() == 1 && y.ndim() == 2) {
      return fmt::format("{}: {}, and the net says {}", text, named(t.to_vector<std::int64_t>()[0]),
                         named(argmax(y, 1).to_vector<std::int64_t>()[0]));
    }
    if (is_floating(t.dtype()) && t.numel() == 1 && y.numel() == 1) {
      return fmt::format("{}: {:.6g}, and the net says {:.6g}", text, t.to_vector()[0], y.to_vector()[0]);
    }
    return text;
  }

  const ExplainNetOptions& options_;
  std::string model_;
  Trained trained_;
  ModelRows rows_;
  train::Checkpoint checkpoint_;
  std::optional<optim::Optimizer> optimizer_;
  std::optional<train::Task> task_;
  data::Batch batch_;
  Rows rows_of_source_;
  std::string where_, states_;
  explain::NetOptions mode_;
};

/// Of a weight; "" where none was asked for.
std::string weight_text(const NetExplanation& made) {
  if (!made.weight) return "";
  return to_text(*made.weight) + "\n" + (made.update ? to_text(*made.update) + "\n" : "") + "(" +
         made.states + ")\n";
}

std::string text_of(const NetExplanation& made) {
  const std::string weight = weight_text(made);
  return made.title + "\n\n" + to_text(made.net) + (weight.empty() ? "" : "\n") + weight;
}

}  // namespace

bool is_model(const std::string& word) {
  std::error_code ignored;
  if (word.ends_with(".safetensors") || is_onnx(word)) return true;
  if (fs::path(word).has_extension() && fs::is_regular_file(word, ignored))
    return true;  // if only to say what is wrong
  if (!fs::is_directory(word, ignored)) return false;
  return word.find('/') != std::string::npos || fs::exists(word + "/run.toml", ignored) ||
         fs::exists(fmt::format("{}/{}", word, kModelFile), ignored);
}

int explain_model(const std::string& model, const ExplainNetOptions& options, const std::string& format,
                  const std::string& out) {
  use_threads(options.threads);
  const NetExplanation made = Session(model, options).explain();
  write_result(out, format == "json"   ? to_json(made)
                    : format == "html" ? to_html(made.net, made.title, weight_text(made))
                                       : text_of(made));
  return kDone;
}

}  // namespace chainrule::cli
