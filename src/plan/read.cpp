// Reading numbers out of tensors, which computes them.
#include <iomanip>
#include <sstream>

#include "chainrule/array.h"
#include "chainrule/error.h"
#include "chainrule/tensor.h"
#include "core/convert.h"
#include "core/memory.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule {
namespace {

/// NumPy's layout: nested brackets, long axes cut to their ends.
class Printer {
 public:
  Printer(const Tensor& tensor, std::ostream& out)
      : array_(tensor.node()->array()), edge_(tensor.numel() > kWhole ? kEdge : tensor.numel()), out_(out) {}

  void print(int axis = 0, std::size_t offset = 0) {
    const Shape& shape = array_.shape;
    if (shape.numel() == 0) return static_cast<void>(out_ << "[]");
    if (axis == shape.ndim()) return element(offset);
    std::size_t stride = 1;
    for (int i = axis + 1; i < shape.ndim(); ++i) stride *= static_cast<std::size_t>(shape[i]);
    const std::int64_t size = shape[axis];
    out_ << "[";
    for (std::int64_t i = 0; i < size; ++i) {
      if (size > 2 * edge_ && i == edge_) {
        out_ << separator(axis) << "...";
        i = size - edge_;
      }
      if (i > 0) out_ << separator(axis);
      print(axis + 1, offset + static_cast<std::size_t>(i) * stride);
    }
    out_ << "]";
  }

 private:
  static constexpr std::int64_t kWhole = 1000, kEdge = 3;  // NumPy's threshold and edgeitems

  std::string separator(int axis) const {
    const int inside = array_.shape.ndim() - axis - 1;
    if (inside == 0) return ", ";
    std::string text = ",";
    text.append(static_cast<std::size_t>(inside), '\n');
    return text.append(static_cast<std::size_t>(axis + 1), ' ');
  }
  void element(std::size_t i) {
    with_any_type(array_.dtype, [&]<class T>(std::type_identity<T>) {
      out_ << std::setprecision(6);
      if constexpr (Half<T>) {
        write_part(out_, static_cast<float>(array_.as<T>()[i]));
      } else if constexpr (std::is_floating_point_v<T>) {
        write_part(out_, array_.as<T>()[i]);
      } else {
        out_ << +array_.as<T>()[i];  // +: a byte is a number, and no letter
      }
    });
  }

  ConstArray array_;
  std::int64_t edge_;  // so many at each end
  std::ostream& out_;
};

}  // namespace

const void* Tensor::bytes(DType wanted, Location where) const {
  if (dtype() != wanted) {
    throw DTypeError(20, cat("[data] the tensor is ", name_of(dtype()), ", not ", name_of(wanted),
                             ". Use to_vector<T>() or cast(x, ", name_of(wanted), ").",
                             OriginScope::current(where).to_string()));
  }
  evaluate({this, 1});
  return node_->value.data();
}

template <Numeric T>
std::vector<T> Tensor::to_vector() const {
  static_cast<void>(shape());
  evaluate({this, 1});
  std::vector<T> values = vector_with_room<T>(numel());
  values.resize(static_cast<std::size_t>(numel()));
  with_any_type(dtype(), [&]<class U>(std::type_identity<U>) {
    const U* from = node_->array().as<U>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = convert<T>(from[i]);
  });
  return values;
}

template <Numeric T>
T Tensor::item(Location where) const {
  if (numel() != 1) {
    throw ShapeError(19, cat("[item] shape ", shape().to_string(), " has ", numel(),
                             " elements, not one. Use to_vector() or a reduction such as sum or mean.",
                             OriginScope::current(where).to_string()));
  }
  evaluate({this, 1});
  return with_any_type(dtype(), [this]<class U>(std::type_identity<U>) {
    return convert<T>(*static_cast<const U*>(node_->value.data()));
  });
}

#define CHAINRULE_NUMERIC(T)                         \
  template std::vector<T> Tensor::to_vector() const; \
  template T Tensor::item(Location) const;
#include "core/numeric_list.def"
#undef CHAINRULE_NUMERIC

std::string Tensor::to_string() const {
  std::ostringstream out;
  out << *this;
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (tensor.is_empty()) return out << "tensor(empty)";
  evaluate({&tensor, 1});
  std::ostringstream text;
  Printer(tensor, text).print();
  out << text.str();
  return tensor.ndim() == 0 ? out : out << "  " << tensor.shape() << " " << tensor.dtype();
}

void evaluate(std::initializer_list<Tensor> tensors) { evaluate(std::span(tensors.begin(), tensors.size())); }

Tensor detach(const Tensor& tensor) {
  evaluate({&tensor, 1});
  return make_leaf(tensor.node()->value, tensor.dtype(), tensor.shape());
}

}  // namespace chainrule
