#pragma once

#include <cassert>
#include <cstdint>
#include <type_traits>

#include "chainrule/dtype.h"

namespace chainrule {

/// Calls `visit(std::type_identity<T>{})` with the dtype's element type; returns what it returns.
template <class F>
auto with_type(DType dtype, F visit) {
  switch (dtype) {
    case DType::f32:
      return visit(std::type_identity<float>{});
    case DType::f64:
      return visit(std::type_identity<double>{});
    case DType::i64:
      return visit(std::type_identity<std::int64_t>{});
    case DType::u8:
      return visit(std::type_identity<std::uint8_t>{});
    case DType::boolean:
      break;
  }
  return visit(std::type_identity<bool>{});
}

/// The same for dtypes known to be floating.
template <class F>
auto with_floating(DType dtype, F visit) {
  assert(is_floating(dtype));
  return dtype == DType::f32 ? visit(std::type_identity<float>{}) : visit(std::type_identity<double>{});
}

}  // namespace chainrule
