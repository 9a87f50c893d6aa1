#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/data/scaler.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

/// Mean, deviation and bounds of many numbers at once, one pass: mean and sum of squares by Welford's update
/// (Knuth, The Art of Computer Programming 2, 4.2.2), so that a large mean costs no digits.
class Measured {
 public:
  Measured(const Info& info, const Column& column, Per per) : info_(info), column_(column) {
    const std::int64_t size = column.shape.numel();
    const std::int64_t count = per == Per::feature                              ? size
                               : per == Per::channel && column.shape.ndim() > 0 ? column.shape[0]
                                                                                : 1;
    run_ = count > 0 ? size / count : 0;
    if (count > 1 && column.shape.ndim() > 1) {
      shape_.assign(column.shape.begin(), column.shape.end());
      if (per == Per::channel) std::fill(shape_.begin() + 1, shape_.end(), 1);
    }
    const auto n = static_cast<std::size_t>(count);
    mean_.assign(n, 0), squares_.assign(n, 0), counts_.assign(n, 0);
    smallest_.assign(n, std::numeric_limits<double>::infinity());
    largest_.assign(n, -std::numeric_limits<double>::infinity());
  }

  void add(const Tensor& rows, std::int64_t first_row) {
    const std::vector<double> numbers = rows.to_vector<double>();
    const double* at = numbers.data();
    for (std::int64_t row = 0; row < rows.shape()[0]; ++row) {
      for (std::size_t k = 0; k < mean_.size(); ++k) {
        for (std::int64_t i = 0; i < run_; ++i, ++at) {
          if (!std::isfinite(*at)) refuse(*at, first_row + row, static_cast<std::int64_t>(k) * run_ + i);
          add(*at, k);
        }
      }
    }
  }

  const std::vector<std::int64_t>& shape() const { return shape_; }  // of the following
  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& smallest() const { return smallest_; }
  const std::vector<double>& largest() const { return largest_; }
  std::vector<double> deviation() const {
    std::vector<double> deviation;
    for (std::size_t k = 0; k < mean_.size(); ++k) deviation.push_back(std::sqrt(squares_[k] / counts_[k]));
    return deviation;
  }

 private:
  void add(double x, std::size_t k) {
    const double from_mean = x - mean_[k];
    mean_[k] += from_mean / ++counts_[k];
    squares_[k] += from_mean * (x - mean_[k]);
    smallest_[k] = std::min(smallest_[k], x);
    largest_[k] = std::max(largest_[k], x);
  }

  [[noreturn]] void refuse(double x, std::int64_t row, std::int64_t in_row) const {
    const auto place = static_cast<std::size_t>(in_row);
    const std::string which =
        place < column_.features.size() ? cat(", '", column_.features[place], "'") : cat(", number ", in_row);
    throw ValueError(278, cat("[", info_.name, "] row ", row, " of '", column_.name, "'", which, ": ", x,
                              "; need finite numbers. Drop the row, or fill it."));
  }

  const Info& info_;
  const Column& column_;
  std::int64_t run_ = 1;  // how many numbers in a row are measured together
  std::vector<std::int64_t> shape_;
  std::vector<double> mean_, squares_, counts_, smallest_, largest_;
};

struct Fit {
  Measured inputs, target;
};

Fit fit(const Info& info, const Source& source, const ScalerOptions& options) {
  if (source.rows() < 1)
    throw ValueError(278, cat("[", info.name, "] the source has no rows; need at least one."));
  const Column* target = source.target();
  if (options.target && (target == nullptr || !is_floating(target->dtype))) {
    throw ValueError(
        278,
        cat("[", info.name, "] a target of real numbers is to be scaled, but this source has ",
            target ? cat("'", target->name, "' ", name_of(target->dtype)) : "none", ". Leave target out."));
  }
  Fit fit{{info, source.columns().front(), options.per}, {info, source.columns().back(), Per::feature}};
  std::int64_t row = 0;
  for (const Batch& batch : blocks(source)) {
    fit.inputs.add(batch[0], row);
    if (options.target) fit.target.add(batch.target(), row);
    row += batch.rows();
  }
  return fit;
}

}  // namespace

Standardize standardize(const Source& source, const ScalerOptions& options) {
  const Fit found = fit(Standardize::kInfo, source, options);
  Standardize scaler;
  scaler.mean = found.inputs.mean(), scaler.deviation = found.inputs.deviation();
  scaler.shape = found.inputs.shape();
  if (options.target) {
    scaler.target_mean = found.target.mean(), scaler.target_deviation = found.target.deviation();
    scaler.target_shape = found.target.shape();
  }
  return scaler;
}

MinMax min_max(const Source& source, const ScalerOptions& options) { return min_max(source, 0, 1, options); }

MinMax min_max(const Source& source, double low, double high, const ScalerOptions& options) {
  if (!(low < high) || !std::isfinite(high - low)) {
    throw ValueError(278, cat("[min_max] to the range from ", low, " to ", high, "; need low < high."));
  }
  const Fit found = fit(MinMax::kInfo, source, options);
  MinMax scaler;
  scaler.low = low, scaler.high = high;
  scaler.smallest = found.inputs.smallest(), scaler.largest = found.inputs.largest();
  scaler.shape = found.inputs.shape();
  if (options.target) {
    scaler.target_smallest = found.target.smallest(), scaler.target_largest = found.target.largest();
    scaler.target_shape = found.target.shape();
  }
  return scaler;
}

}  // namespace chainrule::data
