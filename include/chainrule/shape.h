#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace chainrule {

/// The sizes of a tensor along its axes, outermost first: an image batch is (N, C, H, W), a scalar is ().
/// At most kMaxNdim axes, held inline: copying a shape allocates nothing.
class Shape {
 public:
  static constexpr int kMaxNdim = 8;

  Shape() = default;
  /// @throws ShapeError  for more than kMaxNdim axes, a negative size, or more than 2^59 elements (E001).
  /// Sizes of 0 do not count there: products of any of the sizes can be formed.
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span<const std::int64_t>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const std::int64_t> sizes);
  template <std::integral T>
  Shape(const std::vector<T>& sizes)
      : Shape(std::span<const std::int64_t>(std::vector<std::int64_t>(sizes.begin(), sizes.end()))) {}

  int ndim() const { return ndim_; }
  /// Number of elements; 1 for a scalar.
  std::int64_t numel() const { return numel_; }
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  /// Size along the axis counted from the end: back(1) is the last.
  std::int64_t back(int from_end = 1) const { return (*this)[ndim_ - from_end]; }

  std::span<const std::int64_t> sizes() const { return {sizes_.data(), static_cast<std::size_t>(ndim_)}; }
  const std::int64_t* begin() const { return sizes_.data(); }
  const std::int64_t* end() const { return sizes_.data() + ndim_; }

  bool operator==(const Shape& other) const {
    if (ndim_ != other.ndim_ || numel_ != other.numel_) return false;
    for (int axis = 0; axis < ndim_; ++axis) {
      if ((*this)[axis] != other[axis]) return false;
    }
    return true;
  }

  /// "(32, 784)", "(3,)", "()", as NumPy writes it.
  std::string to_string() const;

 private:
  std::array<std::int64_t, kMaxNdim> sizes_{};
  std::int64_t numel_ = 1;
  int ndim_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace chainrule
