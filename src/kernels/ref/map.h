#pragma once

#include <span>

#include "chainrule/array.h"
#include "kernels/broadcast.h"

// The reference elementwise kernels: plain loops that say what the fast ones must give.
namespace chainrule::kernels {

/// y[i] = f(x[i]).
template <class X, class Y, class F>
void map_unary(const ConstArray& x, const Array& y, F f) {
  const X* in = x.as<X>();
  Y* out = y.as<Y>();
  const std::int64_t n = y.numel();
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<Y>(f(in[i]));
}

/// y = f(a, b) with broadcasting.
template <class X, class Y, class F>
void map_binary(const ConstArray& a, const ConstArray& b, const Array& y, F f) {
  const Shape* shapes[] = {&a.shape, &b.shape};
  const BroadcastRuns runs(y.shape, shapes);
  runs.for_each(0, runs.count(), [&](std::int64_t at, const BroadcastRuns::Offsets& from) {
    const X* x0 = a.as<X>() + from[0];
    const X* x1 = b.as<X>() + from[1];
    Y* out = y.as<Y>() + at;
    for (std::int64_t i = 0; i < runs.length(); ++i) {
      out[i] = static_cast<Y>(f(x0[i * runs.step(0)], x1[i * runs.step(1)]));
    }
  });
}

/// y = condition ? a : b with broadcasting.
template <class T>
void map_where(const ConstArray& condition, const ConstArray& a, const ConstArray& b, const Array& y) {
  const Shape* shapes[] = {&condition.shape, &a.shape, &b.shape};
  const BroadcastRuns runs(y.shape, shapes);
  runs.for_each(0, runs.count(), [&](std::int64_t at, const BroadcastRuns::Offsets& from) {
    const bool* c = condition.as<bool>() + from[0];
    const T* x0 = a.as<T>() + from[1];
    const T* x1 = b.as<T>() + from[2];
    T* out = y.as<T>() + at;
    for (std::int64_t i = 0; i < runs.length(); ++i) {
      out[i] = c[i * runs.step(0)] ? x0[i * runs.step(1)] : x1[i * runs.step(2)];
    }
  });
}

}  // namespace chainrule::kernels
