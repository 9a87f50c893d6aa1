#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/optim/minimize.h"

namespace chainrule::optim {

using Numbers64 = std::vector<double>;

inline double dot(const Numbers64& a, const Numbers64& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// A function of tensors as one of their numbers in a row.
class FlatFunction {
 public:
  /// @param where  the line that messages name.
  FlatFunction(Objective f, std::span<const Tensor> start, Location where)
      : f_(f), start_(start.begin(), start.end()), where_(where) {}

  Numbers64 start() const;
  /// The tensors with these numbers.
  std::vector<Tensor> at(const Numbers64& x) const;

  struct Slope {
    double value = 0;
    Numbers64 gradient;
  };
  /// Of a loss.
  Slope slope(const Numbers64& x);

  struct Residuals {
    Numbers64 values;
    double sum = 0;         // of their squares
    Numbers64 derivatives;  // (parameters, residuals): column after column; empty if not asked for
  };
  Residuals residuals(const Numbers64& x, bool with_derivatives);
  std::int64_t evaluations() const { return evaluations_; }

  /// @throws ValueError  if the function, or a derivative of it, is not finite at the start (E411).
  void require_finite(double value, const Numbers64& derivatives) const;
  /// Of an error: "[minimize] what. Called from fit.cpp:12."
  std::string message(const std::string& what) const;

 private:
  Tensor call(const Numbers64& x, std::vector<Tensor>& variables);
  template <class F>
  auto derivative(F f) const;

  Objective f_;
  std::vector<Tensor> start_;
  Location where_;
  std::int64_t evaluations_ = 0;
};

bool are_finite(const Numbers64& numbers);

}  // namespace chainrule::optim
