// The handle itself. What needs numbers (item, data, printing) stands in plan/read.cpp.
#include "chainrule/tensor.h"

#include "chainrule/error.h"
#include "chainrule/shared.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule {
namespace {

const Node& checked(const Node* node) {
  if (node == nullptr) throw_empty_handle("tensor");
  return *node;
}

}  // namespace

Tensor::Tensor(const Tensor& other) noexcept : node_(other.node_) { retain(node_); }

Tensor& Tensor::operator=(const Tensor& other) noexcept { return *this = Tensor(other); }

Tensor Tensor::of(Node* node) noexcept {
  retain(node);
  return adopt(node);
}

DType Tensor::dtype() const { return checked(node_).dtype; }
const Shape& Tensor::shape() const { return checked(node_).shape; }

std::int64_t Tensor::size(int axis, Location where) const {
  const Shape& s = shape();
  if (axis < -s.ndim() || axis >= s.ndim()) {
    throw ShapeError(13, cat("[size] axis ", axis, " of a tensor of shape ", s.to_string(), ". Axes go from ",
                             -s.ndim(), " to ", s.ndim() - 1, ".", OriginScope::current(where).to_string()));
  }
  return s[axis < 0 ? axis + s.ndim() : axis];
}

}  // namespace chainrule
