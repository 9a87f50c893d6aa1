#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx/model.h"
#include "onnx/traced.h"

// How an operation of the library is written in ONNX: one row each.
namespace chainrule::onnx {

/// A value in the file: its name, and what is known of it.
struct Term {
  std::string name;
  DType dtype = DType::f32;
  Extents shape = {};
};

/// Collects the operations of a file. Each call adds one, and gives its result.
class Writer {
 public:
  using Attributes = std::vector<Attribute>;

  explicit Writer(Model& model) : model_(model) {}

  /// What new nodes are called after: the path of a layer, or "".
  void set_layer(std::string layer) { layer_ = std::move(layer); }
  /// The value from which the size of the batch can be read at run time, and along which axis.
  void set_batch_source(std::string name, int axis) { batch_source_ = std::move(name), batch_axis_ = axis; }

  std::string add(std::string_view type, std::vector<std::string> inputs, Attributes attributes = {});
  std::vector<std::string> add_several(std::string_view type, std::vector<std::string> inputs,
                                       std::size_t outputs, Attributes attributes = {});
  /// Numbers, as a Constant node; equal small ones once.
  std::string constant(const Tensor& tensor);
  std::string number(double value, DType dtype);
  std::string integers(const std::vector<std::int64_t>& values);
  /// A vector of sizes, which may depend on the batch.
  std::string sizes(const Extents& extents);
  std::string cast(const std::string& x, DType dtype);
  std::string reshape(const std::string& x, const Extents& to);
  /// Another output of the operation whose first one this is.
  std::string output_beside(const std::string& first, std::size_t i) const;
  std::string unique(const std::string& wish);

 private:
  std::string batch();

  Model& model_;
  std::string layer_, batch_source_, batch_;
  int batch_axis_ = 0;
  std::unordered_map<std::string, int> taken_;
  std::unordered_map<std::string, std::string> constants_;
};

Attribute integer(std::string name, std::int64_t value);
Attribute integers(std::string name, std::vector<std::int64_t> values);
Attribute text(std::string name, std::string value);
Attribute texts(std::string name, std::vector<std::string> values);

/// An operation that is to be written.
class FormCall {
 public:
  FormCall(const TracedNode& node, std::vector<Term> inputs, Writer& writer)
      : w(writer), node_(node), inputs_(std::move(inputs)) {}

  Writer& w;
  const Term& operator[](std::size_t i) const { return inputs_[i]; }
  std::size_t input_count() const { return inputs_.size(); }
  const Extents& shape() const { return node_.shape; }
  DType dtype() const { return node_.dtype; }
  const Tensor& value() const { return node_.value; }

  const Setting& setting(std::string_view name) const;
  const Extent& extent(std::string_view name) const { return setting(name).numbers[0]; }
  /// @throws ValueError  if it depends on the batch (E522), here and below.
  std::int64_t integer(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;
  /// The last ones, one a spatial axis: options of windows are kept for three.
  std::vector<std::int64_t> spatial(std::string_view name) const;
  std::vector<std::int64_t> fixed(const Extents& extents) const;
  std::vector<std::string> names() const;

 private:
  const TracedNode& node_;
  std::vector<Term> inputs_;
};

struct Form {
  std::string_view op;
  /// The operator that it is; "" if it is written in parts, or has no form.
  std::string_view is = {};
  /// Writes it, and gives the name of the result. Null: `is`, with the same inputs and no attributes.
  std::string (*write)(FormCall& call) = nullptr;
  /// What it is made of, or why there is no form.
  std::string_view note = {};
  /// So many of the first inputs are not read.
  std::size_t unread = 0;

  bool exists() const { return !is.empty() || write != nullptr; }
};

/// The families.
/// @{
std::span<const Form> number_forms();
std::span<const Form> shape_forms();
std::span<const Form> window_forms();
std::span<const Form> other_forms();
/// Of marks, which are no operations of the library.
std::span<const Form> mark_forms();
/// @}

/// Null if there is no row for it.
const Form* find_form(std::string_view op);
std::vector<const Form*> all_forms();

/// The number of elements around which an ONNX vector of axes is made.
std::vector<std::int64_t> axes_of(std::int64_t set);

}  // namespace chainrule::onnx
