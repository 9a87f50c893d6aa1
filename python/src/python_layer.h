#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chainrule/nn/layer.h"
#include "settings.h"

namespace chainrule::python {

/// What is known of a Python class of layers; lives for ever.
struct LayerClass {
  std::string name, doc, inputs, outputs;
  Info info;
};

/// The C++ side of a layer that is a Python class: what the library calls goes to methods of that class.
class PythonLayer : public nn::Layer {
 public:
  PythonLayer() = default;
  ~PythonLayer() override;
  PythonLayer(const PythonLayer&) = delete;
  PythonLayer& operator=(const PythonLayer&) = delete;

  /// The Python object that this belongs to, which holds this; borrowed until it is `hold`ed.
  PyObject* side() const;
  /// From now on this holds its Python side: something in C++ holds this. Python's collector of garbage
  /// knows.
  void hold();
  bool is_holding() const { return is_holding_; }
  void let_go();
  /// Whether nothing but the Python object holds this.
  bool is_only_of_python() const;

  const Info& info() const override { return class_of().info; }
  /// What its class was given, as far as those are plain values that it keeps under their names.
  void visit_fields(Fields& f) override;
  Configurable* make_default() const override;
  std::string_view input_names() const override { return class_of().inputs; }
  std::string_view output_names() const override { return class_of().outputs; }
  Layer* copy() const override;
  void visit_members(nn::Members& m) override;

 protected:
  void initialize(nn::Init& init) override;
  nn::Ports evaluate(const nn::Inputs& inputs, nn::Pass& pass) const override;

 private:
  const LayerClass& class_of() const;

  using Setting = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>>;

  std::map<std::string, Setting> settings_;  // as they were when they were asked for
  mutable PyObject* side_ = nullptr;         // found when it is first asked for
  bool is_holding_ = false;
};

/// What a layer's `init` gets in Python: of use while that runs, whoever keeps it.
struct PythonInit {
  nn::Init* init = nullptr;

  nn::Init& operator*() const {
    if (init == nullptr) throw py::value_error("this Init is of use only while the layer's `init` runs");
    return *init;
  }
};

/// While one exists, a net computes or trains: its layers stay as they are. Made and destroyed with Python's
/// lock.
class InUse {
 public:
  explicit InUse(const nn::Layer& net);
  ~InUse();
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

  /// @throws an error of Python's  if the layer is one of such a net.
  static void check_not(const nn::Layer& layer);

 private:
  const nn::Layer* net_;
};

/// The C++ side of a Python object that is a layer of a Python class; else null.
PythonLayer* python_layer_of(PyObject* self);

/// Layers of Python classes in a net, it itself among them.
py::list python_layers(nn::Layer& net);

/// What of a net is otherwise in training: a state's path, or a layer as configurations write it. "" if
/// nothing.
std::string otherwise_in_training(nn::Layer& net);

/// The pass that this thread's layers run in, or null.
nn::Pass*& current_pass();

/// Sets it, as long as this exists.
class InPass {
 public:
  explicit InPass(nn::Pass* pass) : before_(std::exchange(current_pass(), pass)) {}
  ~InPass() { current_pass() = before_; }
  InPass(const InPass&) = delete;
  InPass& operator=(const InPass&) = delete;

 private:
  nn::Pass* before_;
};

py::object from_ports(const nn::Ports& ports);

}  // namespace chainrule::python
