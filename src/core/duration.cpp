#include "chainrule/duration.h"

#include <cmath>

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule {

std::int64_t Duration::in_steps(std::int64_t steps_per_epoch) const {
  if (epochs == 0) return steps;
  if (steps_per_epoch <= 0) {
    throw ValueError(260, cat("[duration] ", epochs,
                              " epochs: nobody has said how many steps an epoch has. Use "
                              "steps(n), or Optimizer::set_steps_per_epoch; a Trainer knows it by itself."));
  }
  return steps + std::llround(epochs * static_cast<double>(steps_per_epoch));
}

}  // namespace chainrule
