#include "chainrule/duration.h"

#include <cmath>

#include "chainrule/error.h"
#include "core/convert.h"
#include "core/text.h"

namespace chainrule {

std::int64_t Duration::in_steps(std::int64_t steps_per_epoch) const {
  if (epochs == 0) return steps;
  if (steps_per_epoch <= 0) {
    throw ValueError(260,
                     cat("[duration] ", epochs,
                         " epochs: nobody has said how many steps an epoch has. Give it in steps instead "
                         "(steps=1000; in C++ steps(1000), or Optimizer::set_steps_per_epoch). A training "
                         "run knows it by itself."));
  }
  const double of_epochs = epochs * static_cast<double>(steps_per_epoch);
  constexpr double kMost = 1e18;
  if (!(of_epochs > -kMost && of_epochs < kMost) || std::abs(static_cast<double>(steps)) > kMost) {
    throw ValueError(261,
                     cat("[duration] ", epochs, " epochs of ", steps_per_epoch, " steps and ", steps,
                         " steps are more than can be counted, or no number. Need fewer than 1e18 steps."));
  }
  return steps + std::llround(of_epochs);
}

}  // namespace chainrule
