// Max pooling: the places of the largest elements are a row, and taking them is another. The places have no
// derivative, taking has those of every order: no row is needed for a gradient.
#include "chainrule/array.h"
#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "kernels/pool.h"
#include "kernels/ref/pool.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/window.h"

namespace chainrule {
namespace {

struct MaxPoolPlaces {
  WindowRule window;
  Extents kernel = all_axes(1);

  static constexpr OpInfo kInfo{.name = "max_pool_places",
                                .doc = "Where in its image each window's first largest element is."};
  static constexpr std::string_view kNotDifferentiable = "its result is a place";
  bool operator==(const MaxPoolPlaces&) const = default;
  template <class V>
  void fields(V visit) const {
    window.fields(visit), visit("kernel", kernel);
  }
  Windows windows(const Shape& x) const { return window.over(spatial_sizes(x), kernel); }
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    const Shape& x = in[0].shape;
    require_image(x, 0);
    const Windows w = windows(x);
    require_elements_in(w);
    return {DType::i64, with_spatial(x[0], x[1], w.out, x.ndim() - 2)};
  }
  Split split(std::span<const Shape>) const { return {0b1}; }
  template <class F>
  void run_with(const Kernel& k, F find) const {
    const Shape& x = k.inputs[0].shape;
    with_floating(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      find(windows(x), x[0] * x[1], k.inputs[0].as<T>(), k.output.as<std::int64_t>());
    });
  }
  void run(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_places_reference(all...); });
  }
  void run_fast(const Kernel& k) const {
    run_with(k, [](auto... all) { kernels::max_places(all...); });
  }
  static std::vector<Sample> samples() {
    const Domain ties{-3, 3, 1};
    const Extents two{1, 2, 2}, three{1, 3, 3};
    return {
        sample(MaxPoolPlaces{{{1, 1, 2}}, {1, 1, 3}}, {{{2, 3, 9}}}),
        sample(MaxPoolPlaces{{{1, 2, 2}}, two}, {{{2, 3, 5, 40}}}),
        sample(MaxPoolPlaces{{{1, 1, 1}}, three}, {{{2, 2, 5, 21}, DType::f64, ties}}),
        sample(MaxPoolPlaces{{{1, 2, 3}, {1, 2, 1}, {0, 1, 1}, {0, 2, 0}}, three},
               {{{1, 2, 6, 8}, DType::f64, ties}}),
        sample(MaxPoolPlaces{{{2, 1, 1}, {1, 1, 2}, {1, 0, 0}, {0, 0, 0}}, {2, 2, 2}}, {{{1, 2, 3, 3, 4}}}),
        sample(MaxPoolPlaces{{}, two}, {{{0, 2, 3, 3}}}),
        sample(MaxPoolPlaces{{}, two}, {{{3, 3}}}, 120),
        sample(MaxPoolPlaces{{}, two}, {{{1, 1, 1, 3}}}, 123),
        sample(MaxPoolPlaces{{{1, 1, 1}, {1, 1, 1}, {0, 0, 2}, {0, 0, 0}}, two}, {{{1, 1, 3, 3}}}, 126)};
  }
};

Tensor max_pool(const Tensor& image, const Spatial& kernel, const PoolOptions& options, int axes,
                Location where) {
  const Tensor x = as_image(image);
  require_image(x.shape(), axes);
  const Extents in = spatial_sizes(x.shape());
  MaxPoolPlaces op;
  op.kernel = checked_option(kernel, "kernel", axes, 1, 1);
  op.window = window_rule(options.stride.count() == 0 ? kernel : options.stride, options.padding,
                          options.dilation, in, op.kernel, axes);
  if (options.ceil_mode) op.window = op.window.rounded_up(in, op.kernel);
  const Meta meta{x.dtype(), x.shape()};
  const Meta pooled = op.infer(std::span(&meta, 1));
  const Tensor places = apply(op, {x}, where);
  const std::int64_t n = x.shape()[0], c = x.shape()[1];
  const Tensor taken =
      take_along_axis(reshape(x, {n, c, in.product()}),
                      reshape(places, {n, c, spatial_sizes(pooled.shape).product()}), 2, where);
  return reshape(taken, pooled.shape, where);
}

}  // namespace

CHAINRULE_OP_ROW(MaxPoolPlaces)

#define CHAINRULE_POOL(axes)                                                                              \
  Tensor max_pool##axes##d(const Tensor& x, Spatial kernel, const PoolOptions& options, Location where) { \
    const OpScope scope("max_pool" #axes "d", where);                                                     \
    return max_pool(x, kernel, options, axes, where);                                                     \
  }

CHAINRULE_POOL(1)
CHAINRULE_POOL(2)
CHAINRULE_POOL(3)

#undef CHAINRULE_POOL

std::vector<ComposedFunction> max_pool_functions() {
  using In = std::span<const Tensor>;
  const Domain distinct{-40, 40};
  return {
      {"max_pool1d",
       "x at max_pool_places.",
       {{"max_pool1d(x, 3, {.stride = 2})",
         [](In in) { return max_pool1d(in[0], 3, {.stride = 2}); },
         {{{2, 2, 7}, DType::f64, distinct}}}}},
      {"max_pool2d",
       "x at max_pool_places.",
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
       "x at max_pool_places.",
       {{"max_pool3d(x, 2, {.padding = Padding::same()})",
         [](In in) { return max_pool3d(in[0], 2, {.padding = Padding::same()}); },
         {{{1, 2, 3, 2, 4}, DType::f64, distinct}}}}},
  };
}

}  // namespace chainrule
