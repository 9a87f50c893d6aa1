#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chainrule/shared.h"

namespace chainrule::io {

/// Bytes of which the number is known before they are read.
class Input : public Counted {
 public:
  Input(std::string name, std::uint64_t size) : name_(std::move(name)), size_(size) {}

  /// What messages call it: the path.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// The `count` bytes from `offset` on, which must lie within the size. A member of an archive is read in
  /// ascending order only.
  virtual void read(std::uint64_t offset, void* out, std::size_t count) = 0;

 private:
  std::string name_;
  std::uint64_t size_;
};

/// @throws FileError  if it is no regular file that can be opened (E200).
Shared<Input> open_file(const std::string& path);

/// The bytes must outlive it.
Shared<Input> in_memory(std::string_view bytes);

}  // namespace chainrule::io
