#include "nn/windows.h"

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

std::vector<std::int64_t> numbers(const Spatial& spatial) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < spatial.count(); ++i) all.push_back(spatial[i]);
  return all;
}

Spatial two(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given,
            bool may_be_empty) {
  if ((!given.empty() && given.size() <= 2) || (given.empty() && may_be_empty)) return Spatial(given);
  throw ValueError(
      250, cat("[", info.name, "] ", setting, " has ", given.size(),
               " numbers; need one, or two: height and width.", OriginScope::current({}).to_string()));
}

void window_fields(Fields& f, std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& stride,
                   std::string_view of_stride, std::vector<std::int64_t>& padding) {
  f("kernel", kernel, "height and width of the window, or one number for both", at_least(1));
  f("stride", stride, of_stride, at_least(1));
  f("padding", padding, "zeros around the image", at_least(0));
}

}  // namespace chainrule::nn
