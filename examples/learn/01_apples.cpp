// Shopping as a net of layers: forward gives the bill, backward says what each price and each count adds to
// it.
#include <chainrule/explain.h>
#include <chainrule/nn.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

double number(const Tensor& x) { return x.item(); }

void apples() {
  const Tensor apple = scalar(100, f64), count = scalar(2, f64), tax = scalar(1.1, f64);
  nn::Mul apple_layer, tax_layer;
  const Tensor price = tax_layer.forward(apple_layer.forward(apple, count), tax);
  const auto [d_apples, d_tax] = tax_layer.backward();
  const auto [d_apple, d_count] = apple_layer.backward(d_apples);
  std::printf("two apples cost %.6g\n", number(price));
  std::printf("slopes: apple %.6g, count %.6g, tax %.6g\n\n", number(d_apple), number(d_count),
              number(d_tax));
}

void apples_and_oranges() {
  const Tensor apple = scalar(100, f64), apples = scalar(2, f64);
  const Tensor orange = scalar(150, f64), oranges = scalar(3, f64), tax = scalar(1.1, f64);

  nn::Mul apple_layer, orange_layer, tax_layer;
  nn::Add add_layer;
  const Tensor all_apples = apple_layer.forward(apple, apples);
  const Tensor all_oranges = orange_layer.forward(orange, oranges);
  const Tensor all = add_layer.forward(all_apples, all_oranges);
  const Tensor price = tax_layer.forward(all, tax);

  const auto [d_all, d_tax] = tax_layer.backward();
  const auto [d_all_apples, d_all_oranges] = add_layer.backward(d_all);
  const auto [d_orange, d_oranges] = orange_layer.backward(d_all_oranges);
  const auto [d_apple, d_apples] = apple_layer.backward(d_all_apples);

  std::printf("with three oranges it is %.6g\n", number(price));
  std::printf("slopes: apple %.6g, apples %.6g, orange %.6g, oranges %.6g, tax %.6g\n", number(d_apple),
              number(d_apples), number(d_orange), number(d_oranges), number(d_tax));
}

int main(int argc, char** argv) {
  apples();
  apples_and_oranges();

  const auto bill =
      explain::trace("(apple * apples + orange * oranges) * tax",
                     {{"apple", 100}, {"apples", 2}, {"orange", 150}, {"oranges", 3}, {"tax", 1.1}});
  learn::Pictures(argc, argv).save_svg("bill", explain::to_svg(bill));
}
