// Gradients and what is made of them.
#include <cstring>
#include <string>

#include "binding.h"
#include "chainrule/grad.h"
#include "chainrule/grad_check.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "reading.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

/// Python's functions behind custom gradients, by number; they live as long as the program.
std::vector<PyObject*>& gradient_functions() {
  static auto* const functions = new std::vector<PyObject*>;
  return *functions;
}

/// The first input as it is, with a gradient by the others that a Python function gives.
struct CustomGradient {
  static constexpr OpInfo kInfo{
      .name = "custom_gradient", .arity = -1, .doc = "A value with a gradient of its own."};
  std::int64_t function = 0;

  bool operator==(const CustomGradient&) const = default;
  void fields(auto&& visit) const { visit("function", function); }
  static std::vector<Sample> samples() { return {}; }
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const {
    return with_python([&] {
      Tensors found(v.inputs.size());
      py::list inputs;
      for (const Tensor& each : v.inputs.subspan(1)) inputs.append(py::cast(each));
      const py::list given =
          ask(gradient_functions()[static_cast<std::size_t>(function)], v.cotangent, v.output, inputs);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const bool is_given = i > 0 && !given[i - 1].is_none();
        if (is_given) found[i] = to_tensor(py::object(given[i - 1]).ptr());
        if (!is_given && v.needs(i)) found[i] = zeros(v.inputs[i].shape(), v.inputs[i].dtype());
      }
      return found;
    });
  }
  void run(const Kernel& k) const {
    std::memcpy(k.output.data, k.inputs[0].data,
                static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype));
  }
};

/// The same value, as a variable of its own.
struct Variable {
  static constexpr OpInfo kInfo{.name = "variable", .doc = "The same value."};
  bool operator==(const Variable&) const = default;
  static std::vector<Sample> samples() { return {}; }
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent}; }
  void run(const Kernel& k) const {
    std::memcpy(k.output.data, k.inputs[0].data,
                static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype));
  }
};

template <class F>
auto computing(F f) {
  const Location where = caller();
  const Computing alone;
  return f(where);
}

/// Variables that a transform made for itself: none is made of another, and what they are made of may be
/// long, as in a loop whose tensors keep their past.
constexpr GradOptions kOwn{.allow_unused = true, .stop_at_variables = true};

Tensor variable(const Tensor& x, bool nested) {
  if (nested || !x.node()->is_leaf()) return apply(Variable{}, {x}, caller());
  return detach(x);
}

Tensor with_gradient(std::int64_t function, const Tensor& value, std::vector<Tensor> inputs) {
  const Location where = caller();
  inputs.insert(inputs.begin(), stop_gradient(value, where));
  return apply(CustomGradient{function}, std::span<const Tensor>(inputs), where);
}

py::tuple check(const py::function& f, const std::vector<Tensor>& at, int order, bool all_entries,
                double tolerance, double step, std::uint64_t seed) {
  const auto function = [&](std::span<const Tensor> values) {
    return with_python(
        [&] { return ask(f, std::vector<Tensor>(values.begin(), values.end())).cast<Tensor>(); });
  };
  const GradCheckReport r = computing([&](Location where) {
    return grad_check(
        TensorsFunction(function), std::span<const Tensor>(at),
        {.order = order, .all_entries = all_entries, .tolerance = tolerance, .step = step, .seed = seed},
        where);
  });
  static constexpr const char* names[] = {"ok", "failed", "kink"};
  return py::make_tuple(r.ok(), names[static_cast<int>(r.status)], r.analytic, r.numeric, r.relative_error,
                        r.message);
}

bool set_constants(bool constant) { return std::exchange(Making::here().constants, constant); }

}  // namespace

void add_transforms(py::module_& m) {
  using Many = std::vector<Tensor>;
  m.def("_variable", variable);
  m.def("_enter_differentiated", enter_differentiated);
  m.def("_leave_differentiated", leave_differentiated);
  m.def(
      "_evaluate",
      [](const Many& tensors) { computing([&](Location) { evaluate(std::span<const Tensor>(tensors)); }); },
      Names("tensors"));
  m.def(
      "_grad",
      [](const Tensor& output, const Many& variables, bool allow_unused, bool own) {
        const GradOptions options{.allow_unused = allow_unused, .stop_at_variables = own};
        return computing(
            [&](Location w) { return grad(output, std::span<const Tensor>(variables), options, w); });
      },
      Names("output, variables, allow_unused, own"));
  m.def(
      "_vjp",
      [](const Tensor& output, const Many& variables, const Tensor& cotangent) {
        return computing(
            [&](Location w) { return vjp(output, std::span<const Tensor>(variables), cotangent, kOwn, w); });
      },
      Names("output, variables, cotangent"));
  m.def(
      "_jvp",
      [](const Tensor& output, const Many& variables, const Many& tangents) {
        return computing([&](Location w) {
          return jvp(output, std::span<const Tensor>(variables), std::span<const Tensor>(tangents), kOwn, w);
        });
      },
      Names("output, variables, tangents"));
  m.def(
      "_hvp",
      [](const Tensor& output, const Many& variables, const Many& vectors) {
        return computing([&](Location w) {
          return hvp(output, std::span<const Tensor>(variables), std::span<const Tensor>(vectors), kOwn, w);
        });
      },
      Names("output, variables, vectors"));
  m.def(
      "_jacobian",
      [](const Tensor& output, const Tensor& variable) {
        return computing([&](Location w) { return jacobian(output, variable, kOwn, w); });
      },
      Names("output, variable"));
  m.def(
      "_hessian",
      [](const Tensor& output, const Tensor& variable) {
        return computing([&](Location w) { return hessian(output, variable, kOwn, w); });
      },
      Names("output, variable"));
  m.def(
      "_numerical_gradient",
      [](const py::function& f, const Tensor& x, double h) {
        const auto function = [&](const Tensor& v) {
          return with_python([&] { return ask(f, v).cast<Tensor>(); });
        };
        return computing([&](Location w) { return numerical_gradient(TensorFunction(function), x, h, w); });
      },
      Names("f, x, h"));
  m.def("_grad_check", check, Names("f, inputs, order, all_entries, tolerance, step, seed"));
  m.def("_set_constants", set_constants);
  m.def(
      "_set_array_ufunc", [](const py::function& f) { set_array_ufunc(f.ptr()); }, Names("f"));
  m.def(
      "_add_gradient",
      [](const py::function& f) {
        gradient_functions().push_back(Ref::of(f.ptr()).release());
        return gradient_functions().size() - 1;
      },
      Names("f"));
  m.def("_with_gradient", with_gradient, Names("f, output, inputs"));
}

}  // namespace chainrule::python
