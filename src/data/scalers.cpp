// What scalers do; how they are fitted is in fit_scaler.cpp.
#include "chainrule/data/scaler.h"

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "data/columns.h"

namespace chainrule {
template <>
Registry& registry<data::Scaler>() {
  static Registry all = [] {
    using namespace data;
    Registry list("scaler");
#define CHAINRULE_SCALER(Name) list.add<Name>();
#include "data/scaler_list.def"
#undef CHAINRULE_SCALER
    return list;
  }();
  return all;
}
}  // namespace chainrule

namespace chainrule::data {
namespace {

/// How many numbers of a row, one after another, share shift and spread.
std::int64_t run_of(const Info& info, const Line& line, const Shape& row) {
  const auto count = static_cast<std::int64_t>(line.shift.size());
  const bool fits = line.spread.size() == line.shift.size() &&
                    (count == 1 || count == row.numel() || (row.ndim() > 0 && count == row[0]));
  if (!fits) {
    throw ValueError(279, cat("[", info.name, "] fitted for ", count, " numbers, but a row has the shape ",
                              row, ". Give rows like those it was fitted on."));
  }
  return count == 0 ? 0 : row.numel() / count;
}

/// The settings as a tensor that broadcasts against rows of this shape.
Tensor spread_out(const std::vector<double>& values, const Shape& row, DType dtype) {
  std::vector<std::int64_t> sizes(row.begin(), row.end());
  const auto count = static_cast<std::int64_t>(values.size());
  if (count != row.numel()) {
    for (std::size_t axis = count == 1 ? 0 : 1; axis < sizes.size(); ++axis) sizes[axis] = 1;
  }
  if (dtype == f64) return from_data(values, Shape(sizes));
  return from_data(std::vector<float>(values.begin(), values.end()), Shape(sizes));
}

template <class F>
Tensor apply(const Info& info, const Line& line, const Tensor& x, F formula) {
  if (line.shift.empty()) return x;
  if (x.ndim() < 1) throw ValueError(279, cat("[", info.name, "] a scalar; need rows, (N, ...)."));
  const Shape row = without_rows(x.shape());
  run_of(info, line, row);
  const Tensor numbers = is_floating(x.dtype()) ? x : cast(x, f32);
  return formula(numbers, spread_out(line.shift, row, numbers.dtype()),
                 spread_out(line.spread, row, numbers.dtype()));
}

Tensor forward(const Info& info, const Line& line, const Tensor& x) {
  return apply(info, line, x, [](const Tensor& v, const Tensor& shift, const Tensor& spread) {
    return (v - shift) / spread;
  });
}

Tensor backward(const Info& info, const Line& line, const Tensor& x) {
  return apply(info, line, x,
               [](const Tensor& v, const Tensor& shift, const Tensor& spread) { return v * spread + shift; });
}

/// A source scaled where its rows are gathered, to the bits that the tensors of its rows are scaled to.
class Scaled : public Rows {
 public:
  Scaled(const Info& info, const Source& from, Line inputs, Line targets)
      : Rows(from.rows(), from.inside()->shared_columns()),
        from_(from.inside()),
        inputs_{std::move(inputs), 0},
        targets_{std::move(targets), 0} {
    if (!inputs_.line.shift.empty()) inputs_.run = run_of(info, inputs_.line, columns().front().shape);
    if (!targets_.line.shift.empty()) targets_.run = run_of(info, targets_.line, columns().back().shape);
  }

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    from_->gather(rows, out);
    inputs_.scale(out.front());
    targets_.scale(out.back());
  }
  std::int64_t origin(std::int64_t row) const override { return from_->origin(row); }

 private:
  struct Part {
    Line line;
    std::int64_t run;  // how many numbers in a row share shift and spread

    void scale(const Array& array) const {
      if (line.shift.empty() || array.numel() == 0) return;
      with_floating(array.dtype, [&]<class T>(std::type_identity<T>) {
        T* at = array.as<T>();
        T* const end = at + array.numel();
        while (at < end) {
          for (std::size_t k = 0; k < line.shift.size(); ++k) {
            const T shift = static_cast<T>(line.shift[k]), spread = static_cast<T>(line.spread[k]);
            for (T* const stop = at + run; at < stop; ++at) *at = (*at - shift) / spread;
          }
        }
      });
    }
  };

  Shared<const Rows> from_;
  Part inputs_, targets_;
};

Source as_floating(const Source& source, bool with_target) {
  const auto is_fine = [](const Column& column) { return is_floating(column.dtype); };
  if (is_fine(source.columns().front()) && (!with_target || is_fine(source.columns().back()))) return source;
  return map(source, [with_target](Batch b) {
    if (!is_floating(b[0].dtype())) b[0] = cast(b[0], f32);
    Tensor& last = b[b.size() - 1];
    if (with_target && !is_floating(last.dtype())) last = cast(last, f32);
    return b;
  });
}

/// A spread of what may be constant.
double not_zero(double spread) { return spread == 0 ? 1 : spread; }

using Sizes = std::vector<std::int64_t>;

void shape_fields(Fields& f, Sizes& shape, Sizes& target_shape) {
  f("shape", shape, "of the numbers of the inputs, to broadcast against a row; empty: a list", at_least(1));
  f("target_shape", target_shape, "of those of the targets", at_least(1));
}

Line line_of(const std::vector<double>& mean, const std::vector<double>& deviation, const Sizes& shape) {
  Line line{mean, deviation, shape};
  for (double& spread : line.spread) spread = not_zero(spread);
  return line;
}

Line line_of(const std::vector<double>& smallest, const std::vector<double>& largest, const Sizes& shape,
             double low, double high) {
  Line line;
  line.shape = shape;
  for (std::size_t i = 0; i < std::min(smallest.size(), largest.size()); ++i) {
    line.spread.push_back(not_zero((largest[i] - smallest[i]) / (high - low)));
    line.shift.push_back(smallest[i] - low * line.spread[i]);
  }
  return line;
}

}  // namespace

Tensor Scaler::operator()(const Tensor& x) const { return forward(info(), inputs(), x); }
Tensor Scaler::target(const Tensor& t) const { return forward(info(), targets(), t); }
Tensor Scaler::inverse(const Tensor& t) const { return backward(info(), targets(), t); }
Tensor Scaler::inverse_inputs(const Tensor& x) const { return backward(info(), inputs(), x); }

Source Scaler::operator()(const Source& source) const {
  const Line target = source.target() != nullptr ? targets() : Line();
  return Scaled(info(), as_floating(source, !target.shift.empty()), inputs(), target);
}

void Standardize::fields(Fields& f) {
  f("mean", mean, "of the inputs");
  f("deviation", deviation, "of the inputs", at_least(0));
  f("target_mean", target_mean, "of the targets, if they are scaled");
  f("target_deviation", target_deviation, "of the targets", at_least(0));
  shape_fields(f, shape, target_shape);
}
void MinMax::fields(Fields& f) {
  f("low", low, "where the smallest value goes");
  f("high", high, "where the largest value goes");
  f("smallest", smallest, "of the inputs");
  f("largest", largest, "of the inputs");
  f("target_smallest", target_smallest, "of the targets, if they are scaled");
  f("target_largest", target_largest, "of the targets");
  shape_fields(f, shape, target_shape);
}

Line Standardize::inputs() const { return line_of(mean, deviation, shape); }
Line Standardize::targets() const { return line_of(target_mean, target_deviation, target_shape); }
Line MinMax::inputs() const { return line_of(smallest, largest, shape, low, high); }
Line MinMax::targets() const { return line_of(target_smallest, target_largest, target_shape, low, high); }

}  // namespace chainrule::data
