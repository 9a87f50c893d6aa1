#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace chainrule {

/// An array whose size is known when it is made: in place up to kFew elements, on the heap beyond.
template <class T, std::size_t kFew>
class InlineArray {
 public:
  explicit InlineArray(std::size_t size)
      : size_(size), many_(size > kFew ? std::make_unique<T[]>(size) : nullptr) {}

  T& operator[](std::size_t i) { return data()[i]; }
  std::span<T> span() { return {data(), size_}; }

 private:
  T* data() { return many_ ? many_.get() : few_.data(); }

  std::size_t size_;
  std::array<T, kFew> few_{};
  std::unique_ptr<T[]> many_;
};

}  // namespace chainrule
