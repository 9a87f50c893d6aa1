// Convolution and pooling, and their gradients, in ONNX.
#include <algorithm>
#include <limits>
#include <numeric>

#include "chainrule/ops.h"
#include "onnx/form.h"

namespace chainrule::onnx {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers joined(Numbers low, const Numbers& high) {
  low.insert(low.end(), high.begin(), high.end());
  return low;
}

Numbers spatial_sizes(FormCall& f, const Term& x) { return f.fixed({x.shape.begin() + 2, x.shape.end()}); }

std::vector<Attribute> window(FormCall& f) {
  return {integers("strides", f.spatial("stride")), integers("dilations", f.spatial("dilation")),
          integers("pads", joined(f.spatial("low"), f.spatial("high")))};
}

std::string conv(FormCall& f) {
  std::vector<Attribute> attributes = window(f);
  attributes.push_back(integer("group", f.integer("groups")));
  attributes.push_back(integers("kernel_shape", spatial_sizes(f, f[1])));
  return f.w.add("Conv", f.names(), attributes);
}

std::string conv_input(FormCall& f) {
  const Numbers in = f.spatial("in"), out = spatial_sizes(f, f[0]), kernel = spatial_sizes(f, f[1]);
  const Numbers stride = f.spatial("stride"), dilation = f.spatial("dilation"), low = f.spatial("low"),
                high = f.spatial("high");
  Numbers extra;
  for (std::size_t i = 0; i < in.size(); ++i)
    extra.push_back(in[i] -
                    ((out[i] - 1) * stride[i] - low[i] - high[i] + dilation[i] * (kernel[i] - 1) + 1));
  std::vector<Attribute> attributes = window(f);
  attributes.push_back(integer("group", f.integer("groups")));
  attributes.push_back(integers("kernel_shape", kernel));
  attributes.push_back(integers("output_padding", extra));
  return f.w.add("ConvTranspose", f.names(), attributes);
}

/// A convolution of the images by the gradients, with batch and channels, stride and dilation in each other's
/// place.
std::string conv_weight(FormCall& f) {
  const std::size_t axes = f[0].shape.size() - 2;
  Numbers swapped{1, 0};
  for (std::size_t i = 0; i < axes; ++i) swapped.push_back(static_cast<std::int64_t>(i) + 2);
  const auto groups = static_cast<std::size_t>(f.integer("groups"));
  const auto turned = [&](const std::string& x) {
    return f.w.add("Transpose", {x}, {integers("perm", swapped)});
  };
  const auto split = [&](const std::string& x) {
    return groups == 1 ? std::vector<std::string>{x}
                       : f.w.add_several("Split", {x}, groups, {integer("axis", 1)});
  };
  const std::vector<std::string> images = split(f[0].name), gradients = split(f[1].name);
  const Numbers kernel = f.spatial("kernel");
  Numbers place(axes), zeros(axes, 0);
  std::iota(place.begin(), place.end(), 2);
  std::vector<std::string> parts;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::string y =
        f.w.add("Conv", {turned(images[g]), turned(gradients[g])},
                {integers("strides", f.spatial("dilation")), integers("dilations", f.spatial("stride")),
                 integers("pads", joined(f.spatial("low"), f.spatial("high")))});
    // What the last stride left over made it larger.
    parts.push_back(
        turned(f.w.add("Slice", {y, f.w.integers(zeros), f.w.integers(kernel), f.w.integers(place)})));
  }
  return groups == 1 ? parts[0] : f.w.add("Concat", parts, {integer("axis", 0)});
}

std::string max_pool(FormCall& f) {
  std::vector<Attribute> attributes = window(f);
  const Numbers kernel = f.spatial("kernel"), low = f.spatial("low"), high = f.spatial("high");
  attributes.push_back(integers("kernel_shape", kernel));
  std::string x = f[0].name;
  bool is_small = true;  // runtimes want padding below the kernel
  for (std::size_t i = 0; i < kernel.size(); ++i)
    is_small = is_small && low[i] < kernel[i] && high[i] < kernel[i];
  if (!is_small) {
    Numbers pads(2 * (kernel.size() + 2), 0);
    std::copy(low.begin(), low.end(), pads.begin() + 2);
    std::copy(high.begin(), high.end(), pads.begin() + static_cast<std::ptrdiff_t>(kernel.size() + 4));
    x = f.w.add("Pad",
                {x, f.w.integers(pads), f.w.number(-std::numeric_limits<double>::infinity(), f.dtype())});
    attributes[2] = integers("pads", Numbers(2 * kernel.size(), 0));
  }
  return f.w.add("MaxPool", {x}, attributes);
}

/// Where the elements of windows lie in padded images, as numbers.
struct WindowPlaces {
  Numbers low, high, padded, out, first, inside;  ///< first: of each window; inside: of each element from it
  std::int64_t count = 1;                         ///< elements of a padded image
};

WindowPlaces places_of(FormCall& f, const Numbers& in, const Numbers& out) {
  WindowPlaces p{f.spatial("low"), f.spatial("high"), {}, out, {0}, {0}};
  const Numbers kernel = f.spatial("kernel"), stride = f.spatial("stride"), dilation = f.spatial("dilation");
  for (std::size_t i = 0; i < in.size(); ++i) p.padded.push_back(in[i] + p.low[i] + p.high[i]);
  for (std::size_t i = 0; i < in.size(); ++i) {
    p.count *= p.padded[i];
    const std::int64_t row = std::accumulate(p.padded.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                             p.padded.end(), std::int64_t{1}, std::multiplies<>());
    const auto extend = [&](Numbers& all, std::int64_t count, std::int64_t step) {
      Numbers more;
      for (const std::int64_t start : all) {
        for (std::int64_t k = 0; k < count; ++k) more.push_back(start + k * step * row);
      }
      all = more;
    };
    extend(p.first, out[i], stride[i]);
    extend(p.inside, kernel[i], dilation[i]);
  }
  return p;
}

Numbers pads_of(const WindowPlaces& p) {
  Numbers pads(2 * (p.low.size() + 2), 0);
  std::copy(p.low.begin(), p.low.end(), pads.begin() + 2);
  std::copy(p.high.begin(), p.high.end(), pads.begin() + static_cast<std::ptrdiff_t>(p.low.size() + 4));
  return pads;
}

/// (N, C, sizes...), N and C those of the image.
Extents planes(FormCall& f, const Numbers& sizes) {
  Extents shape(f[0].shape.begin(), f[0].shape.begin() + 2);
  for (const std::int64_t size : sizes) shape.push_back({0, size});
  return shape;
}

/// The windows of an image: (N, C, windows, elements).
std::string windows(FormCall& f, const WindowPlaces& p, double around) {
  const DType dtype = f[0].dtype;
  std::string x = f.w.add("Pad", {f[0].name, f.w.integers(pads_of(p)), f.w.number(around, dtype)});
  x = f.w.reshape(x, planes(f, {p.count}));
  Numbers table;
  for (const std::int64_t first : p.first) {
    for (const std::int64_t inside : p.inside) table.push_back(first + inside);
  }
  const Tensor places = from_data(
      table, Shape{static_cast<std::int64_t>(p.first.size()), static_cast<std::int64_t>(p.inside.size())});
  return f.w.add("Gather", {x, f.w.constant(places)}, {integer("axis", 2)});
}

std::string spread_out(FormCall& f, const std::string& x, const Numbers& sizes) {
  return f.w.reshape(x, planes(f, sizes));
}

std::string argmax_pool(FormCall& f) {
  const Numbers out = f.fixed({f.shape().begin() + 2, f.shape().end()});
  const WindowPlaces p = places_of(f, spatial_sizes(f, f[0]), out);
  const std::string x = windows(f, p, -std::numeric_limits<double>::infinity());
  return f.w.cast(spread_out(f, f.w.add("ArgMax", {x}, {integer("axis", 3), integer("keepdims", 0)}), out),
                  f.dtype());
}

std::string flat(FormCall& f, const std::string& x, const WindowPlaces& p) {
  return f.w.reshape(x, planes(f, {static_cast<std::int64_t>(p.first.size())}));
}

std::string take_from_windows(FormCall& f) {
  const Numbers out = f.fixed({f.shape().begin() + 2, f.shape().end()});
  const WindowPlaces p = places_of(f, spatial_sizes(f, f[0]), out);
  const std::string number =
      f.w.cast(f.w.reshape(f[1].name, planes(f, {static_cast<std::int64_t>(p.first.size()), 1})), DType::i64);
  return spread_out(f, f.w.add("GatherElements", {windows(f, p, 0), number}, {integer("axis", 3)}), out);
}

std::string max_unpool(FormCall& f) {
  const Numbers in = f.spatial("in");
  const WindowPlaces p = places_of(f, in, spatial_sizes(f, f[0]));
  const std::string inside = f.w.add(
      "Gather", {f.w.integers(p.inside), f.w.cast(flat(f, f[1].name, p), DType::i64)}, {integer("axis", 0)});
  const std::string place = f.w.add("Add", {inside, f.w.integers(p.first)});
  const std::string none =
      f.w.add("Expand", {f.w.number(0, f.dtype()), f.w.sizes({f.shape()[0], f.shape()[1], {0, p.count}})});
  std::string y = f.w.add("ScatterElements", {none, place, flat(f, f[0].name, p)},
                          {integer("axis", 2), text("reduction", "add")});
  y = spread_out(f, y, p.padded);
  Numbers stop, axes;
  for (std::size_t i = 0; i < in.size(); ++i)
    stop.push_back(p.low[i] + in[i]), axes.push_back(static_cast<std::int64_t>(i) + 2);
  return f.w.add("Slice", {y, f.w.integers(p.low), f.w.integers(stop), f.w.integers(axes)});
}

constexpr Form kForms[] = {
    {"conv", "Conv", conv},
    {"conv_input", "ConvTranspose", conv_input},
    {"conv_weight", "", conv_weight, "Conv, with batch and channels in each other's place"},
    {"max_pool", "MaxPool", max_pool},
    {"argmax_pool", "", argmax_pool, "Gather, ArgMax; NaN is not found"},
    {"take_from_windows", "", take_from_windows, "Gather, GatherElements"},
    {"max_unpool", "", max_unpool, "ScatterElements"},
};

}  // namespace

std::span<const Form> window_forms() { return kForms; }

}  // namespace chainrule::onnx
