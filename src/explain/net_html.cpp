// A net's passes as one page that steps forward and backward through its layers.
#include <algorithm>
#include <cmath>

#include "chainrule/explain/net.h"
#include "core/text.h"
#include "explain/markup.h"
#include "explain/net_page.h"
#include "explain/number.h"
#include "explain/player.h"

namespace chainrule::explain {
namespace {

constexpr int kDigits = 4;
constexpr std::int64_t kMostMaps = 16;  // channels that are drawn
constexpr std::int64_t kMostSide = 64;  // pixels of one, across and down

std::string name_of(const LayerTrace& layer) {
  return layer.run == 1 ? layer.path : cat(layer.path, " #", layer.run);
}

/// How the first row of a tensor is drawn: so many maps side by side.
struct Maps {
  std::int64_t count = 0, height = 1, width = 1;
};
Maps maps_of(const Shape& shape) {
  std::int64_t row = 1;
  for (int axis = 1; axis < shape.ndim(); ++axis) row *= shape[axis];
  if (shape.ndim() < 2 || row < 2) return {};
  if (shape.ndim() == 4) return {shape[1], shape[2], shape[3]};
  if (shape.ndim() == 3) return {1, shape[1], shape[2]};
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(row))));
  if (row > 100 && side * side == row) return {1, side, side};
  return {1, (row + 49) / 50, std::min<std::int64_t>(row, 50)};
}

/// A canvas of the first row; its numbers as bytes in hexadecimal, 128 for 0.
std::string picture_of(const Tensor& tensor) {
  if (tensor.is_empty() || !is_floating(tensor.dtype()) || tensor.numel() == 0) return "";
  const Maps maps = maps_of(tensor.shape());
  const std::int64_t count = std::min(maps.count, kMostMaps);
  const std::int64_t height = std::min(maps.height, kMostSide), width = std::min(maps.width, kMostSide);
  if (count == 0 || height * width == 0) return "";
  const std::vector<double> numbers = tensor.to_vector();
  const std::size_t row = numbers.size() / static_cast<std::size_t>(tensor.shape()[0]);
  double largest = 0;
  bool has_negative = false;
  for (std::size_t i = 0; i < row; ++i) {
    if (std::isfinite(numbers[i])) largest = std::max(largest, std::abs(numbers[i]));
    has_negative = has_negative || numbers[i] < 0;
  }
  std::string bytes;
  for (std::int64_t map = 0; map < count; ++map) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t from_y = y * maps.height / height, from_x = x * maps.width / width;
        const auto at = static_cast<std::size_t>((map * maps.height + from_y) * maps.width + from_x);
        const double number = at < row && std::isfinite(numbers[at]) ? numbers[at] : 0;
        const int byte = 128 + static_cast<int>(std::lround(largest > 0 ? number / largest * 127 : 0));
        bytes += "0123456789abcdef"[byte / 16];
        bytes += "0123456789abcdef"[byte % 16];
      }
    }
  }
  return cat("<figure><canvas data-maps=\"", count, "\" data-height=\"", height, "\" data-width=\"", width,
             "\" data-bytes=\"", bytes, "\"></canvas><figcaption>",
             tensor.shape()[0] > 1 ? "the first row" : "its numbers",
             maps.count > count ? cat(", ", count, " of ", maps.count, " channels") : std::string(),
             has_negative ? cat(", from ", shown(-largest, 3), " (blue) to ") : std::string(", from 0 to "),
             shown(largest, 3), " (orange)</figcaption></figure>");
}

/// Bars over the range of the numbers.
std::string histogram_of(const Summary& s) {
  const std::int64_t most = *std::max_element(s.histogram.begin(), s.histogram.end());
  if (most == 0 || s.smallest == s.largest) return "";
  std::string bars;
  for (std::size_t i = 0; i < s.histogram.size(); ++i) {
    const double height = 80.0 * std::sqrt(static_cast<double>(s.histogram[i]) / static_cast<double>(most));
    if (s.histogram[i] == 0) continue;
    bars +=
        cat("<rect x=\"", i * 10, "\" y=\"", shown(84 - std::max(height, 1.0), 4), "\" width=\"9\" height=\"",
            shown(std::max(height, 1.0), 4), "\"><title>", s.histogram[i], "</title></rect>");
  }
  return cat("<figure><svg viewBox=\"0 0 240 102\" class=\"bars\" role=\"img\" aria-label=\"histogram\">",
             bars, "<path d=\"M0 84.5H240\"/><text x=\"0\" y=\"98\">", shown(s.smallest, 3),
             "</text><text x=\"240\" y=\"98\" class=\"end\">", shown(s.largest, 3),
             "</text></svg><figcaption>how often each size comes (root)</figcaption></figure>");
}

std::string facts(const Summary& s) {
  std::string text = cat("<p>Mean <b>", shown(s.mean, kDigits), "</b>, deviation <b>",
                         shown(s.deviation, kDigits), "</b>, norm <b>", shown(s.norm, kDigits), "</b>");
  if (s.zeros > 0) text += cat(", ", s.zeros, " of ", s.count, " are 0");
  if (s.not_finite > 0) text += cat(", <strong>", s.not_finite, " not finite</strong>");
  return text + "</p>\n";
}

std::string units(const LayerTrace& layer) {
  if (!layer.is_activation) return "";
  std::string text = cat("<p>Of ", layer.units, " units ", layer.dead, layer.dead == 1 ? " is" : " are",
                         " dead: slope 0 in all rows");
  if (layer.saturated > 0) text += cat("; ", layer.saturated, " saturated: slope below 0.02");
  return text + ".</p>\n";
}

std::string parameters(const LayerTrace& layer) {
  if (layer.parameters.empty()) return "";
  std::string text =
      "<div class=\"scroll\"><table><tr><th>parameter</th><th>shape</th><th>norm</th>"
      "<th>gradient's norm</th></tr>\n";
  for (const ParameterTrace& p : layer.parameters) {
    text += cat("<tr><td>", escaped(p.path), "</td><td>", escaped(p.value.shape().to_string()), "</td><td>",
                shown(p.value_summary.norm, kDigits), "</td><td>", shown(p.gradient_summary.norm, kDigits),
                "</td></tr>\n");
  }
  return text + "</table></div>\n";
}

std::string section(std::string_view kind, const std::string& small, const std::string& heading,
                    const std::string& body, std::size_t layer) {
  return cat("<section class=\"", kind, "\" data-layer=\"", layer, "\"><small>", escaped(small),
             "</small><h2>", escaped(heading), "</h2>\n", body, "</section>\n");
}

std::string forward(const LayerTrace& layer, std::size_t place, std::size_t count) {
  const std::string from = layer.input.is_empty() ? "" : cat(layer.input.shape().to_string(), " to ");
  const std::string body =
      cat("<p><code>", escaped(layer.what), "</code>, ", escaped(from),
          escaped(layer.output.shape().to_string()), "</p>\n", facts(layer.output_summary), units(layer),
          "<div class=\"pair\">", picture_of(layer.output), histogram_of(layer.output_summary), "</div>\n");
  return section("forward", cat("forward, layer ", place + 1, " of ", count), name_of(layer), body,
                 place + 1);
}

std::string backward(const LayerTrace& layer, std::size_t place, std::size_t count) {
  std::string body =
      cat("<p>The gradient of the loss by the output of <code>", escaped(layer.what), "</code>:</p>\n");
  if (layer.gradient.is_empty()) {
    body = "<p>Its output is whole numbers, which have no gradient.</p>\n";
  } else {
    body += cat(facts(layer.gradient_summary), "<div class=\"pair\">", picture_of(layer.gradient),
                histogram_of(layer.gradient_summary), "</div>\n");
  }
  return section("backward", cat("backward, layer ", place + 1, " of ", count), name_of(layer),
                 body + parameters(layer), place + 1);
}

/// Layers, what they give, and how large the gradient is that comes back, on a scale of powers of ten.
std::string overview(const NetTrace& trace) {
  double largest = 0, smallest = 1e300;
  for (const LayerTrace& layer : trace.layers) {
    const double norm = layer.gradient_summary.norm;
    if (norm > 0) largest = std::max(largest, norm), smallest = std::min(smallest, norm);
  }
  const double decades = largest > 0 ? std::max(std::log10(largest / smallest), 1.0) : 1;
  std::string text = "<nav aria-label=\"Layers\">\n";
  for (std::size_t i = 0; i < trace.layers.size(); ++i) {
    const LayerTrace& layer = trace.layers[i];
    const double norm = layer.gradient_summary.norm;
    const double width = norm > 0 ? 8 + 92 * (1 - std::log10(largest / norm) / decades) : 0;
    text += cat("<button data-layer=\"", i + 1, "\"><b>", escaped(name_of(layer)), "</b><span>",
                escaped(layer.output.shape().to_string()),
                "</span><i title=\"norm of the gradient: ", shown(norm, kDigits),
                "\" style=\"width:", shown(width, 3), "%\"></i></button>\n");
  }
  return text + "</nav>\n";
}

std::string sections(const NetTrace& trace) {
  const std::size_t count = trace.layers.size();
  std::string input = "<p>This goes into the net.</p>\n";
  if (!trace.input.is_empty()) {
    const Summary s = summary_of(trace.input);
    input = cat("<p>This goes into the net: ", escaped(trace.input.shape().to_string()), ".</p>\n", facts(s),
                "<div class=\"pair\">", picture_of(trace.input), histogram_of(s), "</div>\n");
  }
  std::string text = section("forward", "before the first layer", "input", input, 0);
  for (std::size_t i = 0; i < count; ++i) text += forward(trace.layers[i], i, count);
  text +=
      section("loss", "where forward ends and backward begins", cat("loss = ", shown(trace.loss, 6)),
              "<p>The backward pass begins here: the loss's derivative by itself is 1. Each layer turns the "
              "gradient by its output into that by its input and by its parameters.</p>\n",
              0);
  for (std::size_t i = count; i-- > 0;) text += backward(trace.layers[i], i, count);
  return text;
}

}  // namespace

std::string to_html(const NetTrace& trace, std::string_view title, std::string_view more) {
  return cat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      escaped(title), "</title>\n<style>", kNetPageStyle, "</style>\n</head>\n<body>\n<h1>", escaped(title),
      "</h1>\n<div class=\"controls\" id=\"controls\" hidden><button id=\"first\">First</button>"
      "<button id=\"back\">Back</button><button id=\"play\">Play</button><button id=\"next\">Next</button>"
      "<button id=\"last\">Last</button><input type=\"range\" id=\"slider\" min=\"0\" max=\"",
      2 * trace.layers.size() + 1,
      "\" value=\"0\" aria-label=\"Step\"><span id=\"count\"></span></div>\n<main>\n", overview(trace),
      "<div id=\"steps\">\n", sections(trace), "</div>\n</main>\n",
      more.empty() ? std::string() : cat("<pre>", escaped(more), "</pre>\n"),
      "<p class=\"keys\">Keys: <kbd>&larr;</kbd> <kbd>&rarr;</kbd> <kbd>Home</kbd> <kbd>End</kbd>, "
      "<kbd>space</kbd> plays. Bars: the norm of each layer's gradient, in powers of ten. Made by chainrule "
      "explain.</p>\n<script>",
      kPlayerScript, kNetPageScript, "</script>\n</body>\n</html>\n");
}

}  // namespace chainrule::explain
