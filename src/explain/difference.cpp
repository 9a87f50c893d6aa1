// Two sets of tensors, element by element.
#include "chainrule/explain/difference.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/text.h"

namespace chainrule::explain {
namespace {

bool are_same(double a, double b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0 || (std::isnan(a) && std::isnan(b));
}

double root_mean_square(const std::vector<double>& numbers) {
  double squares = 0;
  std::int64_t count = 0;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    squares += x * x;
    ++count;
  }
  return count > 0 ? std::sqrt(squares / static_cast<double>(count)) : 0;
}

bool is_transposed(const Shape& a, const Shape& b) {
  return a.ndim() == 2 && b.ndim() == 2 && a[0] == b[1] && a[1] == b[0];
}

TensorDifference compare(const std::string& name, const Tensor& a, const Tensor& b, double tolerance) {
  TensorDifference made{.name = name};
  if (a.shape() != b.shape()) {
    made.problem = cat("shape ", a.shape(), " against ", b.shape(),
                       is_transposed(a.shape(), b.shape()) ? ": is one transposed?" : "");
    return made;
  }
  if (has_gradient(a.dtype()) != has_gradient(b.dtype())) {
    made.problem = cat(name_of(a.dtype()), " against ", name_of(b.dtype()));
    return made;
  }
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  const double typical = std::max(root_mean_square(x), root_mean_square(y));
  made.count = static_cast<std::int64_t>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (are_same(x[i], y[i])) {
      ++made.equal_bits;
      continue;
    }
    if (x[i] == y[i]) continue;  // 0 and -0
    const double larger = std::max(std::abs(x[i]), std::abs(y[i]));
    double apart = std::abs(x[i] - y[i]);
    if (std::isnan(apart)) apart = std::numeric_limits<double>::infinity();
    made.beyond += !(apart <= tolerance * std::max(larger, typical)) || std::isinf(apart);
    made.largest_relative = std::max(made.largest_relative, std::isinf(apart) ? apart : apart / larger);
    if (made.element >= 0 && apart <= made.largest) continue;
    made.largest = apart;
    made.element = static_cast<std::int64_t>(i);
    made.a = x[i], made.b = y[i];
  }
  return made;
}

}  // namespace

std::vector<TensorDifference> differences(const NamedTensors& a, const NamedTensors& b, double tolerance) {
  std::vector<TensorDifference> all;
  for (const auto& [name, tensor] : a) {
    const Tensor* other = b.find(name);
    all.push_back(other != nullptr ? compare(name, tensor, *other, tolerance)
                                   : TensorDifference{.name = name, .problem = "only in the first"});
  }
  for (const auto& [name, tensor] : b) {
    if (!a.contains(name)) all.push_back({.name = name, .problem = "only in the second"});
  }
  return all;
}

TraceName read_trace_name(const std::string& text) {
  constexpr std::string_view kStep = "step";
  const std::size_t slash = text.find('/');
  TraceName made{-1, text};
  if (slash == std::string::npos || !text.starts_with(kStep)) return made;
  const char *begin = text.data() + kStep.size(), *end = text.data() + slash;
  std::int64_t step = 0;
  const auto read = std::from_chars(begin, end, step);
  if (read.ec != std::errc() || read.ptr != end || step < 0) return made;
  return {step, text.substr(slash + 1)};
}

}  // namespace chainrule::explain
