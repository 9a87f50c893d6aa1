#pragma once

#include <array>
#include <span>
#include <string_view>

namespace chainrule::c_export {

/// A function in C. It computes what the library's kernels compute, in the same order.
struct CFunction {
  std::string_view name;
  std::array<std::string_view, 4> needs;  // functions that it calls; "" fills up
  std::string_view text;
};

/// In an order in which what is called stands before the caller; layers may call math, products layers, and
/// windows products.
std::span<const CFunction> math_functions();
std::span<const CFunction> layer_functions();
std::span<const CFunction> product_functions();
std::span<const CFunction> window_functions();

}  // namespace chainrule::c_export
