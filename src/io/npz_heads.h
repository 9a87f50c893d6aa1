#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/npy.h"

namespace chainrule::io {

/// An array of an .npz file, packed or not, that is not read.
struct NpzHead {
  std::string name;
  NpyHeader header;
};
/// All arrays, in the order of the file. @throws FileError  as read_npz, for what is read.
std::vector<NpzHead> npz_heads(const std::string& path);
/// One of them. @param place  in that order. @throws FileError  as read_npz.
Tensor read_npz_array(const std::string& path, std::size_t place);

}  // namespace chainrule::io
