// Convolution: by hand, as a matrix product, and as a layer that finds its own filters.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// Each output is the sum of a window times the kernel.
void by_hand() {
  const Tensor x = reshape(arange(9, f64), {1, 1, 3, 3}), w = tensor({3, 2, 1, 0}, {1, 1, 2, 2}, f64);
  std::printf("by hand:");
  const auto pixel = x.data<double>(), weight = w.data<double>();
  for (const std::size_t corner : {0, 1, 3, 4}) {
    std::printf(" %g", pixel[corner] * weight[0] + pixel[corner + 1] * weight[1] +
                           pixel[corner + 3] * weight[2] + pixel[corner + 4] * weight[3]);
  }

  const Tensor columns = unfold(x, 2);  // im2col: (1, 4, 4), a window a column
  const Tensor product = matmul(reshape(w, {1, 4}), columns);
  std::printf("\nim2col:\n%s\n", columns.to_string().c_str());
  std::printf("weights times columns: %s\n", product.to_string().c_str());
  std::printf("conv2d: %s\n\n", conv2d(x, w).to_string().c_str());
}

/// An image, and what two filters for edges make of it.
void edges(const Tensor& image, const learn::Pictures& pictures) {
  const Tensor upright = tensor({-1, 0, 1, -2, 0, 2, -1, 0, 1}, {1, 1, 3, 3}),
               lying = transpose(upright, 2, 3);
  plot::Figure figure{.title = "filters that find edges", .columns = 5};
  const auto plane = [](const Tensor& x) { return select(select(x, 0), 0); };
  figure.tiles = {learn::image(plane(image), "an image"), learn::weight(plane(upright), "filter"),
                  learn::weight(plane(conv2d(image, upright)), "upright"),
                  learn::weight(plane(lying), "filter"), learn::weight(plane(conv2d(image, lying)), "lying")};
  pictures.save("edges", figure);
}

/// How the filters of a first layer, (N, 1, h, w), look.
plot::Figure filters_of(const char* title, const Tensor& weight) {
  plot::Figure figure{.title = title, .columns = 5};
  for (std::int64_t i = 0; i < weight.size(0); ++i) {
    figure.tiles.push_back(learn::weight(select(select(weight, i), 0)));
  }
  return figure;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  by_hand();
  const data::Dataset mnist = learn::images("mnist");
  const data::Source train = data::subset(mnist.train, 0, 10000), test = data::subset(mnist.test, 0, 2000);
  edges(train.take({5})[0], pictures);

  nn::SimpleConvNet net(nn::SimpleConvNet::Options{.filters = 15});
  net.build(train.take({0})[0]);
  const Tensor before = detach(net.parameter("W1").value());
  nn::LeNet lenet;
  lenet.pool = nn::PoolKind::max;
  const train::FitOptions how{.epochs = 3, .lr = 0.003, .batch_size = 50};
  train::fit(net, loss::softmax_cross_entropy, train, how);
  train::fit(lenet, loss::softmax_cross_entropy, train, how);
  std::printf("test digits after three epochs of 10000 images: SimpleConvNet %.3f, LeNet %.3f\n",
              train::evaluate(net, test, metric::accuracy), train::evaluate(lenet, test, metric::accuracy));

  pictures.save("filters", std::vector{filters_of("first values", before),
                                       filters_of("after training", net.parameter("W1").value())});
  const plot::Subject subject{.model = {net.clone(), {}}, .rows = test};
  const std::vector<plot::Figure> maps =
      plot::Features().draw(subject).figures;  // image, conv2d1, relu1, ...
  pictures.save("maps", std::vector{maps[0], maps[2]});

  plot::Figure six = filters_of("LeNet's first filters", lenet.parameters()[0].parameter.value());
  std::vector<plot::Figure> deeper =
      plot::Features().draw({.model = {lenet.clone(), {}}, .rows = test}).figures;  // conv2d1, tanh1, ...
  six.columns = deeper[2].columns = 3, deeper[5].columns = 4;
  pictures.save("lenet", std::vector{six, deeper[2], deeper[5]});
}
