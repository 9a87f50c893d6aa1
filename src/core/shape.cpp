#include "chainrule/shape.h"

#include <ostream>

#include "chainrule/error.h"
#include "core/checked.h"
#include "core/text.h"

namespace chainrule {
namespace {

std::string list_of(std::span<const std::int64_t> sizes) {
  std::string text = "(";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(sizes[i]);
  }
  return text + (sizes.size() == 1 ? ",)" : ")");
}

}  // namespace

Shape::Shape(std::span<const std::int64_t> sizes) {
  if (sizes.size() > kMaxNdim) {
    throw ShapeError(1, cat("[shape] ", sizes.size(), " axes in ", list_of(sizes), "; at most ", kMaxNdim,
                            " are supported. Merge axes with reshape."));
  }
  constexpr std::int64_t kMaxNumel = std::int64_t{1} << 59;  // their bytes can be counted, whatever the dtype
  Checked numel = 1;                                         // but for sizes of 0
  bool is_empty = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t size = sizes[i];
    if (size < 0) throw ShapeError(1, cat("[shape] negative size in ", list_of(sizes), "."));
    is_empty = is_empty || size == 0;
    if (size > 0) numel = numel * size;
    sizes_[i] = size;
  }
  if (numel.is_too_large() || numel.value() > kMaxNumel) {
    throw ShapeError(1, cat("[shape] ", list_of(sizes), " has more than 2^59 elements",
                            is_empty ? ", the sizes of 0 left out." : "."));
  }
  numel_ = is_empty ? 0 : numel.value();
  ndim_ = static_cast<int>(sizes.size());
}

std::string Shape::to_string() const { return list_of(sizes()); }

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

}  // namespace chainrule
