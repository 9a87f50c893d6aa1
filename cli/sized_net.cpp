// Nets with their sizes: "mlp:784-128-10".
#include "sized_net.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "chainrule/error.h"

namespace chainrule::cli {
namespace {

using Sizes = std::vector<std::int64_t>;

/// The nets that are written so.
struct SizedKind {
  const char* name;
  const char* example;
  std::size_t fewest, most;
  std::string (*net)(const Sizes& sizes);
};
constexpr SizedKind kSizedKinds[] = {
    {"mlp", "mlp:784-128-10", 2, 64,
     [](const Sizes& sizes) {
       return fmt::format("mlp([{}])", fmt::join(std::span(sizes).subspan(1), ", "));
     }},
    {"two_layer_net", "two_layer_net:784-50-10", 3, 3,
     [](const Sizes& sizes) {
       return fmt::format("two_layer_net(hidden={}, output={})", sizes[1], sizes[2]);
     }},
};

/// The sizes between the dashes; none if they are not all whole numbers above 0.
Sizes sizes_in(std::string_view text) {
  Sizes sizes;
  for (const char *at = text.data(), *const end = at + text.size();;) {
    std::int64_t size = 0;
    const auto [stopped, error] = std::from_chars(at, end, size);
    if (error != std::errc() || size <= 0) return {};
    sizes.push_back(size);
    if (stopped == end) return sizes;
    if (*stopped != '-') return {};
    at = stopped + 1;
  }
}

}  // namespace

std::optional<SizedNet> read_sized_net(const std::string& text, const std::string& source) {
  const std::size_t colon = text.find(':');
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (colon == std::string::npos || text.find_first_not_of(kName) != colon) return std::nullopt;
  const std::string name = text.substr(0, colon);
  const Sizes sizes = sizes_in(std::string_view(text).substr(colon + 1));
  std::string examples;
  for (const SizedKind& kind : kSizedKinds) {
    if (kind.name == name && sizes.size() >= kind.fewest && sizes.size() <= kind.most)
      return SizedNet{kind.net(sizes), sizes.front()};
    examples += fmt::format("{}{}", examples.empty() ? "" : " or ", kind.example);
  }
  throw ValueError(630, fmt::format("[config] {}: '{}' is no net with its sizes. Need {}; others as in "
                                    "\"lenet(outputs=10)\".",
                                    source, text, examples));
}

}  // namespace chainrule::cli
