// Derivatives by differences, to check the others with.
#include "chainrule/array.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule {

Tensor numerical_gradient(TensorFunction f, const Tensor& x, double h, Location where) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(15, cat("[numerical_gradient] needs f32 or f64, got ", name_of(x.dtype()), ".",
                             OriginScope::current(where).to_string()));
  }
  const std::vector<double> centre = x.to_vector<double>();
  // One block of memory serves every point: f is evaluated before the next change, and each point is a leaf
  // of its own.
  const Buffer point = Buffer::allocate(x.node()->bytes());
  const Buffer gradient = Buffer::allocate(x.node()->bytes());
  with_floating(x.dtype(), [&]<class T>(std::type_identity<T>) {
    T* at = static_cast<T*>(point.data());
    for (std::size_t i = 0; i < centre.size(); ++i) at[i] = static_cast<T>(centre[i]);
    const auto value = [&] { return f(make_leaf(point, x.dtype(), x.shape())).item(); };
    for (std::size_t i = 0; i < centre.size(); ++i) {
      at[i] = static_cast<T>(centre[i] + h);
      const double above = value();
      at[i] = static_cast<T>(centre[i] - h);
      const double below = value();
      at[i] = static_cast<T>(centre[i]);
      static_cast<T*>(gradient.data())[i] = static_cast<T>((above - below) / (2 * h));
    }
  });
  return make_leaf(gradient, x.dtype(), x.shape());
}

}  // namespace chainrule
