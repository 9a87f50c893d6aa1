#pragma once

#include <functional>
#include <vector>

namespace chainrule {

/// What a user does wrong, and the number of the error that follows.
struct Mistake {
  int code;
  std::function<void()> make;
};

/// The examples of docs/errors.md that are about layers.
std::vector<Mistake> layer_mistakes();

}  // namespace chainrule
