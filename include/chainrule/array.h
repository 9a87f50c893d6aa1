#pragma once

#include <cassert>
#include <cstdint>
#include <type_traits>

#include "chainrule/dtype.h"
#include "chainrule/shape.h"

// What kernels work on.
namespace chainrule {

/// A kernel met elements that it is not written for: its operation's `infer` let them in.
/// @throws DTypeError  E015
[[noreturn]] void throw_not_written_for(DType dtype);

/// What kernels read: contiguous row-major memory seen with a dtype and a shape. Owns nothing.
struct ConstArray {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  const T* as() const {
    check(dtype == dtype_of<T>, dtype);
    return static_cast<const T*>(data);
  }
  std::int64_t numel() const { return shape.numel(); }

  /// In builds with assertions: in others kernels may ask in their innermost loops.
  static void check([[maybe_unused]] bool is_right, [[maybe_unused]] DType dtype) {
#ifndef NDEBUG
    if (!is_right) throw_not_written_for(dtype);
#endif
  }
};

/// What kernels write: as ConstArray, with the memory writable.
struct Array {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  T* as() const {
    ConstArray::check(dtype == dtype_of<T>, dtype);
    return static_cast<T*>(data);
  }
  std::int64_t numel() const { return shape.numel(); }
};

/// Calls `visit(std::type_identity<T>{})` with the element type of a dtype that is computed with (f32, f64,
/// i64, u8 or bool); returns what it returns.
template <class F>
auto with_type(DType dtype, F visit) {
  assert(!is_storage(dtype));
  switch (dtype) {
    case DType::f32:
      return visit(std::type_identity<float>{});
    case DType::f64:
      return visit(std::type_identity<double>{});
    case DType::i64:
      return visit(std::type_identity<std::int64_t>{});
    case DType::u8:
      return visit(std::type_identity<std::uint8_t>{});
    default:
      break;
  }
  return visit(std::type_identity<bool>{});
}

/// The same for every dtype, for what converts, moves or prints elements.
template <class F>
auto with_any_type(DType dtype, F visit) {
  switch (dtype) {
    case DType::f16:
      return visit(std::type_identity<Float16>{});
    case DType::bf16:
      return visit(std::type_identity<BFloat16>{});
    case DType::i32:
      return visit(std::type_identity<std::int32_t>{});
    default:
      return with_type(dtype, visit);
  }
}

/// The same for dtypes known to be floating. @throws DTypeError  for another (E015).
template <class F>
auto with_floating(DType dtype, F visit) {
  if (dtype != DType::f32 && dtype != DType::f64) [[unlikely]]
    throw_not_written_for(dtype);
  return dtype == DType::f32 ? visit(std::type_identity<float>{}) : visit(std::type_identity<double>{});
}

}  // namespace chainrule
