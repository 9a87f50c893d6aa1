#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/named_tensors.h"
#include "chainrule/shape.h"
#include "chainrule/shared.h"
#include "chainrule/tensor.h"

/// Tensors in files: NumPy's .npy and .npz, and .safetensors.
///
///     io::write_safetensors("net.safetensors", {{"W", w}, {"b", b}}, {{"step", "1000"}});
///     const io::TensorFile file = io::read_safetensors("net.safetensors");
///     file.tensors["W"];
///
/// Files come from anywhere: what one says of itself is checked against its size before memory is taken, and
/// nothing in it is executed. The library's dtypes stay what they are: bool, u8, i32, i64, f16, bf16, f32 and
/// f64. What else a file may hold becomes one of them, without loss: i8, i16, u16, u32 become i64, and so
/// does u64 if every element is below 2^63 (else E206).
///
/// `read_...` and `write_...` are about files; `parse_...` and `..._bytes` are the same in memory.
namespace chainrule::io {

/// @name Any file
/// @{

/// All bytes of a file; also of a pipe.
/// @throws FileError  if it cannot be read (E200), or has more than `most_bytes` bytes (E201).
std::string read_file(const std::string& path, std::uint64_t most_bytes = std::uint64_t{64} << 20);

/// Replaces the content of a file, or makes it: afterwards it is there whole, or what was there before is.
/// @throws FileError  if it cannot be written (E083).
void replace_file(const std::string& path, std::string_view bytes);

/// The same in several pieces: they go to a file beside, which takes the name when it is whole and on the
/// disk.
///
/// A link is followed, and stays; another hard link keeps the old content. A file that is replaced keeps its
/// permissions; one that may not be written to is left alone. What is no regular file, such as a pipe, a
/// device or /dev/stdout, is written to directly, and never removed.
class AtomicFile {
 public:
  /// @throws FileError  as all that follow, if it cannot be written (E083).
  explicit AtomicFile(const std::string& path);
  /// Without `commit`, leaves everything as it was.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// The last call: flushes the file, gives it the name, and flushes the folder.
  void commit();

 private:
  std::string path_;    // as given, for messages
  std::string target_;  // where its links lead
  std::string beside_;  // empty: written to directly, or done
  int fd_ = -1;
};
/// @}

/// @name NumPy
/// @{

/// Versions 1 to 3, any byte order, C or Fortran order.
/// @throws FileError  if it cannot be read (E200), is malformed (E202), or has elements that are no numbers
///     (E203), another size than its header says (E204), or a shape beyond the limits (E205).
Tensor read_npy(const std::string& path);
Tensor parse_npy(std::string_view bytes);
/// Version 1, little-endian, C order.
/// @throws FileError  if it cannot be written (E083).
/// @throws DTypeError  for a bf16 tensor, which NumPy does not have (E590).
void write_npy(const std::string& path, const Tensor& tensor);
std::string npy_bytes(const Tensor& tensor);

struct NpzOptions {
  bool compressed = false;  ///< as numpy.savez_compressed does
};
/// The arrays of an archive that numpy.savez or savez_compressed wrote, in its order, named without ".npy".
/// Link `chainrule::data` (needs libzip), as for all of npz.
/// @throws FileError  as read_npy, and for a name that is there twice (E207), or an archive that is damaged,
///     encrypted, or packed in another way (E208).
NamedTensors read_npz(const std::string& path);
NamedTensors parse_npz(std::string_view bytes);
/// The same tensors give the same bytes: the time in the file is 1980-01-01.
/// @throws FileError  if it cannot be written (E083).
/// @throws ValueError  for a name that is empty or not UTF-8 (E211).
/// @throws DTypeError  for a bf16 tensor, which NumPy does not have (E590).
void write_npz(const std::string& path, const NamedTensors& tensors, NpzOptions options = {});
std::string npz_bytes(const NamedTensors& tensors, NpzOptions options = {});
/// @}

/// @name Safetensors
/// @{

/// Text by name, in order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct TensorFile {
  NamedTensors tensors;
  Metadata metadata;
};

/// Every rule of the format is checked: the tensors must cover the data without holes or overlap, and each
/// has the size of its dtype and shape.
/// @throws FileError  if it cannot be read (E200), is malformed (E202), or has a dtype that is not known
///     (E203), sizes that do not fit together (E204), a shape beyond the limits (E205), or a name twice
///     (E207).
TensorFile read_safetensors(const std::string& path);
TensorFile parse_safetensors(std::string_view bytes);

struct SafetensorsOptions {
  bool f32_as_f16 = false;  ///< half the size: f32 is rounded to 11 bits; others stay
};
/// Tensors of large elements first, then by name, as the format's own library writes them.
/// @throws FileError  if it cannot be written (E083).
/// @throws ValueError  for a name or text that is not UTF-8, or a name that is there twice (E211), or an
///     element that becomes infinite as f16 (E206).
void write_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata = {},
                       SafetensorsOptions options = {});
std::string safetensors_bytes(const NamedTensors& tensors, const Metadata& metadata = {},
                              SafetensorsOptions options = {});

/// A file of which only some tensors are read. It stays open: it may be renamed or replaced meanwhile.
class Safetensors {
 public:
  struct Entry {
    std::string name;
    std::string stored;        ///< the dtype in the file: "BF16"
    DType dtype = DType::f32;  ///< what it becomes
    Shape shape;
    std::uint64_t begin = 0, end = 0;  ///< bytes of the file
  };

  /// Reads the header. @throws FileError  as read_safetensors.
  explicit Safetensors(const std::string& path);

  /// In the order of the header.
  std::span<const Entry> entries() const { return {entries_.data(), entries_.size()}; }
  const Metadata& metadata() const { return metadata_; }
  /// Reads one.
  /// @throws ValueError  if there is none of that name (E209).
  Tensor tensor(std::string_view name) const;
  NamedTensors tensors() const;

 private:
  friend TensorFile parse_safetensors(std::string_view bytes);
  Tensor tensor(const Entry& entry) const;
  explicit Safetensors(Shared<Counted> input);

  Shared<Counted> input_;  // the open file
  std::vector<Entry> entries_;
  Metadata metadata_;
};
/// @}

/// @name Checksums
/// @{

/// FNV-1a with 64 bits (Fowler, Noll, Vo): tells damage and other bits apart, not forgery.
class Fnv1a {
 public:
  Fnv1a& add(std::string_view bytes);
  /// The elements in row-major order, little-endian.
  Fnv1a& add(const Tensor& tensor);
  std::uint64_t value() const { return value_; }
  /// 16 hexadecimal digits.
  std::string hex() const;

 private:
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

/// Of everything: names, dtypes, shapes and elements, in order. Other order, other number.
std::uint64_t checksum(const NamedTensors& tensors);
/// Of a whole file: its tensors, whatever their order, and its texts in order, but for those whose keys end
/// in "checksum". 16 hexadecimal digits; what models and checkpoints carry.
std::string checksum(const NamedTensors& tensors, const Metadata& metadata);
/// @}

}  // namespace chainrule::io
