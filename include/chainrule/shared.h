#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

namespace chainrule {

/// Says that a handle was used which is empty: default-constructed, or moved from.
/// @throws ValueError E010, always.
[[noreturn]] void throw_empty_handle(const char* what = "handle");

/// What a Shared handle can hold: it carries its own count. A copy is an object of its own, counted anew.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) noexcept {}
  Counted& operator=(const Counted&) noexcept { return *this; }
  virtual ~Counted() = default;

 private:
  template <class T>
  friend class Shared;
  void retain() const { __atomic_fetch_add(&count_, 1, __ATOMIC_RELAXED); }
  bool is_one() const { return __atomic_load_n(&count_, __ATOMIC_ACQUIRE) == 1; }
  bool drop() const { return __atomic_fetch_sub(&count_, 1, __ATOMIC_ACQ_REL) == 1; }

  mutable std::uint32_t count_ = 0;
};

/// A handle that shares ownership; the last one deletes the object. (What std::shared_ptr is, without
/// `memory`, which alone would double the time that including the public headers takes.) May be copied and
/// dropped by several threads at once.
template <class T>
class Shared {
 public:
  Shared() = default;
  /// Takes an object made with `new`.
  explicit Shared(T* object) : object_(object) { retain(); }
  Shared(const Shared& other) noexcept : object_(other.object_) { retain(); }
  Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <std::derived_from<T> U>
  Shared(const Shared<U>& other) noexcept : object_(other.get()) {
    retain();
  }
  Shared& operator=(Shared other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr && object_->drop()) delete object_;
  }

  explicit operator bool() const { return object_ != nullptr; }
  /// Whether this is the only handle on an object.
  bool is_unique() const { return object_ != nullptr && object_->is_one(); }
  T* get() const { return object_; }
  /// @throws ValueError  if the handle is empty (E010), here and below.
  T& operator*() const { return *held(); }
  T* operator->() const { return held(); }
  bool operator==(const Shared& other) const { return object_ == other.object_; }

 private:
  T* held() const {
    if (object_ == nullptr) throw_empty_handle();
    return object_;
  }
  void retain() {
    if (object_ != nullptr) object_->retain();
  }
  T* object_ = nullptr;
};

template <class T, class... Arguments>
Shared<T> make_shared(Arguments&&... arguments) {
  return Shared<T>(new T{std::forward<Arguments>(arguments)...});
}

}  // namespace chainrule
