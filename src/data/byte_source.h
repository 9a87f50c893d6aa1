#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "chainrule/error.h"

struct z_stream_s;

namespace chainrule::data {

/// The bytes of a file from first to last, unpacked if it is gzip, which its first two bytes tell. Knows a
/// bound on how many there can be before reading them.
class ByteSource {
 public:
  /// @throws FileError  if it is no regular file that can be opened (E060).
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Up to `size` bytes into `out`; fewer only at the end. @throws FileError  for damaged gzip (E066).
  std::size_t read(void* out, std::size_t size);

  /// No more than this many bytes can come out of a file of this size: exact if plain.
  std::uint64_t most_bytes() const { return most_bytes_; }
  /// Bytes given so far: the offset in the unpacked file.
  std::uint64_t offset() const { return offset_; }
  bool packed() const { return inflater_ != nullptr; }
  /// How messages name it: path, and that offsets count after unpacking if so.
  const std::filesystem::path& path() const { return path_; }

 private:
  bool refill();
  std::size_t read_packed(std::uint8_t* out, std::size_t size);
  bool next_member();

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unique_ptr<z_stream_s, void (*)(z_stream_s*)> inflater_;
  std::vector<std::uint8_t> buffer_;  // of packed bytes
  std::uint64_t most_bytes_ = 0;
  std::uint64_t offset_ = 0;
  bool finished_ = false;
};

}  // namespace chainrule::data
