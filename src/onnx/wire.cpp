// A Model as the bytes of an ONNX file. Protocol buffers are a row of fields: a number with a kind, then a
// whole number in groups of seven bits, four bytes, or a length with so many bytes.
#include <cstring>

#include "io/elements.h"
#include "onnx/model.h"

namespace chainrule::onnx {
namespace {

/// A message that is being written.
class Message {
 public:
  Message& integer(int field, std::int64_t value) {
    key(field, 0);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& number(int field, float value) {
    key(field, 5);
    char four[4];
    std::memcpy(four, &value, 4);
    bytes_.append(four, 4);
    return *this;
  }
  Message& text(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_.append(value);
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  Message& texts(int field, const std::vector<std::string>& all) {
    for (const std::string& each : all) text(field, each);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, int kind) {
    varint(static_cast<std::uint64_t>(field) << 3 | static_cast<unsigned>(kind));
  }
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

Message written(const std::string& name, const Tensor& tensor) {
  Message made;
  for (const std::int64_t size : tensor.shape()) made.integer(1, size);
  made.integer(2, code_of(tensor.dtype()));
  if (!name.empty()) made.text(8, name);
  return made.text(9, io::bytes_of(tensor));
}

Message written(const Value& value) {
  Message shape;
  for (const Size& size : value.sizes) {
    Message dim;
    if (size.number >= 0) {
      dim.integer(1, size.number);
    } else if (!size.name.empty()) {
      dim.text(2, size.name);
    }
    shape.message(1, dim);
  }
  const Message tensor = Message().integer(1, value.type).message(2, shape);
  return Message().text(1, value.name).message(2, Message().message(1, tensor));
}

Message written(const Attribute& attribute) {
  using Kind = Attribute::Kind;
  Message made;
  made.text(1, attribute.name);
  constexpr int kType = 20;
  switch (attribute.kind) {
    case Kind::number:
      return made.number(2, static_cast<float>(attribute.numbers.at(0))).integer(kType, 1);
    case Kind::integer:
      return made.integer(3, attribute.integers.at(0)).integer(kType, 2);
    case Kind::text:
      return made.text(4, attribute.texts.at(0)).integer(kType, 3);
    case Kind::tensor:
      return made.message(5, written("", attribute.tensor)).integer(kType, 4);
    case Kind::texts:
      return made.texts(9, attribute.texts).integer(kType, 8);
    default:
      for (const std::int64_t i : attribute.integers) made.integer(8, i);
      return made.integer(kType, 7);
  }
}

Message written(const Operation& operation) {
  Message made;
  made.texts(1, operation.inputs).texts(2, operation.outputs).text(3, operation.name).text(4, operation.type);
  for (const Attribute& attribute : operation.attributes) made.message(5, written(attribute));
  return made;
}

Message written(const Graph& graph) {
  Message made;
  for (const Operation& operation : graph.operations) made.message(1, written(operation));
  made.text(2, graph.name);
  for (const auto& [name, tensor] : graph.initializers) made.message(5, written(name, tensor));
  for (const Value& input : graph.inputs) made.message(11, written(input));
  for (const Value& output : graph.outputs) made.message(12, written(output));
  return made;
}

}  // namespace

std::string unchecked_bytes(const Model& model) {
  Message made;
  made.integer(1, model.ir_version).text(2, model.producer).text(3, model.producer_version);
  made.message(7, written(model.graph));
  made.message(8, Message().text(1, "").integer(2, model.opset));
  for (const auto& [key, value] : model.metadata) made.message(14, Message().text(1, key).text(2, value));
  return made.bytes();
}

}  // namespace chainrule::onnx
