#include "dist/small_run.h"

#include <algorithm>
#include <filesystem>

#include "chainrule/chainrule.h"
#include "chainrule/data/on_disk.h"
#include "core/text.h"
#include "train/stripes.h"

namespace chainrule::dist {
namespace {

struct Made {
  Shared<nn::Layer> net;
  loss::AnyLoss loss = loss::softmax_cross_entropy;
  data::Source train, test;
};

Made made(const SmallRun& wanted) {
  const std::string& name = wanted.net;
  Made run{.net = {}, .train = train::stripes(230, 1), .test = train::stripes(1500, 2)};
  if (name == "file") {
    run.train = wanted.on_disk ? data::open_npz(wanted.file) : data::read_npz(wanted.file);
    run.test = data::subset(run.train, 0, 1500);
  }
  if (name == "two_layer" || name == "file") {
    run.net = Shared<nn::Layer>(new nn::Sequential{nn::Flatten{}, nn::Affine{12}, nn::Relu{}, nn::Affine{4}});
  } else if (name == "lenet") {
    run.net = Shared<nn::Layer>(
        new nn::Sequential{nn::Conv2d{4, 3}, nn::BatchNorm{}, nn::Relu{}, nn::MaxPool2d{2}, nn::Flatten{},
                           nn::Affine{8}, nn::BatchNorm{}, nn::Relu{}, nn::Dropout{0.3}, nn::Affine{4}});
  } else {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "the cat sat on the mat. "[static_cast<std::size_t>(i * i) % 24];
    const auto alphabet = data::Alphabet::of(text);
    run.train = run.test = data::windows(text, alphabet, {.length = 8});
    nn::CharGpt::Options options{.vocabulary = alphabet.size()};
    options.channels = 16, options.heads = 2, options.layers = 1, options.block = 8, options.dropout = 0.2;
    run.net = Shared<nn::Layer>(new nn::CharGpt(options));
    run.loss = nn::token_loss;
  }
  return run;
}

}  // namespace

std::string train_small(const SmallRun& run) {
  const Made what = made(run);
  optim::Optimizer optimizer(*what.net, optim::Adam{}, {.lr = run.lr, .clip_norm = 1});
  train::Task::Metrics metrics;
  if (run.net != "gpt") metrics = {metric::accuracy};
  train::Trainer trainer(
      {*what.net, what.loss, metrics}, optimizer,
      {what.train, {.batch_size = run.batch_size, .seed = 3, .transforms = {}}},
      {.seed = 7, .shards = run.shards, .sync_batch_norm = run.sync_batch_norm, .team = run.team});
  trainer.on(steps(5), train::evaluate(what.test, {.batch_size = 100}));
  if (run.after_step != nullptr) trainer.on(steps(1), [&](train::Trainer& t) { run.after_step(t); });
  if (!run.folder.empty()) {
    if (std::filesystem::exists(run.folder + "/run.toml")) trainer.resume(run.folder);
    trainer.on(steps(1), train::checkpoint(run.folder));
  }
  trainer.run(steps(run.steps));
  std::string text = cat(run.net, " ", io::checksum(trainer.tensors()));
  for (train::Report report : trainer.history()) {
    report.seconds = 0;
    text += "\n" + train::to_json(report);
  }
  return text + "\n";
}

}  // namespace chainrule::dist
