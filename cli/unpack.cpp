#include "unpack.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/io.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kRecord = 512;  // of tar

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw FileError(391, fmt::format("[fetch] {}: {}. Remove it, and fetch it again.", path, why));
}

/// A tar archive as its bytes come: a record that names a file, then its bytes, filled up to whole records.
class Tar {
 public:
  Tar(std::string path, std::string folder, std::string_view ending)
      : path_(std::move(path)), folder_(std::move(folder)), ending_(ending) {}

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t wanted =
          left_ > 0 ? std::min<std::uint64_t>(left_, bytes.size()) : kRecord - record_.size();
      const std::string_view piece = bytes.substr(0, wanted);
      bytes.remove_prefix(piece.size());
      if (left_ > 0) {
        take_content(piece);
      } else {
        record_ += piece;
        if (record_.size() == kRecord) take_head();
      }
    }
  }
  void end() const {
    if (left_ > 0 || !record_.empty()) refuse(path_, "the archive is cut off");
  }

 private:
  void take_head() {
    const std::string head = std::exchange(record_, "");
    if (head.find_first_not_of('\0') == std::string::npos) return;  // at the end
    if (head.substr(257, 5) != "ustar") refuse(path_, "is no tar archive");
    const std::string size = head.substr(124, 12);
    char* end = nullptr;
    bytes_ = std::strtoull(size.c_str(), &end, 8);
    if (end == size.c_str()) refuse(path_, "is no tar archive: a size is no number");
    left_ = (bytes_ + kRecord - 1) / kRecord * kRecord;
    const std::string name = std::filesystem::path(head.substr(0, 100).c_str()).filename().string();
    const bool is_file = head[156] == '0' || head[156] == '\0';
    if (!is_file || bytes_ == 0 || !name.ends_with(ending_) || name == ending_) return;
    file_.emplace(folder_ + "/" + name);
  }
  void take_content(std::string_view piece) {
    left_ -= piece.size();
    const std::string_view inside = piece.substr(0, std::min<std::uint64_t>(bytes_, piece.size()));
    bytes_ -= inside.size();
    if (!file_) return;
    file_->write(inside);
    if (bytes_ > 0) return;
    file_->commit();
    file_.reset();
  }

  std::string path_, folder_;
  std::string_view ending_;
  std::string record_;
  std::uint64_t bytes_ = 0, left_ = 0;  // of the file, and with what fills its last record
  std::optional<io::AtomicFile> file_;
};

}  // namespace

void unpack(const std::string& path, const std::function<void(std::string_view)>& take) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) refuse(path, "cannot be read");
  std::string block(std::size_t{1} << 16, '\0');
  for (;;) {
    const int count = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
    int code = Z_OK;
    const char* const why = gzerror(file.get(), &code);
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) refuse(path, fmt::format("damaged ({})", why));
    if (count == 0) return;
    take(std::string_view(block).substr(0, static_cast<std::size_t>(count)));
  }
}

void unpack_tar(const std::string& path, const std::string& folder, std::string_view ending) {
  Tar tar(path, folder, ending);
  unpack(path, [&](std::string_view bytes) { tar.take(bytes); });
  tar.end();
}

}  // namespace chainrule::cli
