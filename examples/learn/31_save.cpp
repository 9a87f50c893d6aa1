// A net in a file, with what belongs to it; weights alone; a run that is stopped and goes on.
#include <chainrule/chainrule.h>

#include <cstdio>

#include "folder.h"

using namespace chainrule;

/// Fruit by weight in grams and length in centimetres: 0 apples, 1 bananas.
data::Source fruit() {
  const Tensor x = tensor({150, 7, 170, 8, 130, 7, 120, 18, 110, 20, 140, 21}, {6, 2});
  return data::arrays(x, tensor({0, 0, 0, 1, 1, 1}, i64), {"apple", "banana"});
}

void save_a_model(const std::string& file) {
  const data::Source rows = fruit();
  const auto scaler = data::standardize(rows);
  auto net = nn::mlp({4, 2});
  train::fit(net, loss::softmax_cross_entropy, scaler(rows), {.epochs = 200, .batch_size = 6});

  save(file, net, {.classes = rows.class_names(), .before = scaler.before(), .notes = {{"unit", "g, cm"}}});
}

void load_it(const std::string& file) {
  const Model model = load_model(file);

  const Tensor unseen = tensor({160, 7.5, 125, 19}, {2, 2});
  const auto names = model.classify(unseen);
  std::printf("the file holds: %s\n", model.net->describe().c_str());
  std::printf("160 g and 7.5 cm: %s; 125 g and 19 cm: %s\n", names[0].c_str(), names[1].c_str());
  std::printf("its note: %s\n\n", model.options.notes[0].second.c_str());
}

void load_weights(const std::string& file) {
  nn::Sequential same{nn::Affine{4}, nn::Relu{}, nn::Affine{2}}, other{nn::Affine{5}, nn::Affine{2}};
  same.build(zeros({1, 2}));
  other.build(zeros({1, 2}));
  load(file, same);
  try {
    load(file, other);
  } catch (const ValueError& error) {
    std::printf("%s\n\n", error.what());
  }
}

/// The program of a run. Where it was stopped, it goes on.
Tensor train_in(const std::string& folder, std::int64_t stop_at) {
  const data::Source rows = fruit();
  nn::Sequential net{nn::Affine{8}, nn::Dropout{0.2}, nn::Relu{}, nn::Affine{2}};
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  train::Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                         {data::standardize(rows)(rows), {.batch_size = 4, .seed = 1}}, {.seed = 1});
  trainer.on(steps(10), train::checkpoint(folder));
  trainer.on(steps(1), [&](train::Trainer& t) {
    if (t.steps_done() == stop_at) t.stop("stopped here");
  });
  std::printf("begins at step %d, ", static_cast<int>(trainer.resume(folder).step));
  trainer.run(steps(100));
  std::printf("ends at step %d\n", static_cast<int>(trainer.steps_done()));
  return net.parameter("affine1.weight").value();
}

int main() {
  const learn::Folder folder;
  save_a_model(folder / "fruit.safetensors");
  load_it(folder / "fruit.safetensors");
  load_weights(folder / "fruit.safetensors");

  train_in(folder / "run1", 37);
  const Tensor interrupted = train_in(folder / "run1", -1), whole = train_in(folder / "run2", -1);
  std::printf("different weights: %d\n",
              static_cast<int>(sum(cast(not_equal(interrupted, whole), f64)).item()));
}
