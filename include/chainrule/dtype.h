#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>

#include "chainrule/half.h"

namespace chainrule {

/// The type of every element of a tensor.
///
/// The last three are for keeping numbers, not for computing: they take less memory, and files hold them.
/// What only moves numbers keeps them (reshape, permute, slice, pad, concatenate, take and what is made of
/// these); every other operation converts them first, f16 and bf16 to f32, i32 to i64, and gives what it
/// gives of those. cast goes from each dtype to each.
enum class DType : std::uint8_t { f32, f64, i64, u8, boolean, f16, bf16, i32 };

inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
inline constexpr DType i64 = DType::i64;
inline constexpr DType u8 = DType::u8;
inline constexpr DType boolean = DType::boolean;
inline constexpr DType f16 = DType::f16;
inline constexpr DType bf16 = DType::bf16;
inline constexpr DType i32 = DType::i32;

/// What is known of a dtype.
struct DTypeInfo {
  DType dtype;
  std::string_view name;
  std::size_t bytes;  // of one element
  DType computed_as;  // itself, unless it is only for keeping numbers
};

/// One for each, in the order of DType.
inline constexpr DTypeInfo kDTypes[] = {
    {f32, "f32", 4, f32},          {f64, "f64", 8, f64}, {i64, "i64", 8, i64},   {u8, "u8", 1, u8},
    {boolean, "bool", 1, boolean}, {f16, "f16", 2, f32}, {bf16, "bf16", 2, f32}, {i32, "i32", 4, i64},
};
inline constexpr std::size_t kDTypeCount = sizeof(kDTypes) / sizeof(kDTypes[0]);

constexpr const DTypeInfo& info_of(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) { return info_of(dtype).bytes; }

/// "f32", "f64", "i64", "u8", "bool", "f16", "bf16" or "i32".
constexpr std::string_view name_of(DType dtype) { return info_of(dtype).name; }

/// Whether it is only for keeping numbers: f16, bf16 or i32.
constexpr bool is_storage(DType dtype) { return dtype > DType::boolean; }

/// The dtype that operations convert it to before they compute: f32 of f16 and bf16, i64 of i32, else itself.
constexpr DType computed_as(DType dtype) { return info_of(dtype).computed_as; }

/// Whether it is one of the two floating dtypes that are computed with.
constexpr bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

/// Whether its elements are real numbers, so that there are gradients: those of f16 and bf16 tensors are f32.
constexpr bool has_gradient(DType dtype) { return is_floating(computed_as(dtype)); }

std::ostream& operator<<(std::ostream& out, DType dtype);

/// The DType of a C++ element type: `dtype_of<float>` is f32.
template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0,
                "chainrule has no dtype for this C++ type; use float, double, std::int64_t, "
                "std::uint8_t, bool, std::int32_t, Float16 or BFloat16");
  return DType::f32;
}();
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::u8;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;
template <>
inline constexpr DType dtype_of<Float16> = DType::f16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::bf16;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::i32;

}  // namespace chainrule
