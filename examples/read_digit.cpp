// Reads a digit from a picture with a net that another program saved.   read_digit lenet.safetensors
// seven.png
#include <chainrule/chainrule.h>

#include <iostream>

int main(int, char** argv) {
  const chainrule::Model net = chainrule::load_model(argv[1]);
  std::cout << net.classify(chainrule::data::read_image(argv[2], {.grey = true}))[0] << "\n";
}
