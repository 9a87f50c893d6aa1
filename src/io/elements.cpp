#include "io/elements.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "chainrule/array.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::io {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

/// `convert` of a row, by a function for one element.
template <class In, class Out, Out (*one)(In)>
std::size_t convert(const std::byte* in, std::size_t count, void* out) {
  for (std::size_t i = 0; i < count; ++i) {
    In element;
    std::memcpy(&element, in + i * sizeof(In), sizeof(In));
    if constexpr (std::is_same_v<In, std::uint64_t>) {
      if (!std::in_range<Out>(element)) return i;
    }
    static_cast<Out*>(out)[i] = one(element);
  }
  return count;
}

bool is_set(std::uint8_t x) { return x != 0; }
template <class In>
std::int64_t widened(In x) {
  return static_cast<std::int64_t>(x);
}
template <class In>
constexpr auto kWiden = convert<In, std::int64_t, widened<In>>;

// In the order of the library of safetensors, which writes those of the last rows first.
constexpr Stored kStored[] = {
    {"b1", "BOOL", 1, boolean, convert<std::uint8_t, bool, is_set>},
    {"u1", "U8", 1, u8, nullptr},
    {"i1", "I8", 1, i64, kWiden<std::int8_t>},
    {"i2", "I16", 2, i64, kWiden<std::int16_t>},
    {"u2", "U16", 2, i64, kWiden<std::uint16_t>},
    {"f2", "F16", 2, f16, nullptr},
    {"", "BF16", 2, bf16, nullptr},
    {"i4", "I32", 4, i32, nullptr},
    {"u4", "U32", 4, i64, kWiden<std::uint32_t>},
    {"f4", "F32", 4, f32, nullptr},
    {"f8", "F64", 8, f64, nullptr},
    {"i8", "I64", 8, i64, nullptr},
    {"u8", "U64", 8, i64, kWiden<std::uint64_t>},
};

const Stored* find(std::string_view Stored::*member, std::string_view name) {
  const auto found = std::find_if(std::begin(kStored), std::end(kStored),
                                  [&](const Stored& row) { return !name.empty() && row.*member == name; });
  return found == std::end(kStored) ? nullptr : found;
}

void swap_bytes(std::byte* data, std::size_t count, std::size_t bytes) {
  for (std::size_t i = 0; i < count; ++i) std::reverse(data + i * bytes, data + (i + 1) * bytes);
}

}  // namespace

std::span<const Stored> stored_types() { return kStored; }
const Stored* find_numpy(std::string_view name) { return find(&Stored::numpy, name); }
const Stored* find_safetensors(std::string_view name) { return find(&Stored::safetensors, name); }

const Stored& stored_as(DType dtype) {
  // Bytes that stay as they are; a bool is one of 0 or 1.
  return *std::find_if(std::begin(kStored), std::end(kStored), [&](const Stored& row) {
    return row.dtype == dtype && (row.convert == nullptr || dtype == boolean);
  });
}

std::uint64_t bytes_of(const Stored& stored, std::int64_t count) {
  std::uint64_t bytes = 0;
  const bool beyond = __builtin_mul_overflow(static_cast<std::uint64_t>(count), stored.bytes, &bytes);
  return beyond ? std::numeric_limits<std::uint64_t>::max() : bytes;
}

Buffer read_elements(Input& input, std::uint64_t offset, const Stored& stored, bool swapped,
                     std::int64_t count) {
  constexpr std::size_t kPiece = std::size_t{1} << 13;  // elements
  const auto all = static_cast<std::size_t>(count);
  Buffer buffer = Buffer::allocate(all * size_of(stored.dtype));
  auto* out = static_cast<std::byte*>(buffer.data());
  std::vector<std::byte> converted(stored.convert == nullptr ? 0 : std::min(kPiece, all) * stored.bytes);
  for (std::size_t done = 0; done < all;) {
    const std::size_t piece = stored.convert == nullptr ? all : std::min(kPiece, all - done);
    std::byte* const in = stored.convert == nullptr ? out : converted.data();
    input.read(offset + done * stored.bytes, in, piece * stored.bytes);
    if (swapped) swap_bytes(in, piece, stored.bytes);
    const std::size_t good =
        stored.convert == nullptr ? piece : stored.convert(in, piece, out + done * size_of(stored.dtype));
    if (good < piece) {
      throw FileError(206,
                      cat("[read] ", input.name(), ": element ", done + good,
                          " of unsigned 64-bit numbers is 2^63 or more, which i64 cannot hold. Save it as "
                          "another type."));
    }
    done += piece;
  }
  return buffer;
}

std::string_view bytes_of(const Tensor& tensor) {
  return with_any_type(tensor.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::span<const T> elements = tensor.data<T>();
    return std::string_view(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  });
}

void evaluate_all(const NamedTensors& tensors) {
  std::vector<Tensor> all;
  for (const auto& [name, tensor] : tensors) all.push_back(tensor);
  evaluate(all);
}

}  // namespace chainrule::io
