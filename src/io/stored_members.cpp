// The directory of a zip archive (PKWARE's APPNOTE.TXT, 4.3). libzip, which reads archives, does not say
// where a member's bytes are.
#include "io/stored_members.h"

#include <algorithm>
#include <string_view>

#include "chainrule/error.h"
#include "core/text.h"
#include "io/names.h"

namespace chainrule::io {
namespace {

constexpr std::uint64_t kFull16 = 0xFFFF, kFull32 = 0xFFFFFFFF;  // it is in the zip64 record

FileError damaged(const Input& file, std::string_view reason) {
  return FileError(208, cat("[npz] ", file.name(), ": ", reason, ". Write it anew with numpy.savez."));
}

/// Bytes of the archive, which must be there.
std::string bytes_at(Input& file, std::uint64_t offset, std::uint64_t count) {
  if (offset > file.size() || count > file.size() - offset)
    throw damaged(file, "its directory points beyond its end");
  std::string bytes(count, '\0');
  file.read(offset, bytes.data(), count);
  return bytes;
}

/// Little-endian.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Directory {
  std::uint64_t entries = 0, size = 0, offset = 0;
};

Directory find_directory(Input& file) {
  constexpr std::uint64_t kEndSize = 22, kMostComment = 0xFFFF, kLocatorSize = 20, kEnd64Size = 56;
  const std::uint64_t tail = std::min(file.size(), kEndSize + kMostComment);
  const std::string bytes = bytes_at(file, file.size() - tail, tail);
  const std::size_t at = bytes.rfind("PK\5\6");
  if (at == std::string::npos || bytes.size() - at < kEndSize) {
    throw FileError(202, cat("[npz] ", file.name(),
                             ": is no .npz file: not a zip archive. Write it anew with numpy.savez."));
  }
  Directory found{number(bytes, at + 10, 2), number(bytes, at + 12, 4), number(bytes, at + 16, 4)};
  if (found.entries != kFull16 && found.size != kFull32 && found.offset != kFull32) return found;
  const std::uint64_t end = file.size() - tail + at;
  if (end < kLocatorSize) return found;
  const std::string locator = bytes_at(file, end - kLocatorSize, kLocatorSize);
  if (!locator.starts_with("PK\6\7")) return found;
  const std::string end64 = bytes_at(file, number(locator, 8, 8), kEnd64Size);
  if (!end64.starts_with("PK\6\6")) throw damaged(file, "its zip64 record is not where it should be");
  return {number(end64, 32, 8), number(end64, 40, 8), number(end64, 48, 8)};
}

/// The zip64 field of a member has, in this order, those of its numbers that do not fit.
void take_zip64(std::string_view extra, std::uint64_t* const (&numbers)[3]) {
  while (extra.size() >= 4) {
    const std::uint64_t kind = number(extra, 0, 2), size = number(extra, 2, 2);
    extra.remove_prefix(4);
    std::string_view field = extra.substr(0, size);
    extra.remove_prefix(field.size());
    if (kind != 1) continue;
    for (std::uint64_t* value : numbers) {
      if (*value != kFull32 || field.size() < 8) continue;
      *value = number(field, 0, 8);
      field.remove_prefix(8);
    }
  }
}

}  // namespace

std::vector<ArchiveMember> archive_members(Input& file) {
  constexpr std::uint64_t kEntrySize = 46, kLocalSize = 30;
  const Directory directory = find_directory(file);
  const std::string bytes = bytes_at(file, directory.offset, directory.size);
  std::vector<ArchiveMember> members;
  std::string_view left = bytes;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (left.size() < kEntrySize || !left.starts_with("PK\1\2"))
      throw damaged(file, "its directory ends early");
    const std::uint64_t flags = number(left, 8, 2), method = number(left, 10, 2);
    std::uint64_t packed = number(left, 20, 4), size = number(left, 24, 4), local = number(left, 42, 4);
    const std::uint64_t name_size = number(left, 28, 2), extra_size = number(left, 30, 2);
    const std::uint64_t all = kEntrySize + name_size + extra_size + number(left, 32, 2);
    if (left.size() < all) throw damaged(file, "its directory ends early");
    take_zip64(left.substr(kEntrySize + name_size, extra_size), {&size, &packed, &local});
    ArchiveMember member{std::string(left.substr(kEntrySize, name_size)), method == 0 && (flags & 1) == 0};
    left.remove_prefix(all);
    const std::string header = bytes_at(file, local, kLocalSize);
    if (!header.starts_with("PK\3\4"))
      throw damaged(file, cat("member ", in_quotes(member.name), " is not where the directory says"));
    member.offset = local + kLocalSize + number(header, 26, 2) + number(header, 28, 2);
    member.size = size;
    if (member.is_stored &&
        (packed != size || member.offset > file.size() || size > file.size() - member.offset))
      throw damaged(file, cat("member ", in_quotes(member.name), " goes beyond the end of the file"));
    members.push_back(std::move(member));
  }
  return members;
}

namespace {

class PartInput : public Input {
 public:
  PartInput(Shared<Input> file, std::string name, std::uint64_t offset, std::uint64_t size)
      : Input(std::move(name), size), file_(std::move(file)), offset_(offset) {}
  void read(std::uint64_t offset, void* out, std::size_t count) override {
    file_->read(offset_ + offset, out, count);
  }

 private:
  Shared<Input> file_;
  std::uint64_t offset_;
};

}  // namespace

Shared<Input> part_of(Shared<Input> file, std::string name, std::uint64_t offset, std::uint64_t size) {
  return Shared<Input>(new PartInput(std::move(file), std::move(name), offset, size));
}

}  // namespace chainrule::io
