// Plots of what is inside a net that sees images: filters and feature maps.
#include <algorithm>
#include <cmath>

#include "chainrule/ops.h"
#include "core/text.h"
#include "plot/needs.h"

namespace chainrule::plot {
namespace {

constexpr std::size_t kMostLayers = 24;

/// A weight as row-major numbers.
struct Weight {
  std::string name;
  Shape shape;
  std::vector<double> numbers;
  double most = 0;  // of their sizes, as colors go: few that are larger do not leave the rest pale
};

Weight weight_of(const nn::NamedParameter& parameter) {
  const Tensor& value = parameter.parameter.value();
  Weight made{parameter.name, value.shape(), value.to_vector<double>(), 0};
  double largest = 0, squares = 0;
  for (const double number : made.numbers) {
    if (!std::isfinite(number)) continue;
    largest = std::max(largest, std::fabs(number));
    squares += number * number;
  }
  made.most = std::min(largest, 3 * std::sqrt(squares / static_cast<double>(made.numbers.size())));
  return made;
}

Picture picture_of(std::span<const double> numbers, std::int64_t channels, std::int64_t height,
                   std::int64_t width, double most) {
  if (channels == 3) return image(numbers, 3, height, width, -most, most);
  return signs(numbers, height, width, most);
}

/// Kernels of a convolution, (filters, channels, height, width): a tile a filter where it sees an image, or
/// else a tile a channel, a filter a row.
Figure kernels_of(const Weight& weight, std::int64_t count) {
  const std::int64_t filters = weight.shape[0], channels = weight.shape[1], height = weight.shape[2],
                     width = weight.shape[3];
  const auto area = static_cast<std::size_t>(height * width);
  Figure figure{.title = weight.name};
  if (channels == 1 || channels == 3) {
    const std::int64_t shown = std::min(filters, count);
    figure.note = cat(shown, " of ", filters, " filters of ", height, " x ", width);
    for (std::int64_t i = 0; i < shown; ++i) {
      const std::size_t size = area * static_cast<std::size_t>(channels);
      const auto kernel = std::span(weight.numbers).subspan(static_cast<std::size_t>(i) * size, size);
      figure.tiles.push_back({picture_of(kernel, channels, height, width, weight.most), ""});
    }
    return figure;
  }
  figure.columns = std::min<std::int64_t>(channels, 8);
  const std::int64_t rows = std::min(filters, std::max<std::int64_t>(count / figure.columns, 1));
  figure.note = cat("down: ", rows, " of ", filters, " filters; across: ", figure.columns, " of ", channels,
                    " channels");
  for (std::int64_t i = 0; i < rows * figure.columns; ++i) {
    const auto kernel = static_cast<std::size_t>(i / figure.columns * channels + i % figure.columns);
    figure.tiles.push_back(
        {signs(std::span(weight.numbers).subspan(kernel * area, area), height, width, weight.most), ""});
  }
  return figure;
}

/// The columns of a matrix (inputs, units), each as an image.
Figure units_of(const Weight& weight, const Shape& row, std::int64_t count) {
  const std::int64_t units = weight.shape[1], shown = std::min(units, count);
  Figure figure{.title = weight.name, .note = cat("weights of ", shown, " of ", units, " units, as images")};
  for (std::int64_t unit = 0; unit < shown; ++unit) {
    std::vector<double> numbers(static_cast<std::size_t>(row.numel()));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = weight.numbers[i * static_cast<std::size_t>(units) + static_cast<std::size_t>(unit)];
    }
    figure.tiles.push_back({picture_of(numbers, row[0], row[1], row[2], weight.most), ""});
  }
  return figure;
}

/// What layers gave for one image, as far as it is maps: (1, channels, height, width).
struct Recorder : nn::Observer {
  struct Output {
    std::string name;
    Tensor maps;
  };
  std::vector<Output> outputs;

  void ran(const nn::Layer& layer, const std::string* path, const nn::Inputs&,
           const nn::Ports& out) override {
    const Tensor& y = out[0];
    if (y.is_empty() || y.ndim() != 4 || y.size(2) * y.size(3) < 2) return;
    // A layer that holds others gives what its last one gave.
    if (!outputs.empty() && outputs.back().maps.node() == y.node()) return;
    outputs.push_back({path != nullptr ? *path : std::string(layer.kind()), y});
  }
};

Figure maps_of(const Recorder::Output& output, std::int64_t count) {
  const std::int64_t channels = output.maps.size(1), height = output.maps.size(2),
                     width = output.maps.size(3);
  const std::int64_t shown = std::min(channels, count);
  const std::vector<double> numbers = output.maps.to_vector<double>();
  double low = INFINITY, high = -INFINITY;
  for (const double number : numbers) {
    if (std::isfinite(number)) low = std::min(low, number), high = std::max(high, number);
  }
  Figure figure{.title = output.name,
                .note = cat(shown, " of ", channels, " maps of ", height, " x ", width)};
  const auto area = static_cast<std::size_t>(height * width);
  for (std::int64_t i = 0; i < shown; ++i) {
    const auto map = std::span(numbers).subspan(static_cast<std::size_t>(i) * area, area);
    figure.tiles.push_back({shades(map, height, width, low, high), ""});
  }
  return figure;
}

}  // namespace

void Filters::fields(Fields& f) { f("count", count, "tiles of a layer, at most", between(1, 1024)); }

Drawn Filters::draw(const Subject& of) const {
  if (std::string why = lacks_net(of); !why.empty()) return {.missing = why};
  const bool sees_images = lacks_image(of).empty();
  std::vector<Figure> figures;
  bool is_first = true;
  for (const nn::NamedParameter& parameter : of.model.net->parameters()) {
    const Shape& shape = parameter.parameter.value().shape();
    if (shape.ndim() == 4 && shape[2] * shape[3] > 1 && shape.numel() > 0) {
      figures.push_back(kernels_of(weight_of(parameter), count));
    } else if (is_first && sees_images && shape.ndim() == 2 &&
               shape[0] == of.rows.columns()[0].shape.numel()) {
      figures.push_back(units_of(weight_of(parameter), of.rows.columns()[0].shape, count));
    }
    is_first = false;
  }
  if (figures.empty())
    return {.missing = "it needs a net with convolutions of images, or one whose first units see an image"};
  return {figures};
}

void Features::fields(Fields& f) {
  f("row", row, "which row is shown to the net", at_least(0));
  f("count", count, "maps of a layer, at most", between(1, 1024));
}

Drawn Features::draw(const Subject& of) const {
  if (std::string why = lacks_answers(of); !why.empty()) return {.missing = why};
  if (std::string why = lacks_image(of); !why.empty()) return {.missing = why};
  if (row >= of.rows.rows()) return {.missing = cat("it needs a row ", row, "; there are ", of.rows.rows())};
  const Tensor x = of.rows.take({row})[0];
  Recorder recorder;
  nn::Pass pass = nn::Pass::inference();
  pass.observer = &recorder;
  of.model.net->run(nn::Inputs(of.model.options.before ? of.model.options.before->predict(x) : x), pass);
  if (recorder.outputs.empty())
    return {.missing = "it needs a net with layers that give maps, such as convolutions"};
  const std::vector<double> numbers = x.to_vector<double>();
  const double most = std::max(1.0, *std::max_element(numbers.begin(), numbers.end()));
  Figure input{.title = cat("the image: ", of.part, " row ", row)};
  input.tiles.push_back({image(numbers, x.size(1), x.size(2), x.size(3), 0, most), ""});
  std::vector<Figure> figures;
  figures.push_back(std::move(input));
  const std::span shown = std::span(recorder.outputs).first(std::min(recorder.outputs.size(), kMostLayers));
  for (const Recorder::Output& output : shown) figures.push_back(maps_of(output, count));
  if (shown.size() < recorder.outputs.size()) {
    figures.front().note =
        cat("the first ", shown.size(), " of ", recorder.outputs.size(), " layers with maps");
  }
  return {figures};
}

}  // namespace chainrule::plot
