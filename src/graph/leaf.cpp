// Tensors that are given, not computed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "chainrule/array.h"
#include "chainrule/error.h"
#include "chainrule/tensor.h"
#include "core/convert.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule {
namespace {

/// A leaf whose element i is `value(i)`, converted.
template <class F>
Tensor fill(const Shape& shape, DType dtype, F value) {
  const std::int64_t n = shape.numel();
  Buffer buffer = Buffer::allocate(static_cast<std::size_t>(n) * size_of(dtype));
  with_any_type(dtype, [&]<class T>(std::type_identity<T>) {
    T* out = static_cast<T*>(buffer.data());
    for (std::int64_t i = 0; i < n; ++i) out[i] = convert<T>(value(i));
  });
  return make_leaf(std::move(buffer), dtype, shape);
}

void check_count(std::size_t values, const Shape& shape, Location where) {
  if (static_cast<std::int64_t>(values) != shape.numel()) {
    throw ShapeError(23, cat("[tensor] ", values, " values for shape ", shape.to_string(), ", which has ",
                             shape.numel(), " elements.", OriginScope::current(where).to_string()));
  }
}

}  // namespace

Tensor tensor(std::initializer_list<Number> values, DType dtype) {
  return tensor(values, Shape{static_cast<std::int64_t>(values.size())}, dtype);
}

Tensor tensor(std::initializer_list<Number> values, const Shape& shape, DType dtype, Location where) {
  check_count(values.size(), shape, where);
  return fill(shape, dtype, [&](std::int64_t i) { return values.begin()[i]; });
}

template <Element T>
Tensor from_data(std::span<const T> values, const Shape& shape, Location where) {
  check_count(values.size(), shape, where);
  if constexpr (OneOf<T, float, double, std::int64_t, std::uint8_t, bool, Float16, BFloat16>) {
    Buffer buffer = Buffer::allocate(values.size_bytes());
    if (!values.empty()) std::memcpy(buffer.data(), values.data(), values.size_bytes());
    return make_leaf(std::move(buffer), dtype_of<T>, shape);
  } else {
    return fill(shape, DType::i64, [&](std::int64_t i) { return values[static_cast<std::size_t>(i)]; });
  }
}
#define CHAINRULE_NUMERIC(T) template Tensor from_data(std::span<const T>, const Shape&, Location);
#include "core/numeric_list.def"
CHAINRULE_NUMERIC(Float16)
CHAINRULE_NUMERIC(BFloat16)
#undef CHAINRULE_NUMERIC

Tensor from_data(const std::vector<bool>& values, const Shape& shape, Location where) {
  check_count(values.size(), shape, where);
  return fill(shape, DType::boolean,
              [&](std::int64_t i) { return bool(values[static_cast<std::size_t>(i)]); });
}

Tensor scalar(const Number& value, DType dtype) { return full({}, value, dtype); }

Tensor literal(const Number& number, DType dtype) {
  // Never destroyed: graphs of static storage may use them to the very end.
  static const auto* const shared = [] {
    auto* made = new std::array<std::array<Tensor, 2>, kDTypeCount>;
    for (std::size_t i = 0; i < made->size(); ++i) {
      for (const int value : {0, 1}) {
        Tensor& tensor = (*made)[i][static_cast<std::size_t>(value)];
        tensor = full({}, value, static_cast<DType>(i));
        tensor.node()->literal = value == 0 ? Literal::zero : Literal::one;
      }
    }
    return made;
  }();
  const bool is_zero = number == 0 && !std::signbit(number.real()), is_one = number == 1;
  if (!is_zero && !is_one) return full({}, number, dtype);
  return (*shared)[static_cast<std::size_t>(dtype)][is_one];
}

Tensor full(const Shape& shape, const Number& value, DType dtype) {
  const std::int64_t n = shape.numel();
  Buffer buffer = Buffer::allocate(static_cast<std::size_t>(n) * size_of(dtype));
  with_any_type(dtype, [&]<class T>(std::type_identity<T>) {
    std::fill_n(static_cast<T*>(buffer.data()), n, convert<T>(value));
  });
  return make_leaf(std::move(buffer), dtype, shape);
}

Tensor zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }

Tensor arange(std::int64_t count, DType dtype) {
  return fill(Shape{count}, dtype, [](std::int64_t i) { return i; });
}

}  // namespace chainrule
