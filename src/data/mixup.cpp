#include <algorithm>
#include <cmath>
#include <cstring>

#include "chainrule/data/augment.h"
#include "data/transform_checks.h"

namespace chainrule::data {
namespace {

/// The logarithm of a number drawn from Gamma(shape, 1). Marsaglia, Tsang: A simple method for generating
/// gamma variables, 2000; below a shape of 1 by their section 6, here in logarithms, so that nothing
/// underflows.
double log_gamma_drawn(double shape, Random& random) {
  const auto log_uniform = [&] { return std::log(1 - random.uniform()); };
  if (shape < 1) {
    const double whole = log_gamma_drawn(shape + 1, random);
    return whole + log_uniform() / shape;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double z = random.normal(), root = 1 + c * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (log_uniform() < z * z / 2 + d - d * v + d * std::log(v)) return std::log(d) + std::log(v);
  }
}

/// Drawn from Beta(alpha, alpha): of two numbers from Gamma(alpha, 1), the share of one in their sum.
double beta_drawn(double alpha, Random& random) {
  const double a = log_gamma_drawn(alpha, random), b = log_gamma_drawn(alpha, random);
  return 1 / (1 + std::exp(b - a));
}

bool has_classes(const Column& target) { return !is_floating(target.dtype); }

template <class T>
void mix(const T* a, const T* b, T* out, std::int64_t count, double share) {
  const T part = static_cast<T>(share), rest = static_cast<T>(1 - share);
  for (std::int64_t i = 0; i < count; ++i) out[i] = part * a[i] + rest * b[i];
}

std::int64_t class_of(const Array& target, std::size_t row, std::int64_t classes) {
  const std::int64_t number = target.dtype == u8        ? target.as<std::uint8_t>()[row]
                              : target.dtype == boolean ? target.as<bool>()[row]
                                                        : target.as<std::int64_t>()[row];
  if (number >= 0 && number < classes) return number;
  throw ValueError(277, cat("[mixup] a target is class ", number, "; need 0 to ", classes - 1,
                            ". Set classes to how many there are."));
}

}  // namespace

Mixup::Mixup(double shape, std::int64_t count) : alpha(shape), classes(count) {}
void Mixup::fields(Fields& f) {
  f("alpha", alpha, "of the Beta distribution of the shares", between(0.001, 1000));
  f("classes", classes, "of the target; 0: as many as are known by name", between(0, 1 << 20));
}

std::vector<Column> Mixup::columns(std::span<const Column> before) const {
  need_floating(kInfo, before[0]);
  need_setting(alpha >= 0.001 && alpha <= 1000, kInfo, "alpha", alpha, "0.001 to 1000");
  need_setting(classes >= 0 && classes <= 1 << 20, kInfo, "classes", classes, "0 to 1048576");
  std::vector<Column> columns(before.begin(), before.end());
  Column& target = columns.back();
  if (columns.size() < 2 || !has_classes(target)) return columns;
  const std::int64_t count = classes > 0 ? classes : static_cast<std::int64_t>(target.classes.size());
  if (target.shape.numel() != 1 || count == 0) {
    throw ValueError(277, cat("[mixup] the target '", target.name, "' is ", target.shape, " ", target.dtype,
                              count == 0 ? " of nobody knows how many classes" : "",
                              "; need one class number a row. Set classes to how many there are."));
  }
  target.features =
      target.classes.size() == static_cast<std::size_t>(count) ? target.classes : std::vector<std::string>();
  target.classes.clear();
  target.dtype = columns[0].dtype;
  target.shape = {count};
  return columns;
}

void Mixup::make(std::span<const Array> rows, std::span<const Array> partners, std::span<const Array> out,
                 const Draw& draw) const {
  for (std::size_t i = 1; i < rows.size(); ++i) {  // what is neither input nor target stays
    const std::size_t bytes = static_cast<std::size_t>(rows[i].numel()) * size_of(rows[i].dtype);
    if (i + 1 < rows.size() && bytes > 0) std::memcpy(out[i].data, rows[i].data, bytes);
  }
  const bool has_target = rows.size() > 1;
  const Array &target = rows.back(), &other = partners.back(), &soft = out.back();
  const std::int64_t size = row_size(rows[0]), wide = row_size(soft);
  with_floating(rows[0].dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      const double share = beta_drawn(alpha, random);
      const auto row = static_cast<std::int64_t>(i);
      mix(rows[0].as<T>() + row * size, partners[0].as<T>() + row * size, out[0].as<T>() + row * size, size,
          share);
      if (!has_target) continue;
      if (is_floating(target.dtype)) {
        with_floating(target.dtype, [&]<class U>(std::type_identity<U>) {
          mix(target.as<U>() + row * wide, other.as<U>() + row * wide, soft.as<U>() + row * wide, wide,
              share);
        });
      } else {
        T* shares = soft.as<T>() + row * wide;
        std::fill(shares, shares + wide, T(0));
        shares[class_of(target, i, wide)] += static_cast<T>(share);
        shares[class_of(other, i, wide)] += static_cast<T>(1 - share);
      }
    }
  });
}

}  // namespace chainrule::data
