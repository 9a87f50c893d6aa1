#include <zlib.h>

#include <algorithm>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

std::string header_of(std::initializer_list<std::int64_t> sizes) {
  std::string header{0, 0, 0x08, static_cast<char>(sizes.size())};
  for (std::int64_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(size >> shift & 0xFF);
  }
  return header;
}

std::string gzip(std::string_view bytes) {
  constexpr int kLevel = 6, kGzip = 16 + MAX_WBITS, kMemory = 8;  // zlib's usual ones
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed;
  std::vector<char> piece(std::size_t{1} << 16);
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const std::size_t part = std::min(bytes.size(), std::size_t{1} << 20);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(part);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      status = deflate(&stream, part == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
      packed.append(piece.data(), piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    bytes.remove_prefix(part);
  }
  deflateEnd(&stream);
  return packed;
}

void write_file(const std::string& path, std::string bytes, std::span<const std::uint8_t> body) {
  bytes.append(reinterpret_cast<const char*>(body.data()), body.size());
  io::replace_file(path, path.ends_with(".gz") ? gzip(bytes) : bytes);
}

}  // namespace

void write_idx(const ImageSet& set, const std::string& images, const std::string& labels) {
  set.check();
  if (set.channels != 1) {
    throw ValueError(74, cat("[write_idx] images of ", set.channels, " channels; need grey ones, of 1."));
  }
  write_file(images, header_of({set.count, set.height, set.width}), set.pixels);
  write_file(labels, header_of({set.count}), set.labels);
}

}  // namespace chainrule::data
