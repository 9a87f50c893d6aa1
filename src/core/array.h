#pragma once

#include <cassert>

#include "chainrule/dtype.h"
#include "chainrule/shape.h"

namespace chainrule {

/// What kernels read: contiguous row-major memory seen with a dtype and a shape. Owns nothing.
struct ConstArray {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  const T* as() const {
    assert(dtype == dtype_of<T>);
    return static_cast<const T*>(data);
  }
  std::int64_t numel() const { return shape.numel(); }
};

/// What kernels write: as ConstArray, with the memory writable.
struct Array {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  T* as() const {
    assert(dtype == dtype_of<T>);
    return static_cast<T*>(data);
  }
  std::int64_t numel() const { return shape.numel(); }
};

}  // namespace chainrule
