#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/named_tensors.h"

// A model of ONNX as plain structs: what the reader makes of a file, what the writer makes a file of. All
// other code works on these; protobuf is known to two files only.
namespace chainrule::onnx {

struct Graph;

/// A setting of a node. Numbers and texts are lists; of a single one the list has one element.
struct Attribute {
  enum class Kind : std::uint8_t { number, integer, text, tensor, graph, numbers, integers, texts, other };

  std::string name;
  Kind kind = Kind::integer;
  std::vector<double> numbers = {};
  std::vector<std::int64_t> integers = {};
  std::vector<std::string> texts = {};
  Tensor tensor = {};
  int type = 0;  ///< of a tensor, as in TypeCode
  std::shared_ptr<const Graph> graph = {};
  std::string reference = {};  ///< in a function: the attribute of the call that it stands for
};

struct Operation {
  std::string type, domain, name;
  std::vector<std::string> inputs, outputs;  ///< "" where one is left out
  std::vector<Attribute> attributes;
};

/// The size of an axis: a number, a name, or neither.
struct Size {
  std::int64_t number = -1;
  std::string name = {};
};

/// An input or an output.
struct Value {
  std::string name;
  int type = 0;           ///< of the elements, as in TypeCode; 0 if it is not said
  bool is_tensor = true;  ///< false of sequences, maps, optional values
  bool has_shape = false;
  std::vector<Size> sizes = {};
};

struct Graph {
  std::string name;
  std::vector<Operation> operations;
  NamedTensors initializers;
  std::vector<Value> inputs, outputs;
};

/// An operator that the model itself defines.
struct Function {
  std::string name, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<Operation> operations;
  std::int64_t version = 0;  ///< of the standard operators inside
};

struct Model {
  std::int64_t ir_version = 8;
  std::int64_t opset = 17;
  std::string producer, producer_version;
  Graph graph;
  std::vector<Function> functions;
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// Numbers of element types in the format.
enum TypeCode : std::uint8_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
};

/// An element type of the format, and what becomes of it here.
struct ElementType {
  std::string_view name;    ///< "int32"
  std::string_view stored;  ///< as safetensors calls it: "I32"
  TypeCode code;
  DType dtype;
};
/// Null if the library has no such numbers (texts, complex numbers).
const ElementType* find_element_type(int code);
/// What a dtype is written as.
TypeCode code_of(DType dtype);

/// @param name    for messages.
/// @param folder  where data that the file does not hold itself may lie; "" if nowhere.
/// @throws FileError  if the bytes are no model (E500), or tensors are damaged (E501, E502).
Model parse_model(std::string_view bytes, const std::string& name, const std::string& folder);
/// Makes all floating numbers of a model f64.
void widen(Model& model);
/// A tensor in a file of its own, as the test data of the format's operators are.
Tensor parse_tensor(std::string_view bytes, const std::string& name);

/// The bytes of a model.
std::string unchecked_bytes(const Model& model);
/// The same, once the format's own checker and its inference of shapes have found it right.
/// @throws ValueError  if not (E521).
std::string model_bytes(const Model& model);

}  // namespace chainrule::onnx
