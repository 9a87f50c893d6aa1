// Reading numbers out of tensors, which computes them.
#include <iomanip>
#include <sstream>

#include "chainrule/array.h"
#include "chainrule/error.h"
#include "chainrule/tensor.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule {
namespace {

/// NumPy's layout: nested brackets, long axes cut to their ends.
class Printer {
 public:
  Printer(const Tensor& tensor, std::ostream& out)
      : values_(tensor.to_vector<double>()),
        shape_(tensor.shape()),
        out_(out),
        integral_(!is_floating(tensor.dtype())) {}

  void print(int axis = 0, std::size_t offset = 0) {
    if (axis == shape_.ndim()) return element(offset);
    std::size_t stride = 1;
    for (int i = axis + 1; i < shape_.ndim(); ++i) stride *= static_cast<std::size_t>(shape_[i]);
    const std::int64_t size = shape_[axis];
    out_ << "[";
    for (std::int64_t i = 0; i < size; ++i) {
      if (size > 2 * kEdge && i == kEdge) {
        out_ << separator(axis) << "...";
        i = size - kEdge;
      }
      if (i > 0) out_ << separator(axis);
      print(axis + 1, offset + static_cast<std::size_t>(i) * stride);
    }
    out_ << "]";
  }

 private:
  static constexpr std::int64_t kEdge = 4;

  std::string separator(int axis) const {
    const int inside = shape_.ndim() - axis - 1;
    if (inside == 0) return ", ";
    std::string text = ",";
    text.append(static_cast<std::size_t>(inside), '\n');
    return text.append(static_cast<std::size_t>(axis + 1), ' ');
  }
  void element(std::size_t i) {
    if (integral_) {
      out_ << static_cast<long long>(values_[i]);
    } else {
      out_ << std::setprecision(6);
      write_part(out_, values_[i]);
    }
  }

  std::vector<double> values_;
  Shape shape_;
  std::ostream& out_;
  bool integral_;
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

template <class T>
std::vector<T> Tensor::to_vector() const {
  static_cast<void>(shape());
  evaluate({this, 1});
  std::vector<T> values(static_cast<std::size_t>(numel()));
  with_type(dtype(), [&]<class U>(std::type_identity<U>) {
    const U* from = node_->array().as<U>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(from[i]);
  });
  return values;
}
template std::vector<double> Tensor::to_vector() const;
template std::vector<float> Tensor::to_vector() const;
template std::vector<std::int64_t> Tensor::to_vector() const;
template std::vector<std::uint8_t> Tensor::to_vector() const;

double Tensor::item(Location where) const {
  if (numel() != 1) {
    throw ShapeError(19, cat("[item] shape ", shape().to_string(), " has ", numel(),
                             " elements, not one. Use to_vector() or a reduction such as sum or mean.",
                             OriginScope::current(where).to_string()));
  }
  evaluate({this, 1});
  return with_type(dtype(), [this]<class T>(std::type_identity<T>) {
    return static_cast<double>(*static_cast<const T*>(node_->value.data()));
  });
}

std::string Tensor::to_string() const {
  std::ostringstream out;
  out << *this;
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor) return out << "tensor(empty)";
  std::ostringstream text;
  Printer(tensor, text).print();
  out << text.str();
  return tensor.ndim() == 0 ? out : out << "  " << tensor.shape() << " " << name_of(tensor.dtype());
}

Tensor detach(const Tensor& tensor) {
  evaluate({&tensor, 1});
  return make_leaf(tensor.node()->value, tensor.dtype(), tensor.shape());
}

}  // namespace chainrule
