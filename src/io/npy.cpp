#include "io/npy.h"

#include <vector>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "graph/node.h"
#include "kernels/permute.h"

namespace chainrule::io {
namespace {

Shape reversed(const Shape& shape) {
  return Shape(std::vector<std::int64_t>(std::make_reverse_iterator(shape.end()),
                                         std::make_reverse_iterator(shape.begin())));
}

/// From Fortran order, which is row-major order of the axes backwards.
Buffer turned(const Buffer& buffer, const NpyHeader& header) {
  const std::size_t bytes = size_of(header.stored->dtype);
  Buffer out = Buffer::allocate(static_cast<std::size_t>(header.shape.numel()) * bytes);
  std::vector<std::int8_t> order;
  for (int axis = header.shape.ndim(); axis-- > 0;) order.push_back(static_cast<std::int8_t>(axis));
  kernels::permute(buffer.data(), reversed(header.shape), order, bytes, out.data());
  return out;
}

}  // namespace

Tensor read_npy(Input& input) {
  const NpyHeader header = read_npy_header(input);
  const std::uint64_t bytes = bytes_of(*header.stored, header.shape.numel());
  if (bytes != input.size() - header.data_offset) {
    throw FileError(204, cat("[npy] ", input.name(), ": has ", input.size() - header.data_offset,
                             " bytes of elements; its header, for shape ", header.shape.to_string(), " of ",
                             header.stored->numpy, ", asks for ", bytes, ". Fetch or write it again."));
  }
  Buffer elements =
      read_elements(input, header.data_offset, *header.stored, header.big_endian, header.shape.numel());
  if (header.fortran_order && header.shape.ndim() > 1 && header.shape.numel() > 0) {
    elements = turned(elements, header);
  }
  return make_leaf(std::move(elements), header.stored->dtype, header.shape);
}

Tensor read_npy(const std::string& path) { return read_npy(*open_file(path)); }
Tensor parse_npy(std::string_view bytes) { return read_npy(*in_memory(bytes)); }

void write_npy(const std::string& path, const Tensor& tensor) {
  const std::string header = npy_header(tensor);
  const std::string_view elements = bytes_of(tensor);
  AtomicFile file(path);
  file.write(header);
  file.write(elements);
  file.commit();
}

std::string npy_bytes(const Tensor& tensor) { return npy_header(tensor).append(bytes_of(tensor)); }

}  // namespace chainrule::io
