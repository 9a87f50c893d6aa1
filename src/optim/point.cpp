// Functions of tensors as functions of numbers in a row.
#include "optim/point.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::optim {

Numbers64 FlatFunction::start() const {
  Numbers64 x;
  for (const Tensor& tensor : start_) {
    const Numbers64 part = tensor.to_vector();
    x.insert(x.end(), part.begin(), part.end());
  }
  return x;
}

std::vector<Tensor> FlatFunction::at(const Numbers64& x) const {
  std::vector<Tensor> tensors;
  auto begin = x.begin();
  for (const Tensor& like : start_) {
    const auto end = begin + static_cast<std::ptrdiff_t>(like.numel());
    tensors.push_back(detach(cast(from_data(Numbers64(begin, end), like.shape()), like.dtype())));
    begin = end;
  }
  return tensors;
}

Tensor FlatFunction::call(const Numbers64& x, std::vector<Tensor>& variables) {
  ++evaluations_;
  variables = at(x);
  return f_(variables);
}

namespace {

void append(Numbers64& all, const Tensor& tensor) {
  const Numbers64 part = tensor.to_vector();
  all.insert(all.end(), part.begin(), part.end());
}

}  // namespace

/// A derivative by variables on which the function does not depend: grad's error, without the option that it
/// names, which minimize has not.
template <class F>
auto FlatFunction::derivative(F f) const {
  try {
    return f();
  } catch (const ValueError& error) {
    if (error.code() != 31) throw;
    const std::string_view text = error.what();
    const std::size_t begin = text.find("variable "), end = text.find(". Was it");
    throw ValueError(31, message(cat("the function does not depend on ", text.substr(begin, end - begin),
                                     ". Leave it out of the start, or let the function use it.")));
  }
}

FlatFunction::Slope FlatFunction::slope(const Numbers64& x) {
  std::vector<Tensor> variables;
  const Tensor loss = call(x, variables);
  std::vector<Tensor> all = derivative([&] { return grad(loss, variables, {}, where_); });
  all.push_back(loss);
  evaluate(all);
  Slope found{all.back().item(), {}};
  all.pop_back();
  for (const Tensor& gradient : all) append(found.gradient, gradient);
  return found;
}

// One product of the Jacobian for each parameter, or one with its transpose for each residual if there are
// fewer of those.
FlatFunction::Residuals FlatFunction::residuals(const Numbers64& x, bool with_derivatives) {
  std::vector<Tensor> variables;
  const Tensor r = reshape(call(x, variables), {-1});
  Residuals found{r.to_vector(), 0, {}};
  found.sum = dot(found.values, found.values);
  if (!with_derivatives) return found;
  const std::size_t count = found.values.size();
  if (x.size() <= count) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      Numbers64 unit(x.size());
      unit[j] = 1;
      append(found.derivatives, derivative([&] { return jvp(r, variables, at(unit), {}, where_); }));
    }
    return found;
  }
  found.derivatives.resize(count * x.size());
  for (std::size_t i = 0; i < count; ++i) {
    Numbers64 unit(count), row;
    unit[i] = 1;
    const Tensor cotangent = cast(from_data(unit, r.shape()), r.dtype());
    const auto parts = derivative([&] { return vjp(r, variables, cotangent, {}, where_); });
    for (const Tensor& part : parts) append(row, part);
    for (std::size_t j = 0; j < x.size(); ++j) found.derivatives[j * count + i] = row[j];
  }
  return found;
}

bool are_finite(const Numbers64& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

std::string FlatFunction::message(const std::string& what) const {
  return cat("[minimize] ", what, Origin{where_}.to_string());
}

void FlatFunction::require_finite(double value, const Numbers64& derivatives) const {
  if (!std::isfinite(value)) {
    throw ValueError(411,
                     message(cat("the function is ", value, " at the start. Start where it is finite.")));
  }
  for (const double slope : derivatives) {
    if (std::isfinite(slope)) continue;
    throw ValueError(411, message(cat("a derivative of the function is ", slope,
                                      " at the start. Start where all are finite.")));
  }
}

std::ostream& operator<<(std::ostream& out, const Minimum& found) {
  return out << found.value << " after " << found.iterations << " iterations and " << found.evaluations
             << " evaluations: " << found.reason;
}

const Tensor& Minimum::x() const {
  static const Tensor none;
  return at.empty() ? none : at.front();
}

}  // namespace chainrule::optim
