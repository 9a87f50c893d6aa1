// Max pooling. Its gradient is spread by the numbers of the largest elements within their windows, bytes, so
// that the image need not be kept for it. Taking elements by their numbers and spreading are linear and each
// other's adjoint: derivatives of every order are there.
#include <cassert>

#include "chainrule/array.h"
#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "core/memory.h"
#include "kernels/pool.h"
#include "kernels/ref/pool.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/window.h"

namespace chainrule {
namespace {

/// Which windows, over images of any size.
struct PoolRule {
  WindowRule window;
  Extents kernel = all_axes(1);

  bool operator==(const PoolRule&) const = default;
  template <class V>
  void fields(V visit) const {
    window.fields(visit), visit("kernel", kernel);
  }
  /// @throws ShapeError E120, E123; ValueError E126; DTypeError E015
  Shape pooled(const Meta& x) const {
    require_floating(x);
    require_image(x.shape, 0);
    const Windows windows = over(x.shape);
    require_elements_in(windows);
    return with_spatial(x.shape[0], x.shape[1], windows.out, x.shape.ndim() - 2);
  }
  Windows over(const Shape& x) const { return window.over(spatial_sizes(x), kernel); }
  /// Of the numbers of a window's elements, which count from 0 in memory order: bytes where they can hold
  /// them.
  DType number_dtype() const { return kernel.product() <= 256 ? DType::u8 : DType::i64; }
};

/// Calls `f(floating, number)` with a null pointer of each type.
template <class F>
void with_pool_types(DType floating, DType number, F f) {
  with_floating(floating, [&]<class T>(std::type_identity<T>) {
    number == DType::u8 ? f(static_cast<T*>(nullptr), static_cast<std::uint8_t*>(nullptr))
                        : f(static_cast<T*>(nullptr), static_cast<std::int64_t*>(nullptr));
  });
}

std::int64_t planes_of(const Shape& x) { return x[0] * x[1]; }

/// For rows that have an image as their only input.
template <class Op>
std::vector<Sample> pool_samples(Domain domain);

struct ArgmaxPool;

/// @throws DTypeError E015  unless they are such as argmax_pool gives for results of this shape.
void require_numbers(const PoolRule& rule, const Shape& shape, const Meta& numbers) {
  if (numbers.dtype == rule.number_dtype() && numbers.shape == shape) return;
  throw op_error<DTypeError>(15, cat("needs numbers as argmax_pool gives them, ",
                                     Meta{rule.number_dtype(), shape}, ", got ", numbers, "."));
}

struct MaxPool {
  PoolRule rule;

  static constexpr OpInfo kInfo{
      .name = "max_pool", .doc = "The largest element of each window, or its first NaN.", .ulp = kExact};
  using MakesAlso = ArgmaxPool;
  bool operator==(const MaxPool&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit);
  }
  Meta infer(std::span<const Meta> in) const { return {in[0].dtype, rule.pooled(in[0])}; }
  Gradients vjp(const Vjp& v) const;
  Split split(std::span<const Shape>) const { return {0b1}; }
  template <class F>
  void run_with(const Kernel& k, F pool) const {
    const Shape& x = k.inputs[0].shape;
    with_pool_types(k.output.dtype, rule.number_dtype(), [&]<class T, class Number>(T*, Number*) {
      pool(rule.over(x), planes_of(x), k.inputs[0].as<T>(), k.output.as<T>(), static_cast<Number*>(k.also));
    });
  }
  void run(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_pool_reference(all...); });
  }
  void run_fast(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_pool(all...); });
  }
  static std::vector<Sample> samples() { return pool_samples<MaxPool>({-40, 40}); }
};

struct ArgmaxPool {
  PoolRule rule;

  static constexpr OpInfo kInfo{
      .name = "argmax_pool", .doc = "The number of max_pool's element within its window.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = "its result is an element's number";
  bool operator==(const ArgmaxPool&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit);
  }
  Meta infer(std::span<const Meta> in) const { return {rule.number_dtype(), rule.pooled(in[0])}; }
  Split split(std::span<const Shape>) const { return {0b1}; }
  template <class F>
  void run_with(const Kernel& k, F pool) const {
    const Shape& x = k.inputs[0].shape;
    with_pool_types(k.inputs[0].dtype, k.output.dtype, [&]<class T, class Number>(T*, Number*) {
      pool(rule.over(x), planes_of(x), k.inputs[0].as<T>(), static_cast<T*>(nullptr), k.output.as<Number>());
    });
  }
  void run(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_pool_reference(all...); });
  }
  void run_fast(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_pool(all...); });
  }
  static std::vector<Sample> samples() { return pool_samples<ArgmaxPool>({-3, 3, 1}); }
};

/// The element of each window that has the window's number, 0 for padding: inputs x, numbers.
struct TakeFromWindows {
  PoolRule rule;

  static constexpr OpInfo kInfo{.name = "take_from_windows",
                                .arity = 2,
                                .doc = "Of each window the element of the given number.",
                                .ulp = kExact};
  bool operator==(const TakeFromWindows&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit);
  }
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    require_numbers(rule, rule.pooled(in[0]), in[1]);
    return {in[0].dtype, in[1].shape};
  }
  Gradients vjp(const Vjp& v) const;
  Split split(std::span<const Shape>) const { return {0b11}; }
  template <class F>
  void run_with(const Kernel& k, F take) const {
    const Shape& x = k.inputs[0].shape;
    with_pool_types(k.output.dtype, rule.number_dtype(), [&]<class T, class Number>(T*, Number*) {
      take(rule.over(x), planes_of(x), k.inputs[0].as<T>(), k.inputs[1].as<Number>(), k.output.as<T>());
    });
  }
  void run(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::take_from_windows_reference(all...); });
  }
  void run_fast(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::take_from_windows(all...); });
  }
  static std::vector<Sample> samples();
};

/// The adjoint of take_from_windows, images of size `in`: inputs y, numbers.
struct MaxUnpool {
  PoolRule rule;
  Extents in = all_axes(1);

  static constexpr OpInfo kInfo{
      .name = "max_unpool",
      .arity = 2,
      .doc = "Zeros, to which each window's value is added at the element of the given number."};
  bool operator==(const MaxUnpool&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit), visit("in", in);
  }
  Meta infer(std::span<const Meta> inputs) const {
    require_floating(inputs[0]);
    const Shape& y = inputs[0].shape;
    require_numbers(rule, y, inputs[1]);
    assert(rule.window.over(in, rule.kernel).out == spatial_sizes(y));
    return {inputs[0].dtype, with_spatial(y[0], y[1], in, y.ndim() - 2)};
  }
  Gradients vjp(const Vjp& v) const {
    return {apply(TakeFromWindows{rule}, {v.cotangent, v.inputs[1]}, Location::current()), Tensor()};
  }
  Split split(std::span<const Shape>) const { return {0b11}; }
  template <class F>
  void run_with(const Kernel& k, F unpool) const {
    const Shape& x = k.output.shape;
    with_pool_types(k.output.dtype, rule.number_dtype(), [&]<class T, class Number>(T*, Number*) {
      unpool(rule.over(x), planes_of(x), k.inputs[0].as<T>(), k.inputs[1].as<Number>(), k.output.as<T>());
    });
  }
  void run(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_unpool_reference(all...); });
  }
  void run_fast(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_unpool(all...); });
  }
  static std::vector<Sample> samples();
};

Gradients MaxPool::vjp(const Vjp& v) const {
  const Tensor numbers = apply(ArgmaxPool{rule}, {v.inputs[0]}, Location::current());
  return {apply(MaxUnpool{rule, spatial_sizes(v.inputs[0].shape())}, {v.cotangent, numbers},
                Location::current())};
}

Gradients TakeFromWindows::vjp(const Vjp& v) const {
  return {apply(MaxUnpool{rule, spatial_sizes(v.inputs[0].shape())}, {v.cotangent, v.inputs[1]},
                Location::current()),
          Tensor()};
}

/// Windows of all kinds: with gaps, over the edge, overlapping; squares, whose kernels are others; more
/// elements than a byte can number.
struct PoolCase {
  PoolRule rule;
  Shape x;
};
std::vector<PoolCase> pool_cases() {
  const Extents two{1, 2, 2}, three{1, 3, 3};
  return {{{{{1, 1, 2}}, {1, 1, 3}}, {2, 3, 9}},
          {{{two}, two}, {2, 3, 5, 40}},
          {{{two}, two}, {1, 2, 4, 15}},
          {{{{1, 1, 1}}, three}, {2, 2, 5, 21}},
          {{{{1, 2, 3}, {1, 2, 1}, {0, 1, 1}, {0, 2, 0}}, three}, {1, 2, 6, 8}},
          {{{{2, 1, 1}, {1, 1, 2}, {1, 0, 0}, {0, 0, 0}}, {2, 2, 2}}, {1, 2, 3, 3, 4}},
          {{{{1, 1, 9}}, {1, 1, 257}}, {1, 2, 270}},
          {{{}, two}, {0, 2, 3, 3}}};
}

template <class Op>
std::vector<Sample> pool_samples(Domain domain) {
  const Extents two{1, 2, 2};
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases()) {
    samples.push_back(sample(Op{c.rule}, {{c.x, DType::f64, domain}}));
  }
  samples.push_back(sample(Op{{{}, two}}, {{{3, 3}}}, 120));
  samples.push_back(sample(Op{{{}, two}}, {{{1, 1, 1, 3}}}, 123));
  samples.push_back(sample(Op{{{{1, 1, 1}, {1, 1, 1}, {0, 0, 2}, {0, 0, 0}}, two}}, {{{1, 1, 3, 3}}}, 126));
  return samples;
}

/// Any numbers, those of padding as well.
SampleInput drawn_numbers(const PoolCase& c) {
  const double count = static_cast<double>(c.rule.kernel.product());
  return {c.rule.pooled({DType::f64, c.x}), c.rule.number_dtype(), {0, count}};
}

std::vector<Sample> TakeFromWindows::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases()) {
    samples.push_back(sample(TakeFromWindows{c.rule}, {{c.x}, drawn_numbers(c)}));
  }
  return samples;
}

std::vector<Sample> MaxUnpool::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases()) {
    const SampleInput numbers = drawn_numbers(c);
    samples.push_back(sample(MaxUnpool{c.rule, spatial_sizes(c.x)}, {{numbers.shape}, numbers}));
  }
  return samples;
}

/// @param axes  that there must be; 0: as x has them.
PoolRule checked_rule(const Tensor& x, const Spatial& kernel, const PoolOptions& options, int axes) {
  require_image(x.shape(), axes);
  axes = x.ndim() - 2;
  const Extents in = spatial_sizes(x.shape());
  PoolRule rule;
  rule.kernel = checked_option(kernel, "kernel", axes, 1, 1);
  rule.window = window_rule(options.stride.count() == 0 ? kernel : options.stride, options.padding,
                            options.dilation, in, rule.kernel, axes);
  if (options.ceil_mode) rule.window = rule.window.rounded_up(in, rule.kernel);
  static_cast<void>(
      rule.pooled({computed_as(x.dtype()), x.shape()}));  // errors in the name of the function called
  return rule;
}

Tensor pooled_max(const Tensor& image, const Spatial& kernel, const PoolOptions& options, int axes,
                  Location where) {
  const Tensor x = as_image(image);
  return apply(MaxPool{checked_rule(x, kernel, options, axes)}, {x}, where);
}

/// Along an axis: so many numbers from `first` on, `step` apart, to be broadcast against windows.
Tensor places_along(int axis, std::int64_t count, std::int64_t first, std::int64_t step, int axes) {
  auto places = vector_with_room<std::int64_t>(count);
  for (std::int64_t i = 0; i < count; ++i) places.push_back(first + i * step);
  Extents sizes = all_axes(1);
  sizes[axis] = count;
  return from_data(places, with_spatial(1, 1, sizes, axes));
}

/// Of elements that are given by their numbers within their windows: the places in their images.
Tensor places_of(const Tensor& numbers, const Windows& w) {
  const int axes = numbers.ndim() - 2;
  const Extents apart{w.in[1] * w.in[2], w.in[2], 1};
  Tensor corner, inside;  // where windows begin, and how far from there each element of a window is
  for (int axis = 3 - axes; axis < 3; ++axis) {
    const Tensor begin =
        places_along(axis, w.out[axis], -w.low[axis] * apart[axis], w.stride[axis] * apart[axis], axes);
    const Tensor on = places_along(axis, w.kernel[axis], 0, w.dilation[axis] * apart[axis], axes);
    corner = corner.is_empty() ? begin : corner + begin;
    inside = inside.is_empty() ? on : inside + on;
  }
  return corner + take(flatten(inside), numbers);
}

}  // namespace

CHAINRULE_OP_ROW(MaxPool)
CHAINRULE_OP_ROW(ArgmaxPool)
CHAINRULE_OP_ROW(TakeFromWindows)
CHAINRULE_OP_ROW(MaxUnpool)

#define CHAINRULE_POOL(axes)                                                                              \
  Tensor max_pool##axes##d(const Tensor& x, Spatial kernel, const PoolOptions& options, Location where) { \
    const OpScope scope("max_pool" #axes "d", where);                                                     \
    return pooled_max(x, kernel, options, axes, where);                                                   \
  }

CHAINRULE_POOL(1)
CHAINRULE_POOL(2)
CHAINRULE_POOL(3)

#undef CHAINRULE_POOL

Tensor max_pool(const Tensor& x, Spatial kernel, const PoolOptions& options, Location where) {
  const OpScope scope("max_pool", where);
  return pooled_max(x, kernel, options, 0, where);
}

MaxPoolResult max_pool_with_indices(const Tensor& image, Spatial kernel, const PoolOptions& options,
                                    Location where) {
  const OpScope scope("max_pool_with_indices", where);
  const Tensor x = as_image(image);
  const PoolRule rule = checked_rule(x, kernel, options, 0);
  const Tensor numbers = apply(ArgmaxPool{rule}, {x}, where);
  return {apply(MaxPool{rule}, {x}, where), places_of(numbers, rule.over(x.shape()))};
}

std::vector<ComposedFunction> max_pool_functions() {
  using In = std::span<const Tensor>;
  const Domain distinct{-40, 40};
  return {
      {"max_pool",
       "The largest element of each window, of as many axes as x has.",
       {{"max_pool(x, 2)",
         [](In in) { return max_pool(in[0], 2); },
         {{{2, 2, 4, 5}, DType::f64, distinct}}}}},
      {"max_pool_with_indices",
       "The largest element of each window, and its place in the image.",
       {{"max_pool_with_indices(x, 2).values",
         [](In in) { return max_pool_with_indices(in[0], 2).values; },
         {{{2, 2, 4, 5}, DType::f64, distinct}}},
        {"max_pool_with_indices(x, 3, {.stride = 2, .padding = 1}).indices",
         [](In in) { return max_pool_with_indices(in[0], 3, {.stride = 2, .padding = 1}).indices; },
         {{{2, 2, 4, 5}, DType::f64, distinct}},
         "its result is an element's place"}}},
      {"max_pool1d",
       "The largest element of each window.",
       {{"max_pool1d(x, 3, {.stride = 2})",
         [](In in) { return max_pool1d(in[0], 3, {.stride = 2}); },
         {{{2, 2, 7}, DType::f64, distinct}}}}},
      {"max_pool2d",
       "The largest element of each window.",
       {{"max_pool2d(x, 2)",
         [](In in) { return max_pool2d(in[0], 2); },
         {{{2, 2, 4, 4}, DType::f64, distinct}}},
        {"max_pool2d(x, {3, 2}, {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}, .ceil_mode = true})",
         [](In in) {
           return max_pool2d(in[0], {3, 2},
                             {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}, .ceil_mode = true});
         },
         {{{1, 2, 6, 4}, DType::f64, distinct}}}}},
      {"max_pool3d",
       "The largest element of each window.",
       {{"max_pool3d(x, 2, {.padding = Padding::same()})",
         [](In in) { return max_pool3d(in[0], 2, {.padding = Padding::same()}); },
         {{{1, 2, 3, 2, 4}, DType::f64, distinct}}}}},
  };
}

}  // namespace chainrule
