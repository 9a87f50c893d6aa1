// A program of a project of its own: learns which of two kinds of leaves it has before it.
#include <chainrule/chainrule.h>

#include <iostream>

using namespace chainrule;

int main() {
  // Length and width of leaves in centimetres; 0: willow, 1: lime.
  const Tensor x = tensor({9, 1.5, 10, 2, 8, 1.2, 11, 1.8, 7, 6, 8, 7, 6, 5.5, 9, 8}, {8, 2});
  const data::Source leaves = data::arrays(x, tensor({0, 0, 0, 0, 1, 1, 1, 1}, i64), {"willow", "lime"});
  const auto scaler = data::standardize(leaves);

  auto net = nn::mlp({8, 2});
  train::fit(net, loss::softmax_cross_entropy, scaler(leaves), {.epochs = 100, .lr = 0.05, .seed = 1});
  std::cout << "right: " << train::evaluate(net, scaler(leaves), metric::accuracy) << "\n";

  const Model model{Shared<nn::Layer>(net.copy()),
                    {.classes = leaves.class_names(), .before = scaler.before()}};
  std::cout << "12 cm by 2 cm: " << model.classify(tensor({12, 2}, {1, 2}))[0] << "\n";
}
