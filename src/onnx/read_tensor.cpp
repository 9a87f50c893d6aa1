// Tensors of ONNX files: which element types there are, and what becomes of them.
#include "onnx/read_tensor.h"

#include <algorithm>
#include <array>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/checked.h"
#include "core/text.h"
#include "graph/node.h"
#include "io/elements.h"

namespace chainrule::onnx {
namespace {

constexpr std::array<ElementType, 13> kTypes{{
    {"float", "F32", kFloat, DType::f32},
    {"uint8", "U8", kUint8, DType::u8},
    {"int64", "I64", kInt64, DType::i64},
    {"bool", "BOOL", kBool, DType::boolean},
    {"double", "F64", kDouble, DType::f64},
    {"int8", "I8", kInt8, DType::i64},
    {"uint16", "U16", kUint16, DType::i64},
    {"int16", "I16", kInt16, DType::i64},
    {"int32", "I32", kInt32, DType::i64},
    {"uint32", "U32", kUint32, DType::i64},
    {"uint64", "U64", kUint64, DType::i64},
    {"float16", "F16", kFloat16, DType::f32},
    {"bfloat16", "BF16", kBfloat16, DType::f32},
}};

}  // namespace

const ElementType* find_element_type(int code) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const ElementType& type) { return type.code == code; });
  return found == kTypes.end() ? nullptr : &*found;
}

TypeCode code_of(DType dtype) {
  const std::string_view stored = io::stored_as(dtype).safetensors;
  return std::find_if(kTypes.begin(), kTypes.end(), [&](const ElementType& t) { return t.stored == stored; })
      ->code;
}

Tensor tensor_of(const StoredTensor& stored, const std::string& file) {
  const auto place = [&] { return cat("[load_onnx] ", file, ": the tensor \"", stored.name, "\" "); };
  const ElementType* type = find_element_type(stored.type);
  if (type == nullptr) {
    throw FileError(501, cat(place(), "has elements of type ", stored.type,
                             " (see TensorProto in the format); need floating numbers, whole numbers or "
                             "booleans."));
  }
  Checked count = 1;
  for (const std::int64_t size : stored.sizes) {
    if (size < 0) throw FileError(502, cat(place(), "has the size ", size, "; need 0 or more."));
    count = count * size;
  }
  const io::Stored& elements = *io::find_safetensors(type->stored);
  const Checked bytes = count * static_cast<std::int64_t>(elements.bytes);
  if (bytes.is_too_large() || static_cast<std::uint64_t>(bytes.value()) != stored.bytes.size() ||
      stored.sizes.size() > Shape::kMaxNdim) {
    throw FileError(502, cat(place(), "has ", stored.sizes.size(), " axes and ", stored.bytes.size(),
                             " bytes; need at most ", Shape::kMaxNdim, " axes, and ", elements.bytes,
                             " bytes an element."));
  }
  const Shape shape(stored.sizes);
  const Shared<io::Input> input = io::in_memory(stored.bytes);
  const Tensor tensor =
      make_leaf(io::read_elements(*input, 0, elements, false, shape.numel()), elements.dtype, shape);
  return tensor.dtype() == type->dtype ? tensor : detach(cast(tensor, type->dtype));
}

}  // namespace chainrule::onnx
