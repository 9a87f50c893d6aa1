// Minima of functions, and of nets.
#include "method.h"
#include "python_layer.h"
#include "reading.h"
#include "settings.h"

namespace chainrule::python {
namespace {

template <class Self, class How>
struct MethodOf : ConfigurableOf<Self, Method>, How {
  optim::Minimum run(optim::Objective f, std::span<const Tensor> start, Location where) const override {
    return optim::minimize_objective(f, start, static_cast<const How&>(*this), where);
  }
};

struct LBfgs : MethodOf<LBfgs, optim::LBfgs> {
  static constexpr Info kInfo{
      .name = "lbfgs",
      .doc = "Limited-memory BFGS, with a line search to the strong Wolfe conditions: for a loss."};
};
struct GaussNewton : MethodOf<GaussNewton, optim::GaussNewton> {
  static constexpr Info kInfo{.name = "gauss_newton",
                              .doc =
                                  "Gauss-Newton, each step halved until the sum of squares falls: for "
                                  "residuals, from a start that is near."};
};
struct LevenbergMarquardt : MethodOf<LevenbergMarquardt, optim::LevenbergMarquardt> {
  static constexpr Info kInfo{
      .name = "levenberg_marquardt",
      .doc = "Levenberg-Marquardt: for residuals; between Gauss-Newton and a short step down the gradient."};
};

py::tuple to_tuple(const optim::Minimum& found) {
  return py::make_tuple(found.at, found.value, found.iterations, found.evaluations, found.converged,
                        found.reason);
}

/// What a function returns, which is differentiated by these variables, or by the parameters of a net.
Tensor asked(const py::object& f, const std::vector<Tensor>& variables) {
  return with_python([&] {
    const py::object made = ask(f, variables);
    if (!is_tensor(made.ptr())) throw_type("what the function returns", "a tensor", made.ptr());
    return tensor_of(made.ptr());
  });
}

py::tuple minimize(const py::object& f, const std::vector<Tensor>& start, const py::object& how) {
  const Location where = caller();
  const Shared<Method> method = to_kind<Method>(how);
  const OriginScope here(where);
  optim::Minimum found;
  {
    const auto at = [&](std::vector<Tensor>& x) {
      const Differentiated by_these(x);
      return asked(f, x);
    };
    const Computing alone;
    found = method->run(at, start, where);
  }
  return to_tuple(found);
}

py::tuple minimize_net(const py::object& f, nn::Layer& net, const py::object& how) {
  const Location where = caller();
  const Shared<Method> method = to_kind<Method>(how);
  const OriginScope here(where);
  const InUse in_use(net);
  optim::Minimum found;
  {
    const auto loss = [&] {
      const Differentiated by_parameters({}, net);
      return asked(f, {});
    };
    const Computing alone;
    found = optim::minimize(net, loss, *method, where);
  }
  return to_tuple(found);
}

}  // namespace

void add_minimizing(py::module_& m) {
  m.def("_minimize", minimize, Names("f, start, method"));
  m.def("_minimize_net", minimize_net, Names("f, net, method"));
}

}  // namespace chainrule::python

template <>
chainrule::Registry& chainrule::registry<chainrule::python::Method>() {
  static Registry* const made = [] {
    auto* all = new Registry("method");
    all->add<python::LBfgs>();
    all->add<python::GaussNewton>();
    all->add<python::LevenbergMarquardt>();
    return all;
  }();
  return *made;
}
