// Bytes of an ONNX file as a Model.
#include <onnx/onnx_pb.h>

#include <cstring>
#include <filesystem>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/other_formats.h"
#include "core/text.h"
#include "core/utf8.h"
#include "io/input.h"
#include "onnx/read_tensor.h"

namespace chainrule::onnx {
namespace {

namespace fs = std::filesystem;

template <class T>
void append_bytes(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

class Reader {
 public:
  Reader(const std::string& name, const std::string& folder) : name_(name), folder_(folder) {}

  Model model(const ::onnx::ModelProto& proto) const {
    Model model;
    model.ir_version = proto.ir_version();
    model.producer = as_utf8(proto.producer_name());
    model.producer_version = as_utf8(proto.producer_version());
    model.opset = opset_of(proto.opset_import());
    model.graph = graph(proto.graph(), 0);
    for (const auto& function : proto.functions()) model.functions.push_back(this->function(function));
    for (const auto& entry : proto.metadata_props())
      model.metadata.emplace_back(as_utf8(entry.key()), as_utf8(entry.value()));
    return model;
  }

  Tensor tensor(const ::onnx::TensorProto& proto) const {
    StoredTensor stored{
        as_utf8(proto.name()), proto.data_type(), {proto.dims().begin(), proto.dims().end()}, {}};
    std::string bytes;
    if (proto.data_location() == ::onnx::TensorProto::EXTERNAL) {
      bytes = external(proto);
      stored.bytes = bytes;
    } else if (proto.has_raw_data()) {
      stored.bytes = proto.raw_data();
    } else {
      bytes = listed(proto);
      stored.bytes = bytes;
    }
    return tensor_of(stored, name_);
  }

 private:
  /// Graphs may stand inside graphs; deeper than this is an attack on the stack.
  static constexpr int kDeepest = 64;
  static constexpr std::uint64_t kMostExternal = std::uint64_t{1} << 34;

  /// Whatever the file has: names are shown, and are texts in Python.
  template <class Names>
  static std::vector<std::string> names(const Names& all) {
    std::vector<std::string> made;
    for (const std::string& name : all) made.push_back(as_utf8(name));
    return made;
  }

  template <class Imports>
  static std::int64_t opset_of(const Imports& imports) {
    for (const auto& import : imports) {
      if (import.domain().empty() || import.domain() == "ai.onnx") return import.version();
    }
    return 0;
  }

  Graph graph(const ::onnx::GraphProto& proto, int depth) const {
    if (depth > kDeepest)
      throw FileError(500, cat("[load_onnx] ", name_, ": graphs inside graphs, more than ", kDeepest,
                               ". Need a model that a program wrote."));
    Graph graph;
    graph.name = as_utf8(proto.name());
    for (const auto& node : proto.node()) graph.operations.push_back(operation(node, depth));
    for (const auto& initializer : proto.initializer()) {
      const std::string name = as_utf8(initializer.name());
      if (graph.initializers.contains(name) || name.empty())
        throw FileError(503, cat("[load_onnx] ", name_, ": the name \"", name,
                                 "\" is given to two tensors, or is empty. Names must be unique."));
      graph.initializers.add(name, tensor(initializer));
    }
    if (proto.sparse_initializer_size() > 0)
      throw FileError(501,
                      cat("[load_onnx] ", name_, ": sparse initializers are not read. Store them dense."));
    for (const auto& input : proto.input()) graph.inputs.push_back(value(input));
    for (const auto& output : proto.output()) graph.outputs.push_back(value(output));
    return graph;
  }

  Function function(const ::onnx::FunctionProto& proto) const {
    Function function{as_utf8(proto.name()),
                      as_utf8(proto.domain()),
                      names(proto.input()),
                      names(proto.output()),
                      {},
                      opset_of(proto.opset_import())};
    for (const auto& node : proto.node()) function.operations.push_back(operation(node, 0));
    return function;
  }

  static Value value(const ::onnx::ValueInfoProto& proto) {
    Value value{.name = as_utf8(proto.name())};
    value.is_tensor = !proto.has_type() || proto.type().has_tensor_type();
    if (!proto.type().has_tensor_type()) return value;
    const auto& type = proto.type().tensor_type();
    value.type = type.elem_type();
    value.has_shape = type.has_shape();
    for (const auto& dim : type.shape().dim()) {
      Size size;
      if (dim.has_dim_value()) size.number = dim.dim_value();
      if (dim.has_dim_param()) size.name = as_utf8(dim.dim_param());
      value.sizes.push_back(std::move(size));
    }
    return value;
  }

  Operation operation(const ::onnx::NodeProto& proto, int depth) const {
    Operation operation{as_utf8(proto.op_type()), proto.domain() == "ai.onnx" ? "" : as_utf8(proto.domain()),
                        as_utf8(proto.name()),    names(proto.input()),
                        names(proto.output()),    {}};
    for (const auto& attribute : proto.attribute()) {
      operation.attributes.push_back(this->attribute(attribute, depth));
    }
    return operation;
  }

  Attribute attribute(const ::onnx::AttributeProto& proto, int depth) const {
    using Kind = Attribute::Kind;
    Attribute a{.name = as_utf8(proto.name()), .reference = as_utf8(proto.ref_attr_name())};
    switch (proto.type()) {
      case ::onnx::AttributeProto::FLOAT:
        a.kind = Kind::number, a.numbers = {proto.f()};
        break;
      case ::onnx::AttributeProto::INT:
        a.kind = Kind::integer, a.integers = {proto.i()};
        break;
      case ::onnx::AttributeProto::STRING:
        a.kind = Kind::text, a.texts = {proto.s()};
        break;
      case ::onnx::AttributeProto::FLOATS:
        a.kind = Kind::numbers, a.numbers.assign(proto.floats().begin(), proto.floats().end());
        break;
      case ::onnx::AttributeProto::INTS:
        a.kind = Kind::integers, a.integers.assign(proto.ints().begin(), proto.ints().end());
        break;
      case ::onnx::AttributeProto::STRINGS:
        a.kind = Kind::texts, a.texts.assign(proto.strings().begin(), proto.strings().end());
        break;
      case ::onnx::AttributeProto::TENSOR:
        a.kind = Kind::tensor, a.type = proto.t().data_type();
        a.tensor = tensor(proto.t());
        break;
      case ::onnx::AttributeProto::GRAPH:
        a.kind = Kind::graph;
        a.graph = std::make_shared<Graph>(graph(proto.g(), depth + 1));
        break;
      default:
        a.kind = Kind::other;
    }
    return a;
  }

  /// The elements of the lists of numbers, as bytes.
  static std::string listed(const ::onnx::TensorProto& proto) {
    std::string bytes;
    for (const float x : proto.float_data()) append_bytes(bytes, x);
    for (const double x : proto.double_data()) append_bytes(bytes, x);
    for (const std::int64_t x : proto.int64_data()) append_bytes(bytes, x);
    for (const std::uint64_t x : proto.uint64_data()) {
      proto.data_type() == kUint32 ? append_bytes(bytes, static_cast<std::uint32_t>(x))
                                   : append_bytes(bytes, x);
    }
    for (const std::int32_t x : proto.int32_data()) {
      switch (proto.data_type()) {
        case kInt32:
          append_bytes(bytes, x);
          break;
        case kBool:
        case kUint8:
        case kInt8:
          append_bytes(bytes, static_cast<std::uint8_t>(x));
          break;
        default:
          append_bytes(bytes, static_cast<std::uint16_t>(x));  // also of 16-bit floating numbers
      }
    }
    return bytes;
  }

  /// What lies in a file beside the model: only inside its folder.
  std::string external(const ::onnx::TensorProto& proto) const {
    std::string location;
    std::uint64_t offset = 0, length = UINT64_MAX;
    const auto refuse = [&](std::string_view why) {
      return FileError(
          504, cat("[load_onnx] ", name_, ": the data of \"", proto.name(), "\" lie in \"", location, "\", ",
                   why, ". Need a file in the model's folder, and a part that it has."));
    };
    for (const auto& entry : proto.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() != "offset" && entry.key() != "length") continue;
      const std::string& text = entry.value();
      if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
        throw refuse("at a place that is no number");
      (entry.key() == "offset" ? offset : length) = std::stoull(text);
    }
    const fs::path inside(location);
    bool leaves = folder_.empty() || location.empty() || inside.is_absolute();
    for (const fs::path& part : inside) leaves = leaves || part == "..";
    if (leaves) throw refuse("which is not inside the model's folder");
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(folder_, error);
    const fs::path real = fs::weakly_canonical(fs::path(folder_) / inside, error);
    const auto [end, unused] = std::mismatch(folder.begin(), folder.end(), real.begin(), real.end());
    if (error || (end != folder.end() && !end->empty()))
      throw refuse("which leads out of the model's folder");
    const Shared<io::Input> file = io::open_file(real.string());  // no pipe, and no device
    if (offset > file->size()) throw refuse("beyond its end");
    if (length == UINT64_MAX) length = file->size() - offset;
    if (length > file->size() - offset) throw refuse("beyond its end");
    if (length > kMostExternal) throw refuse(cat("with more than ", kMostExternal, " bytes"));
    std::string bytes(length, '\0');
    file->read(offset, bytes.data(), length);
    return bytes;
  }

  std::string name_, folder_;
};

}  // namespace

Model parse_model(std::string_view bytes, const std::string& name, const std::string& folder) {
  ::onnx::ModelProto proto;
  const bool fits = bytes.size() <= INT32_MAX;
  if (!fits || !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto.has_graph()) {
    refuse_other_formats(bytes, name);
    throw FileError(500, cat("[load_onnx] ", name,
                             " is no ONNX model, or it was cut off. Need a whole file of the format, at most "
                             "2 GB."));
  }
  return Reader(name, folder).model(proto);
}

Tensor parse_tensor(std::string_view bytes, const std::string& name) {
  ::onnx::TensorProto proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw FileError(
        500, cat("[load_onnx] ", name, " is no tensor of ONNX, or it was cut off. Need a whole file."));
  return Reader(name, "").tensor(proto);
}

}  // namespace chainrule::onnx
