#include "layer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace chainrule::cli {
namespace {

constexpr std::size_t kCells = 5, kWhat = 1;
using Cells = std::array<std::string, kCells>;

/// 1234567 as "1,234,567".
std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string cut(const std::string& text, std::size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

}  // namespace

std::string layer_table(const nn::NetSummary& net, std::int64_t batch_size, std::size_t room) {
  std::vector<Cells> lines{{"layer", "what", "output", "parameters", "FLOP"}};
  for (const nn::LayerSummary& layer : net.layers) {
    lines.push_back({layer.path, layer.what, layer.output.to_string(),
                     grouped(static_cast<double>(layer.parameters)), grouped(layer.flops)});
  }
  std::array<std::size_t, kCells> widths{};
  for (std::size_t i = 0; i < kCells; ++i) {
    for (const Cells& line : lines) widths[i] = std::max(widths[i], line[i].size());
  }
  constexpr std::size_t kLeast = 10;
  std::size_t shown = kCells, all = 0;  // all: without the settings
  const auto add_up = [&] {
    all = 2 * (shown - 1) - widths[kWhat];
    for (std::size_t i = 0; i < shown; ++i) all += widths[i];
  };
  add_up();
  for (; all + kLeast > room && shown > 3; add_up()) --shown;
  widths[kWhat] = std::min(widths[kWhat], room > all + kLeast ? room - all : kLeast);
  std::string text;
  for (const Cells& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string cell = i == kWhat ? cut(line[i], widths[i]) : line[i];
      row += i < 3 ? fmt::format("{:<{}}  ", cell, widths[i]) : fmt::format("{:>{}}  ", cell, widths[i]);
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  const std::string sum =
      fmt::format("{} parameters, {} bytes; {} FLOP forward for a batch of {}",
                  grouped(static_cast<double>(net.parameters)), grouped(static_cast<double>(net.bytes)),
                  grouped(net.flops), batch_size);
  const std::size_t half = sum.find("; ") + 1;
  return text + (sum.size() <= room ? sum : sum.substr(0, half) + "\n" + sum.substr(half + 1)) + "\n";
}

}  // namespace chainrule::cli
