#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"

namespace chainrule {

/// A net that has a name, in a size in which it is quick to try.
struct NamedNet {
  std::string name;
  std::function<Shared<nn::Layer>()> make;
  std::function<std::vector<Tensor>()> inputs;  ///< a batch of 4
};
std::ostream& operator<<(std::ostream& out, const NamedNet& net);

/// Layers that read sequences: each kind, with what it can be given.
std::vector<NamedNet> recurrent_nets();
/// These, and nets of all kinds.
std::vector<NamedNet> named_nets();

}  // namespace chainrule
