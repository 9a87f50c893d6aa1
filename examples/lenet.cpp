// A convolutional net on MNIST: data, training, evaluation, saving.   lenet [SEED] [EPOCHS] [SET]
#include <chainrule/chainrule.h>

#include <cstdlib>
#include <iostream>
using namespace chainrule;

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const Duration length = epochs(argc > 2 ? std::atof(argv[2]) : 5);
  const auto mnist = data::load(argc > 3 ? argv[3] : "mnist");  // "digits" needs no file
  nn::Sequential net{nn::Conv2d{8, 5}, nn::Relu{},       nn::MaxPool2d{2}, nn::Conv2d{16, 5},
                     nn::Relu{},       nn::MaxPool2d{2}, nn::Flatten{},    nn::Affine{32},
                     nn::BatchNorm{},  nn::Relu{},       nn::Affine{10}};
  optim::Optimizer optimizer(net, optim::Momentum{.momentum = 0.9}, {.lr = optim::cosine(0.1, length)});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {mnist.train, {.batch_size = 128, .seed = seed}}, {.seed = seed});
  trainer.on(epochs(1), train::evaluate(mnist.test)).on(epochs(1), train::report());
  std::cout << trainer.run(length) << "\n";
  save("lenet.safetensors", net, {.classes = mnist.class_names});
}
