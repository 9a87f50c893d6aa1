// Writes a net in the format ONNX with an installed chainrule, and reads it. Prints "ok".
#include <chainrule/nn.h>
#include <chainrule/onnx.h>
#include <chainrule/ops.h>

#include <iostream>

int main() {
  using namespace chainrule;
  nn::Affine net{2};
  const std::string bytes = onnx_bytes(net, zeros({1, 3}));
  std::cout << (load_onnx_bytes(bytes).parameters().size() == 2 ? "ok" : "not ok") << "\n";
}
