// A Model as the bytes of an ONNX file, checked by the format's own library.
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "chainrule/error.h"
#include "core/text.h"
#include "io/elements.h"
#include "onnx/model.h"

namespace chainrule::onnx {
namespace {

void write(const std::string& name, const Tensor& tensor, ::onnx::TensorProto& proto) {
  proto.set_name(name);
  proto.set_data_type(code_of(tensor.dtype()));
  for (const std::int64_t size : tensor.shape()) proto.add_dims(size);
  const std::string_view bytes = io::bytes_of(tensor);
  proto.set_raw_data(bytes.data(), bytes.size());
}

void write(const Value& value, ::onnx::ValueInfoProto& proto) {
  proto.set_name(value.name);
  auto& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(value.type);
  auto& shape = *type.mutable_shape();
  for (const Size& size : value.sizes) {
    auto& dim = *shape.add_dim();
    if (size.number >= 0) {
      dim.set_dim_value(size.number);
    } else if (!size.name.empty()) {
      dim.set_dim_param(size.name);
    }
  }
}

void write(const Attribute& attribute, ::onnx::AttributeProto& proto) {
  using Kind = Attribute::Kind;
  proto.set_name(attribute.name);
  switch (attribute.kind) {
    case Kind::number:
      proto.set_type(::onnx::AttributeProto::FLOAT);
      proto.set_f(static_cast<float>(attribute.numbers.at(0)));
      break;
    case Kind::integer:
      proto.set_type(::onnx::AttributeProto::INT);
      proto.set_i(attribute.integers.at(0));
      break;
    case Kind::text:
      proto.set_type(::onnx::AttributeProto::STRING);
      proto.set_s(attribute.texts.at(0));
      break;
    case Kind::texts:
      proto.set_type(::onnx::AttributeProto::STRINGS);
      for (const std::string& text : attribute.texts) proto.add_strings(text);
      break;
    case Kind::tensor:
      proto.set_type(::onnx::AttributeProto::TENSOR);
      write("", attribute.tensor, *proto.mutable_t());
      break;
    default:
      proto.set_type(::onnx::AttributeProto::INTS);
      for (const std::int64_t i : attribute.integers) proto.add_ints(i);
  }
}

::onnx::ModelProto proto_of(const Model& model) {
  ::onnx::ModelProto proto;
  proto.set_ir_version(model.ir_version);
  proto.set_producer_name(model.producer);
  proto.set_producer_version(model.producer_version);
  auto& opset = *proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(model.opset);
  auto& graph = *proto.mutable_graph();
  graph.set_name(model.graph.name);
  for (const Operation& operation : model.graph.operations) {
    auto& node = *graph.add_node();
    node.set_op_type(operation.type);
    node.set_name(operation.name);
    for (const std::string& input : operation.inputs) node.add_input(input);
    for (const std::string& output : operation.outputs) node.add_output(output);
    for (const Attribute& attribute : operation.attributes) write(attribute, *node.add_attribute());
  }
  for (const auto& [name, tensor] : model.graph.initializers) write(name, tensor, *graph.add_initializer());
  for (const Value& input : model.graph.inputs) write(input, *graph.add_input());
  for (const Value& output : model.graph.outputs) write(output, *graph.add_output());
  for (const auto& [key, value] : model.metadata) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return proto;
}

}  // namespace

std::string model_bytes(const Model& model) {
  const ::onnx::ModelProto proto = proto_of(model);
  try {
    ::onnx::checker::check_model(proto);
    ::onnx::ModelProto inferred = proto;
    ::onnx::shape_inference::InferShapes(inferred, ::onnx::OpSchemaRegistry::Instance(), {true, 1, true});
  } catch (const std::exception& error) {
    throw ValueError(521,
                     cat("[export_onnx] the format's own checker refuses what was written: ", error.what(),
                         "\nThis is a mistake of the library's, or of the operation's. Please report it."));
  }
  return proto.SerializeAsString();
}

}  // namespace chainrule::onnx
