#include "data/byte_source.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "core/text.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;
// Deflate's best case: 258 bytes out of two bits, and some slack for the headers.
constexpr std::uint64_t kMostInflation = 1032;

std::uint64_t size_of_regular_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const auto fail = [&](const char* reason, const char* advice) -> FileError {
    return {60, cat("[data] ", path.string(), ": ", reason, ". ", advice)};
  };
  if (status.type() == std::filesystem::file_type::not_found) {
    throw fail("there is no such file", "Check the path.");
  }
  if (error) throw fail(error.message().c_str(), "Check the path and its permissions.");
  if (std::filesystem::is_directory(status)) {
    throw fail("is a directory, not a file", "Give the file itself.");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw fail("is not a regular file", "Its size must be known: copy it to a file first.");
  }
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) throw fail(error.message().c_str(), "Check the path and its permissions.");
  return size;
}

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path)
    : path_(path), file_(nullptr, std::fclose), inflater_(nullptr, [](z_stream_s* stream) {
        inflateEnd(stream);
        delete stream;
      }) {
  most_bytes_ = size_of_regular_file(path);
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_) {
    throw FileError(60, cat("[data] ", path.string(), ": cannot be opened: ", std::strerror(errno),
                            ". Check its permissions."));
  }
  const int first = std::fgetc(file_.get());
  const int second = std::fgetc(file_.get());
  std::rewind(file_.get());
  if (first != 0x1F || second != 0x8B) return;

  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  inflater_.reset(stream.release());
  buffer_.resize(kBufferBytes);
  most_bytes_ *= kMostInflation;
}

ByteSource::~ByteSource() = default;

std::size_t ByteSource::read(void* out, std::size_t size) {
  const std::size_t got =
      inflater_ ? read_packed(static_cast<std::uint8_t*>(out), size) : std::fread(out, 1, size, file_.get());
  if (std::ferror(file_.get())) {
    throw FileError(60, cat("[data] ", path_.string(), ": reading failed after byte ", offset_ + got, ": ",
                            std::strerror(errno), ". Check the disk."));
  }
  offset_ += got;
  return got;
}

bool ByteSource::refill() {
  inflater_->next_in = buffer_.data();
  inflater_->avail_in = static_cast<uInt>(std::fread(buffer_.data(), 1, buffer_.size(), file_.get()));
  return inflater_->avail_in > 0;
}

std::size_t ByteSource::read_packed(std::uint8_t* out, std::size_t size) {
  std::size_t got = 0;
  const auto damaged = [&](const char* reason) -> FileError {
    return {66, cat("[data] ", path_.string(), ": damaged gzip after byte ", offset_ + got,
                    " of its content: ", reason, ". Fetch the file again.")};
  };
  while (got < size && !finished_) {
    if (inflater_->avail_in == 0 && !refill()) throw damaged("it ends too early");
    const auto room = std::min<std::size_t>(size - got, std::numeric_limits<uInt>::max());
    inflater_->next_out = out + got;
    inflater_->avail_out = static_cast<uInt>(room);
    const int status = inflate(inflater_.get(), Z_NO_FLUSH);
    got += room - inflater_->avail_out;
    if (status == Z_STREAM_END) {
      finished_ = !next_member();
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw damaged(inflater_->msg ? inflater_->msg : "invalid data");
    }
  }
  return got;
}

// A gzip file may be several packed files one after another, and means their contents joined.
bool ByteSource::next_member() {
  if (inflater_->avail_in == 0 && !refill()) return false;
  if (*inflater_->next_in != 0x1F) {
    throw FileError(65, cat("[data] ", path_.string(),
                            ": something follows the end of the gzip data. Fetch the file again."));
  }
  inflateReset(inflater_.get());
  return true;
}

}  // namespace chainrule::data
