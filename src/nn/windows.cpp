#include "nn/windows.h"

#include <array>

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {
namespace {

constexpr std::array<std::string_view, 4> kOneForEach = {"", "", ", or two: height and width",
                                                         ", or three: depth, height and width"};
constexpr std::array<std::string_view, 1> kWords = {"same"};

ValueError wrong_count(const Info& info, std::string_view setting, std::size_t count, std::string_view need) {
  return ValueError(250, cat("[", info.name, "] ", setting, " has ", count, " numbers; need ", need, ".",
                             OriginScope::current({}).to_string()));
}

}  // namespace

std::vector<std::int64_t> numbers(const Spatial& spatial) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < spatial.count(); ++i) all.push_back(spatial[i]);
  return all;
}

std::vector<std::int64_t> numbers(const Padding& padding, int axes) {
  if (padding.is_same) return {-1};
  const std::vector<std::int64_t> low = numbers(padding.low), high = numbers(padding.high);
  const auto fits = [&](const auto& side) {
    return side.size() == 1 || side.size() == static_cast<std::size_t>(axes);
  };
  if (low == high || !fits(low)) return low;  // what does not fit is refused where it is used
  if (!fits(high)) return high;
  std::vector<std::int64_t> both;
  for (const Spatial& side : {padding.low, padding.high}) {
    for (int i = 0; i < axes; ++i) both.push_back(side[i]);
  }
  return both;
}

Spatial spatial(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given, int axes,
                bool may_be_empty) {
  const std::size_t count = given.size();
  if (count == 1 || count == static_cast<std::size_t>(axes) || (count == 0 && may_be_empty)) return given;
  throw wrong_count(info, setting, count, cat("one", kOneForEach[static_cast<std::size_t>(axes)]));
}

Padding padding_of(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given,
                   int axes) {
  if (given == std::vector<std::int64_t>{-1}) return Padding::same();
  const auto each = static_cast<std::size_t>(axes);
  if (given.size() == 1 || (given.size() == each && axes > 1)) return given;
  if (given.size() == 2 * each) {
    const std::span<const std::int64_t> all(given);
    return Padding::of(Spatial(all.first(each)), Spatial(all.last(each)));
  }
  throw wrong_count(
      info, setting, given.size(),
      cat("one, ", axes > 1 ? cat(each, ", ") : "", "or ", 2 * each, ", those before the image first"));
}

void window_fields(Fields& f, std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& stride,
                   std::string_view of_stride, std::vector<std::int64_t>& padding) {
  f("kernel", kernel, "size of the window along each axis, or one number for all", at_least(1));
  f("stride", stride, of_stride, at_least(1));
  f("padding", padding, kWords, "added around the image; same: as much as keeps its size at stride 1",
    at_least(0));
}

}  // namespace chainrule::nn
