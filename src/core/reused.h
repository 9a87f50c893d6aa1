#pragma once

#include <memory>
#include <vector>

namespace chainrule {

/// A working object of this thread that is used again and again, so that its memory is allocated once.
/// Uses may nest: each has its own. T has clear().
template <class T>
class Reused {
 public:
  Reused() {
    auto& rested = objects();
    if (rested.empty()) {
      object_ = std::make_unique<T>();
    } else {
      object_ = std::move(rested.back());
      rested.pop_back();
    }
  }
  ~Reused() {
    object_->clear();
    objects().push_back(std::move(object_));
  }
  Reused(const Reused&) = delete;
  Reused& operator=(const Reused&) = delete;

  T* operator->() const { return object_.get(); }
  T& operator*() const { return *object_; }

 private:
  static std::vector<std::unique_ptr<T>>& objects() {
    thread_local std::vector<std::unique_ptr<T>> rested;
    return rested;
  }
  std::unique_ptr<T> object_;
};

}  // namespace chainrule
