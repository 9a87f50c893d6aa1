#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/tensor.h"
#include "onnx/model.h"

namespace chainrule::onnx {

/// What a file says of a tensor: the elements as bytes, little-endian.
struct StoredTensor {
  std::string name;
  int type = 0;
  std::vector<std::int64_t> sizes;
  std::string_view bytes;
};

/// @param file  for messages.
/// @throws FileError  for elements that are no numbers (E501), or of another size than the shape says (E502).
Tensor tensor_of(const StoredTensor& stored, const std::string& file);

}  // namespace chainrule::onnx
