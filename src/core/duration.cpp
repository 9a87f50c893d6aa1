#include "chainrule/duration.h"

#include <cmath>

#include "chainrule/error.h"
#include "core/convert.h"
#include "core/text.h"

namespace chainrule {

std::int64_t Duration::in_steps(std::int64_t steps_per_epoch) const {
  if (epochs == 0) return steps;
  if (steps_per_epoch <= 0) {
    throw ValueError(260, cat("[duration] ", epochs,
                              " epochs: nobody has said how many steps an epoch has. Use "
                              "steps(n), or Optimizer::set_steps_per_epoch; a Trainer knows it by itself."));
  }
  // A run of 2^63 steps has no end: what would be more is that.
  const double total = static_cast<double>(steps) + std::round(epochs * static_cast<double>(steps_per_epoch));
  return convert<std::int64_t>(total);
}

}  // namespace chainrule
