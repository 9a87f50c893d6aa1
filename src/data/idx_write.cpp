#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <initializer_list>

#include "chainrule/error.h"
#include "chainrule/images.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

std::vector<std::uint8_t> header_of(std::initializer_list<std::int64_t> sizes) {
  std::vector<std::uint8_t> header{0, 0, 0x08, static_cast<std::uint8_t>(sizes.size())};
  for (std::int64_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) header.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  return header;
}

// zlib's gzip writer does plain files as well ("T"), so that one loop serves both.
void write_file(const std::filesystem::path& path, const std::vector<std::uint8_t>& header,
                std::span<const std::uint8_t> body) {
  errno = 0;
  gzFile file = gzopen(path.c_str(), path.extension() == ".gz" ? "wb6" : "wbT");
  bool good = file != nullptr;
  for (std::span<const std::uint8_t> rest : {std::span<const std::uint8_t>(header), body}) {
    while (good && !rest.empty()) {
      const auto part = std::min<std::size_t>(rest.size(), std::size_t{1} << 20);
      good = gzwrite(file, rest.data(), static_cast<unsigned>(part)) == static_cast<int>(part);
      rest = rest.subspan(part);
    }
  }
  if (file && gzclose(file) != Z_OK) good = false;
  if (!good) {
    throw FileError(70, cat("[data] ", path.string(),
                            ": cannot be written: ", errno ? std::strerror(errno) : "out of memory",
                            ". Check that the folder exists and has room."));
  }
}

}  // namespace

void write_idx(const ImageSet& set, const std::string& images, const std::string& labels) {
  set.check();
  write_file(images, header_of({set.count, set.height, set.width}), set.pixels);
  write_file(labels, header_of({set.count}), set.labels);
}

}  // namespace chainrule::data
