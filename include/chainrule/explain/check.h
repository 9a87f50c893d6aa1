#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/explain/net.h"

// Whether the gradients of a net are right: parameter by parameter against differences of the loss.
namespace chainrule::explain {

struct NetCheckOptions {
  std::int64_t elements = 10;  ///< of each parameter, drawn; beside them all of it along a random direction
  double tolerance = 1e-5;     ///< largest relative error that passes
  std::uint64_t seed = 1;      ///< of what is drawn
  std::string broken{};        ///< a parameter whose gradient is made wrong by 1 %, to see a check fail
};

/// A parameter's gradient against differences.
struct ParameterCheck {
  std::string path;
  Shape shape;
  std::int64_t compared = 0;  ///< derivatives, that along the direction included
  std::int64_t unseen = 0;    ///< where no step tells anything: a kink, or rounding
  bool differs = false;
  /// The largest error: at which element (-1: along the direction), by backpropagation and by differences.
  std::int64_t element = -1;
  double analytic = 0, numeric = 0, relative_error = 0;
};

struct NetCheck {
  std::vector<ParameterCheck> parameters{};
  /// Where one differs: the first operation of the loss's graph whose own derivative is wrong, and its layer.
  std::string culprit{};

  bool differs() const;
  /// Whether something could be compared of each parameter.
  bool is_complete() const;
};

/// Checks the gradients of a net in f64 as training computes them. Changes nothing in the net.
/// @param loss  called many times, with a pass of the same numbers each time.
/// @throws ValueError  if a parameter is not f64 (E386), or `broken` is none (E381).
NetCheck check_net(const nn::Layer& net, NetLoss loss, const NetCheckOptions& options = {},
                   const NetOptions& pass = {.training = true});

}  // namespace chainrule::explain
