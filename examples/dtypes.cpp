// Numbers kept in half the memory: moved as they are, computed in f32. Prints what dtypes.txt holds.
#include <chainrule/chainrule.h>

#include <iostream>

using namespace chainrule;

int main() {
  std::cout << tensor({0.1, 1, 70000}, f16) << "\n" << tensor({0.1, 1, 70000}, bf16) << "\n";

  const Tensor table = cast(reshape(arange(8), {4, 2}) / 4, f16);
  const Tensor rows = take(table, tensor({3, 0}, i32));  // only moved: f16
  std::cout << rows << "\n" << rows * 2 << "\n";         // computed: f32
  std::cout << grad(sum(square(rows)), table) << "\n";   // gradients are f32

  nn::Affine net(1);
  net.build(ones({1, 2}));
  net.weight.set_value(tensor({0.1, 0.2}, {2, 1}));
  keep_weights(net, bf16);
  std::cout << net.weight.value() << "\n" << net.predict(ones({1, 2})) << "\n";
}
