// Normalisation, made of other operations.
#include "chainrule/normalize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "ops/composed.h"
#include "ops/elementwise.h"
#include "ops/meta.h"
#include "ops/moments.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// @throws ShapeError E142, ValueError E144
void check(const Tensor& x, int least_ndim, double eps) {
  if (x.ndim() < least_ndim) {
    throw op_error<ShapeError>(142, cat("x ", x.shape(), " has no channels; need (N, C, ...)."));
  }
  if (!(eps >= 0)) throw op_error<ValueError>(144, cat("eps is ", eps, "; it must not be negative."));
}

/// One number for each channel, ready to broadcast against (N, C, ...).
Tensor per_channel(const Tensor& numbers, const Tensor& x, const char* name) {
  const std::int64_t channels = x.shape()[1];
  if (numbers.shape() != Shape{channels}) {
    throw op_error<ShapeError>(142, cat(name, " ", numbers.shape(), " does not fit x ", x.shape(), "; need (",
                                        channels, ",), a number for each channel."));
  }
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim() - 1), 1);
  sizes[0] = channels;
  return reshape(numbers, Shape(std::span<const std::int64_t>(sizes)));
}

Tensor scaled_by_channel(Tensor y, const Tensor& scale, const Tensor& shift) {
  if (!scale.is_empty()) y = y * per_channel(scale, y, "scale");
  if (!shift.is_empty()) y = y + per_channel(shift, y, "shift");
  return y;
}

/// Numbers that broadcast against the axes from `axis` on, and change no size.
Tensor over_last_axes(const Tensor& numbers, const Tensor& x, int axis, const char* name) {
  const Shape& shape = numbers.shape();
  bool fits = shape.ndim() <= x.ndim() - axis;
  for (int i = 1; fits && i <= shape.ndim(); ++i) {
    fits = shape.back(i) == 1 || shape.back(i) == x.shape().back(i);
  }
  if (fits) return numbers;
  throw op_error<ShapeError>(142, cat(name, " ", shape, " does not fit the axes of x ", x.shape(), " from ",
                                      axis, " on; it must broadcast to them."));
}

Axes axes_from(int axis, int ndim) {
  std::vector<int> axes;
  for (; axis < ndim; ++axis) axes.push_back(axis);
  return Axes(std::span<const int>(axes));
}

/// Where eps is 0, it does not cover what tiny numbers lose.
Scaled scaled_for(double eps) { return eps == 0 ? Scaled::tiny_too : Scaled::huge; }

/// eps for numbers that have been scaled: not 0 unless it was, so that equal numbers give 0.
Tensor scaled_eps(double eps, const Tensor& scale) {
  const Constants constants;
  return eps == 0 ? scale * 0.0 : maximum(scale * (scale * eps), smallest_number(scale.dtype()));
}

/// Of each of the elements: the sum divided by their number.
Tensor per_element(const Tensor& sums, const Tensor& x) {
  return sums / (static_cast<double>(x.numel()) / static_cast<double>(sums.numel()));
}

Tensor normalized(const Tensor& x, const Moments& m, double eps) {
  const Tensor deviation = sqrt(per_element(m.squares, x) + scaled_eps(eps, m.scale));
  if (eps == 0) return m.difference / deviation;
  // Numbers that are large and all equal: of a scale whose square times eps is 0, but not its root.
  const Tensor is_flat = m.squares + m.scale * (m.scale * eps) <= 0.0;
  return m.difference / where(is_flat, m.scale * std::sqrt(eps), deviation);
}

Tensor normalized(const Tensor& x, const Axes& axes, double eps) {
  return normalized(x, moments(x, axes, scaled_for(eps)), eps);
}

}  // namespace

BatchNormResult batch_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                           Location where) {
  const OpScope scope("batch_norm", where);
  check(x, 2, eps);
  std::vector<int> axes{0};
  for (int axis = 2; axis < x.ndim(); ++axis) axes.push_back(axis);
  const Moments m = moments(as_floating(x), Axes(std::span<const int>(axes)), scaled_for(eps));
  const Tensor variance = per_element(m.squares, x) / m.scale / m.scale;
  return {scaled_by_channel(normalized(x, m, eps), scale, shift), flatten(m.mean), flatten(variance)};
}

Tensor batch_norm_inference(const Tensor& x, const Tensor& mean, const Tensor& variance, const Tensor& scale,
                            const Tensor& shift, double eps, Location where) {
  const OpScope scope("batch_norm_inference", where);
  check(x, 2, eps);
  const Tensor y =
      (as_floating(x) - per_channel(mean, x, "mean")) / sqrt(per_channel(variance, x, "variance") + eps);
  return scaled_by_channel(y, scale, shift);
}

Tensor layer_norm(const Tensor& x, int axis, const Tensor& scale, const Tensor& shift, double eps,
                  Location where) {
  const OpScope scope("layer_norm", where);
  check(x, 0, eps);
  const int from = checked_axis(axis, x.ndim());
  Tensor y = normalized(as_floating(x), axes_from(from, x.ndim()), eps);
  if (!scale.is_empty()) y = y * over_last_axes(scale, x, from, "scale");
  if (!shift.is_empty()) y = y + over_last_axes(shift, x, from, "shift");
  return y;
}

Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& scale, const Tensor& shift, double eps,
                  Location where) {
  const OpScope scope("group_norm", where);
  check(x, 2, eps);
  const std::int64_t channels = x.shape()[1];
  if (groups < 1 || channels % groups != 0) {
    throw op_error<ValueError>(143,
                               cat(groups, " groups of ", channels, " channels; they must divide them."));
  }
  const std::int64_t each = x.shape()[0] == 0 ? 0 : x.numel() / (x.shape()[0] * groups);
  const Tensor rows = reshape(as_floating(x), Shape{x.shape()[0], groups, each});
  return scaled_by_channel(reshape(normalized(rows, 2, eps), x.shape()), scale, shift);
}

Tensor instance_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, double eps, Location where) {
  const OpScope scope("instance_norm", where);
  check(x, 3, eps);
  return scaled_by_channel(normalized(as_floating(x), axes_from(2, x.ndim()), eps), scale, shift);
}

Tensor rms_norm(const Tensor& x, int axis, const Tensor& scale, double eps, Location where) {
  const OpScope scope("rms_norm", where);
  check(x, 0, eps);
  const int from = checked_axis(axis, x.ndim());
  const Axes axes = axes_from(from, x.ndim());
  const Tensor real = as_floating(x), factor = scale_for_squares(real, axes, scaled_for(eps));
  const Tensor scaled = real * factor;
  const Tensor y = scaled / sqrt(mean(square(scaled), axes, true) + scaled_eps(eps, factor));
  return scale.is_empty() ? y : y * over_last_axes(scale, x, from, "scale");
}

Tensor local_response_norm(const Tensor& x, const LocalResponseOptions& options, Location where) {
  const OpScope scope("local_response_norm", where);
  check(x, 2, 0);
  const std::int64_t size = options.size, n = x.shape()[0], channels = x.shape()[1];
  if (size < 1) throw op_error<ValueError>(430, cat("size is ", size, " channels; it must be at least 1."));
  const Tensor real = as_floating(x);
  if (x.numel() == 0) return real;
  const Tensor planes = reshape(square(real), Shape{n, 1, channels, x.numel() / (n * channels)});
  // Beyond the last channel there is nothing to sum.
  const std::int64_t before = std::min(size / 2, channels), behind = std::min((size - 1) / 2, channels);
  const std::int64_t window = before + behind + 1;
  const Tensor means =
      avg_pool2d(planes, {window, 1},
                 {.stride = 1, .padding = Padding::of({before, 0}, {behind, 0}), .count_include_pad = true});
  const double factor = options.alpha * (static_cast<double>(window) / static_cast<double>(size));
  return real / pow(options.k + factor * reshape(means, x.shape()), options.beta);
}

std::vector<ComposedFunction> normalization_functions() {
  using In = std::span<const Tensor>;
  const SampleInput images{{2, 4, 3}}, rows{{3, 5}}, channels{{4}}, positive{{4}, DType::f64, {0.5, 2}};
  return {
      {"batch_norm",
       "(x - mean) / sqrt(variance + eps) over all axes but 1.",
       {{"batch_norm(x, scale, shift).output",
         [](In in) { return batch_norm(in[0], in[1], in[2]).output; },
         {images, channels, channels}},
        {"batch_norm(x).variance", [](In in) { return batch_norm(in[0]).variance; }, {images}}}},
      {"batch_norm_inference",
       "(x - mean) / sqrt(variance + eps), mean and variance given.",
       {{"batch_norm_inference(x, mean, variance, scale, shift)",
         [](In in) { return batch_norm_inference(in[0], in[1], in[2], in[3], in[4]); },
         {images, channels, positive, channels, channels}}}},
      {"layer_norm",
       "(x - mean) / sqrt(variance + eps) over the last axes.",
       {{"layer_norm(x)", [](In in) { return layer_norm(in[0]); }, {rows}},
        {"layer_norm(x, 1, scale, shift)",
         [](In in) { return layer_norm(in[0], 1, in[1], in[2]); },
         {images, {{4, 3}}, {{3}}}}}},
      {"group_norm",
       "(x - mean) / sqrt(variance + eps) over groups of channels.",
       {{"group_norm(x, 2, scale, shift)",
         [](In in) { return group_norm(in[0], 2, in[1], in[2]); },
         {images, channels, channels}}}},
      {"instance_norm",
       "(x - mean) / sqrt(variance + eps) over positions.",
       {{"instance_norm(x, scale, shift)",
         [](In in) { return instance_norm(in[0], in[1], in[2]); },
         {images, channels, channels}}}},
      {"rms_norm",
       "x / sqrt(mean(x^2) + eps) over the last axes.",
       {{"rms_norm(x)", [](In in) { return rms_norm(in[0]); }, {rows}},
        {"rms_norm(x, 1, scale)", [](In in) { return rms_norm(in[0], 1, in[1]); }, {images, {{3}}}}}},
      {"local_response_norm",
       "x / (k + alpha mean(x^2 of the channels around))^beta.",
       {{"local_response_norm(x, {.size = 3, .alpha = 0.5})",
         [](In in) { return local_response_norm(in[0], {.size = 3, .alpha = 0.5}); },
         {images}},
        {"local_response_norm(x, {.size = 2, .k = 2})",
         [](In in) { return local_response_norm(in[0], {.size = 2, .k = 2}); },
         {{{2, 3}}}}}},
  };
}

}  // namespace chainrule
