#pragma once

#include <ostream>
#include <string_view>

#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule::testing {

/// An elementwise function to measure: an operation of the table, or one made of operations.
struct Measured {
  std::string_view name;
  int arity = 1;
  Ulp stated;
  const OpRow* row = nullptr;
  Tensor (*call)(const Tensor&) = nullptr;
  bool cancels = false;  // the error is in units of the larger of argument and result

  Tensor operator()(const Tensor& a, const Tensor& b) const;
};

std::ostream& operator<<(std::ostream& out, const Measured& f);

/// Every elementwise function whose result is a floating number.
std::vector<Measured> measured_functions();

/// The largest error found, in ULP, and where.
struct Worst {
  double ulp = -1;
  double a = 0, b = 0, y = 0;
};
std::ostream& operator<<(std::ostream& out, const Worst& worst);

/// By fast kernels, or by the reference, over numbers of every magnitude. f32: one bit pattern in `stride`
/// against double; f64: `count` random numbers against long double.
/// @throws std::out_of_range  if accuracy.cpp has no exact function of that name.
Worst measure_f32(const Measured& f, Kernels kernels, std::uint64_t stride);
Worst measure_f64(const Measured& f, Kernels kernels, std::size_t count);

}  // namespace chainrule::testing
