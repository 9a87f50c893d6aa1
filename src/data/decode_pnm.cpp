#include "chainrule/error.h"
#include "core/text.h"
#include "data/picture.h"

namespace chainrule::data {
namespace {

class PnmReader {
 public:
  PnmReader(const std::string& path, std::span<const std::uint8_t> bytes) : path_(path), bytes_(bytes) {}

  Picture read() {
    const char kind = static_cast<char>(bytes_[1]);
    const bool plain = kind == '2' || kind == '3';  // numbers as text
    at_ = 2;
    Picture picture;
    picture.channels = kind == '3' || kind == '6' ? 3 : 1;
    picture.width = number("width", std::int64_t{1} << 26);
    picture.height = number("height", std::int64_t{1} << 26);
    check_pixels(path_, picture.height, picture.width, bytes_.size(),
                 std::int64_t{1} << 26);  // exactly below
    const std::int64_t most = number("largest value", 65535);
    if (!plain && (at_ == bytes_.size() || !is_space(bytes_[at_++])))
      throw damaged("no space after the header");

    const auto count = static_cast<std::size_t>(picture.height * picture.width * picture.channels);
    const std::size_t size = plain || most < 256 ? 1 : 2;
    if ((bytes_.size() - at_) / size < count) throw damaged("it ends too early");
    picture.numbers.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t value = plain ? number("pixel", most, 0) : sample(size);
      if (value > most) throw damaged("a pixel is above the largest value");
      picture.numbers.push_back(static_cast<float>(value) / static_cast<float>(most));
    }
    return picture;
  }

 private:
  static bool is_space(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  FileError damaged(const std::string& reason) const {
    return {290, cat("[read_image] ", path_, ": damaged PGM or PPM after byte ", at_, ": ", reason,
                     ". Fetch the file again.")};
  }

  std::int64_t sample(std::size_t size) {
    std::int64_t value = bytes_[at_++];
    if (size == 2) value = value << 8 | bytes_[at_++];
    return value;
  }

  /// The next number of the text, after spaces and comments.
  std::int64_t number(const char* what, std::int64_t most, std::int64_t least = 1) {
    while (at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
    std::int64_t value = 0;
    bool any = false;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9' && value <= most; ++at_) {
      value = value * 10 + (bytes_[at_] - '0');
      any = true;
    }
    if (!any || value > most || value < least) {
      throw damaged(cat("need a ", what, " from ", least, " to ", most));
    }
    return value;
  }

  const std::string& path_;
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Picture decode_pnm(const std::string& path, std::span<const std::uint8_t> bytes) {
  return PnmReader(path, bytes).read();
}

}  // namespace chainrule::data
