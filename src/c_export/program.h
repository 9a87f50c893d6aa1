#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/op.h"
#include "chainrule/tensor.h"

// A graph as C: arrays, and steps that read and write them.
namespace chainrule::c_export {

/// Of an element in C, where whole numbers have 32 bits.
inline std::int64_t bytes_of(DType dtype) {
  return dtype == i64 ? 4 : static_cast<std::int64_t>(size_of(dtype));
}

/// An array of the C program.
struct Array {
  enum class Kind : std::uint8_t { constant, argument, work };
  Kind kind = Kind::work;
  std::string name;
  DType dtype = f32;
  std::int64_t elements = 0;
  int first = -1, last = -1;  // of kind work: the steps that it must live for
  std::int64_t offset = 0;    // of kind work: bytes from the beginning of the workspace

  std::int64_t bytes() const { return elements * bytes_of(dtype); }
};

/// Elements of an array: at `offset` and steps of `strides` from there.
struct View {
  int array = -1;
  DType dtype = f32;
  std::vector<std::int64_t> sizes, strides;
  std::int64_t offset = 0;

  std::int64_t elements() const;
  /// Whether it is row-major without gaps.
  bool is_contiguous() const;
};
std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& sizes);
std::vector<std::int64_t> sizes_of(const Shape& shape);

/// The type in C of an element.
std::string_view c_type(DType dtype);
/// A number as C writes it, with all its digits: "0.1f".
std::string c_number(float value);

/// Whole numbers from -127 to 127 in place of a constant, and what each row or column of them is multiplied
/// by.
struct WholeNumbers {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
};

/// Constants of all functions of a program.
class Constants {
 public:
  /// Names for the leaves that have one.
  std::map<const Node*, std::string> names;
  std::map<const Node*, WholeNumbers> whole;

  /// The name of a constant's array; equal memory has one.
  std::string name_of(const Tensor& constant);
  /// Of a structure that says how windows lie.
  std::string window(const std::string& initializer);
  /// Their definitions, with `$` for the net's name.
  const std::string& text() const { return text_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::map<std::pair<const void*, std::int64_t>, std::string> known_;
  std::map<std::string, std::string> windows_;
  std::set<std::string> taken_;
  std::string text_;
  std::int64_t bytes_ = 0;
};

/// The definition of an array of constants; `type` such as "float".
std::string array_text(const std::string& name, std::string_view type,
                       const std::vector<std::string>& numbers);
/// An f32, i64, u8 or boolean tensor's numbers in C.
std::vector<std::string> numbers_of(const Tensor& tensor);

}  // namespace chainrule::c_export
