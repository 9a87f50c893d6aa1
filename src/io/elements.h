#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chainrule/dtype.h"
#include "chainrule/named_tensors.h"
#include "chainrule/shape.h"
#include "core/buffer.h"
#include "io/input.h"

namespace chainrule::io {

/// A type of the elements in a file, and what it becomes.
struct Stored {
  std::string_view numpy;        ///< "f4"; empty if NumPy has none
  std::string_view safetensors;  ///< "F32"
  std::size_t bytes;             ///< of an element
  DType dtype;
  /// Converts; null if the bytes stay as they are. How many: all of them, or those before the first that
  /// does not fit.
  std::size_t (*convert)(const std::byte* in, std::size_t count, void* out);
};

/// One for each that can be read.
std::span<const Stored> stored_types();
/// Null if it is not known.
const Stored* find_numpy(std::string_view name);
const Stored* find_safetensors(std::string_view name);
/// What a dtype is written as; of bf16 the NumPy name is empty.
const Stored& stored_as(DType dtype);

/// The elements at `offset`, which the caller has found to lie within the input; `swapped` if big-endian.
/// @throws FileError  for an element that does not fit (E206).
Buffer read_elements(Input& input, std::uint64_t offset, const Stored& stored, bool swapped,
                     std::int64_t count);

/// Bytes that so many elements take in a file, or the largest number if that is beyond it.
std::uint64_t bytes_of(const Stored& stored, std::int64_t count);

/// The elements in memory, computed if need be; valid as long as the tensor.
std::string_view bytes_of(const Tensor& tensor);

/// Computes all of them together.
void evaluate_all(const NamedTensors& tensors);

}  // namespace chainrule::io
