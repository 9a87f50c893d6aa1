#pragma once

#include <concepts>
#include <utility>

#include "chainrule/fields.h"

namespace chainrule {

/// A plain struct with a `kInfo` and, if it has settings, `fields`, as one of a kind. The struct itself has
/// no base, so that it can be written with its settings in braces: `Momentum{.momentum = 0.9}`.
template <class Plain, class Base>
class Boxed : public Base {
 public:
  static constexpr Info kInfo = Plain::kInfo;

  Boxed() = default;
  explicit Boxed(Plain made) : plain(std::move(made)) {}
  const Info& info() const override { return kInfo; }
  void visit_fields(Fields& f) override {
    if constexpr (requires { plain.fields(f); }) plain.fields(f);
  }
  Configurable* make_default() const override { return Base::template box<Plain>(Plain()); }

  Plain plain{};
};

[[noreturn]] void throw_none(const Registry& kind);

/// One of a kind: a plain struct of that kind, or a handle on one. Kinds say `box` how a struct is one of
/// them.
template <class Base>
class Any {
 public:
  Any() = default;
  template <class Plain>
  requires(!std::derived_from<Plain, Any>) && requires(Plain plain) { Base::template box<Plain>(plain); }
  Any(Plain plain) : handle_(Base::template box<Plain>(std::move(plain))) {}
  Any(Shared<Base> handle) : handle_(std::move(handle)) {}

  explicit operator bool() const { return static_cast<bool>(handle_); }
  /// @throws ValueError  if there is none (E239), here and below.
  const Base& operator*() const { return held(); }
  const Base* operator->() const { return &held(); }
  /// For `fields`.
  Shared<Base>& handle() { return handle_; }
  const Shared<Base>& handle() const { return handle_; }

 private:
  const Base& held() const {
    if (!handle_) throw_none(registry<Base>());
    return *handle_;
  }
  Shared<Base> handle_;
};

/// Makes a plain struct known by its name: `add_boxed<optim::Rule, Lion>()`.
template <class Base, class Plain>
void add_boxed(Registry& rows = registry<Base>()) {
  rows.add({&Boxed<Plain, Base>::kInfo,
            [] { return static_cast<Configurable*>(Base::template box<Plain>(Plain())); }});
}

}  // namespace chainrule
