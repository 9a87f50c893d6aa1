// Activation functions and their slopes, each from the function alone: the slope is asked of the library.
#include <chainrule/error.h>
#include <chainrule/grad.h>
#include <chainrule/ops.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

struct Activation {
  const char* name;
  Tensor (*f)(const Tensor& x);
};

constexpr Activation kActivations[] = {
    {"unit step", [](const Tensor& x) { return cast(x > 0, f64); }},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }},
    {"tanh", [](const Tensor& x) { return tanh(x); }},
    {"relu", [](const Tensor& x) { return relu(x); }},
    {"leaky relu", [](const Tensor& x) { return leaky_relu(x, 0.1); }},
    {"elu", [](const Tensor& x) { return elu(x); }},
    {"softplus", [](const Tensor& x) { return softplus(x); }},
    {"silu", [](const Tensor& x) { return silu(x); }},
    {"gelu", [](const Tensor& x) { return gelu(x); }},
};

/// The slope at each of many places: each result depends on its own place alone, so that the gradient of
/// their sum has all slopes. A step has none, not even 0.
Tensor slopes(const Activation& of, const Tensor& x) {
  try {
    return grad(sum(of.f(x)), x);
  } catch (const NotDifferentiable&) {
    return zeros(x.shape(), f64);
  }
}

int main(int argc, char** argv) {
  std::vector<plot::Figure> figures;
  std::printf("%-10s %9s %9s %9s   %9s %9s %9s\n", "", "f(-2)", "f(0)", "f(2)", "f'(-2)", "f'(0)", "f'(2)");
  for (const Activation& one : kActivations) {
    const Tensor x = tensor({-2, 0, 2}, f64);
    std::printf("%-10s", one.name);
    for (const double y : one.f(x).to_vector()) std::printf(" %9.6f", y);
    std::printf("  ");
    for (const double y : slopes(one, x).to_vector()) std::printf(" %9.6f", y);
    std::printf("\n");

    plot::Figure figure{.title = one.name, .x = {.label = "x"}};
    figure.series = {plot::curve(one.f, -4, 4, "f"),
                     plot::curve([&](const Tensor& places) { return slopes(one, places); }, -4, 4, "slope")};
    figures.push_back(figure);
  }
  learn::Pictures(argc, argv).save("activations", figures);

  std::printf("\n");
  for (const std::size_t i : {1, 2, 3}) {
    const Tensor x = scalar(1, f64);
    Tensor y = x;
    for (int layer = 0; layer < 10; ++layer) y = kActivations[i].f(y);
    std::printf("slope of ten %s, one in another, at 1: %.3g\n", kActivations[i].name, grad(y, x).item());
  }
}
