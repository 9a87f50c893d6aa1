#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace chainrule {

/// An array whose size is known when it is made: in place up to kFew elements, on the heap beyond. No more
/// elements are made than asked for: element i is make(i), which must not throw.
template <class T, std::size_t kFew>
class InlineArray {
 public:
  template <class Make>
  InlineArray(std::size_t size, Make make) : size_(size) {
    if (size > kFew) data_ = std::allocator<T>().allocate(size);
    for (std::size_t i = 0; i < size; ++i) new (data_ + i) T(make(i));
  }
  ~InlineArray() {
    std::destroy_n(data_, size_);
    if (size_ > kFew) std::allocator<T>().deallocate(data_, size_);
  }
  InlineArray(const InlineArray&) = delete;
  InlineArray& operator=(const InlineArray&) = delete;

  T& operator[](std::size_t i) { return data_[i]; }
  std::span<T> span() { return {data_, size_}; }

 private:
  alignas(T) std::byte few_[kFew * sizeof(T)];
  std::size_t size_;
  T* data_ = reinterpret_cast<T*>(few_);
};

}  // namespace chainrule
