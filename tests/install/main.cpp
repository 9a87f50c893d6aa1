// Uses an installed chainrule as a program outside of this project does. Prints "ok" if all is as expected.
#include <chainrule/chainrule.h>
#include <chainrule/io.h>

#include <iostream>
#include <string>

namespace {

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "not as expected: " << what << '\n';
  ++failures;
}

void shapes_and_errors_cross_the_library() {
  const chainrule::Shape shape{32, 784};
  expect(shape.numel() == 25088, "numel of (32, 784)");
  expect(shape.to_string() == "(32, 784)", "the text of (32, 784)");
  try {
    chainrule::Shape({2, -1});
    expect(false, "a negative size is refused");
  } catch (const chainrule::ShapeError& error) {
    expect(error.code() == 1, "the number of the error");
    expect(std::string(error.what()).find("(E001)") != std::string::npos, "the number in the message");
  }
}

void a_net_learns_an_image() {
  chainrule::data::ImageSet set;
  set.count = set.height = 1;
  set.width = 4;
  set.pixels = {0, 255, 0, 255};
  set.labels = {1};
  const auto [x, t] = chainrule::data::images(set, {.flat = true}).take({0});
  chainrule::nn::TwoLayerNet net({.input = 4, .hidden = 2, .output = 2});
  chainrule::optim::Optimizer optimizer(net, "adam");
  const double before = optimizer.step(net.loss(x, t));
  expect(net.loss(x, t).item() < before, "a step makes the loss smaller");
}

void tensors_are_written_and_read() {
  const chainrule::NamedTensors weights{{"w", chainrule::tensor({1, 2})}};
  expect(chainrule::io::parse_npz(chainrule::io::npz_bytes(weights))["w"].data<float>()[1] == 2, "an .npz");
  const std::string bytes = chainrule::io::safetensors_bytes(weights);
  expect(chainrule::io::parse_safetensors(bytes).tensors.contains("w"), "a .safetensors");
}

}  // namespace

int main() {
  shapes_and_errors_cross_the_library();
  a_net_learns_an_image();
  tensors_are_written_and_read();
  if (failures == 0) std::cout << "ok\n";
  return failures;
}
