#pragma once

#include <cstdint>
#include <string>

#include "chainrule/tensor.h"
#include "io/elements.h"
#include "io/input.h"

namespace chainrule::io {

/// What the first lines of an .npy file say.
struct NpyHeader {
  const Stored* stored = nullptr;
  bool big_endian = false;
  bool fortran_order = false;
  Shape shape;
  std::uint64_t data_offset = 0;
};

/// @throws FileError  (E202, E203, E205).
NpyHeader read_npy_header(Input& input);

/// The array that takes the whole input. @throws FileError  as io::read_npy.
Tensor read_npy(Input& input);

/// All that stands before the elements.
std::string npy_header(const Tensor& tensor);

}  // namespace chainrule::io
