#include <array>
#include <csetjmp>
#include <cstdio>
#include <optional>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include <jerror.h>

#include "chainrule/error.h"
#include "core/text.h"
#include "data/exif.h"
#include "data/picture.h"

namespace chainrule::data {
namespace {

constexpr int kMostScans = 500;  // of a progressive file: each passes over the whole picture
constexpr std::int64_t kMostEach =
    1024;  // pixels a byte: 64 in a block, of which one bit says that it is flat

/// What libjpeg's callbacks see: they leave by longjmp, over C code only.
struct Errors {
  jpeg_error_mgr base{};
  std::jmp_buf back;
  std::array<char, JMSG_LENGTH_MAX> message{};

  [[noreturn]] static void leave(j_common_ptr jpeg) {
    auto& errors = *reinterpret_cast<Errors*>(jpeg->err);
    errors.base.format_message(jpeg, errors.message.data());
    std::longjmp(errors.back, 1);
  }
  /// Warnings mean that pixels were made up, but for these.
  static void warn(j_common_ptr jpeg, int level) {
    const int code = jpeg->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR &&
        code != JWRN_BOGUS_ICC) {
      leave(jpeg);
    }
  }
  static void count_scans(j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMostScans) return;
    auto& errors = *reinterpret_cast<Errors*>(jpeg->err);
    std::snprintf(errors.message.data(), errors.message.size(), "more than %d scans", kMostScans);
    std::longjmp(errors.back, 1);
  }
};

/// The steps of libjpeg. Each is a function of its own with nothing to destroy, so that leaving it by longjmp
/// is allowed.
class Decoder {
 public:
  Decoder() {
    jpeg_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = Errors::leave;
    errors_.base.emit_message = Errors::warn;
    errors_.base.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = Errors::count_scans;
  }
  ~Decoder() { jpeg_destroy_decompress(&jpeg_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// False: `message` says why.
  bool read_header(std::span<const std::uint8_t> bytes) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, bytes.data(), bytes.size());
    jpeg_save_markers(&jpeg_, kExifMarker, 0xFFFF);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }
  bool start(J_COLOR_SPACE colours) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_.out_color_space = colours;
    jpeg_.dct_method = JDCT_ISLOW;  // exact to the bit on all machines
    jpeg_start_decompress(&jpeg_);
    return true;
  }
  /// The next line.
  bool read_line(std::uint8_t* line) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_read_scanlines(&jpeg_, &line, 1);
    return true;
  }
  bool finish() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  const jpeg_decompress_struct& jpeg() const { return jpeg_; }
  const char* message() const { return errors_.message.data(); }
  /// Until `finish`, which forgets the markers.
  int orientation() const {
    for (auto marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      if (const int found = exif_orientation({marker->data, marker->data_length}); found != 0) return found;
    }
    return 1;
  }

 private:
  static constexpr int kExifMarker = JPEG_APP0 + 1;

  Errors errors_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
};

/// Red, green and blue of cyan, magenta, yellow and black. Adobe's programs write them inverted.
void append_cmyk(std::span<const std::uint8_t> line, bool inverted, std::vector<float>& numbers) {
  for (std::size_t i = 0; i + 3 < line.size(); i += 4) {
    const auto paper = [&](std::size_t k) {
      return static_cast<float>(inverted ? line[i + k] : 255 - line[i + k]) / 255;
    };
    for (std::size_t k = 0; k < 3; ++k) numbers.push_back(paper(k) * paper(3));
  }
}

}  // namespace

Picture decode_jpeg(const std::string& path, std::span<const std::uint8_t> bytes) {
  Decoder decoder;
  const auto need = [&](bool done) {
    if (done) return;
    throw FileError(
        290, cat("[read_image] ", path, ": damaged JPEG: ", decoder.message(), ". Fetch the file again."));
  };
  need(decoder.read_header(bytes));
  const jpeg_decompress_struct& jpeg = decoder.jpeg();
  check_pixels(path, jpeg.image_height, jpeg.image_width, bytes.size(), kMostEach);
  if (jpeg.arith_code != 0) {
    throw FileError(291, cat("[read_image] ", path,
                             ": a JPEG with arithmetic coding. Convert it to an "
                             "ordinary one."));
  }
  const int orientation = decoder.orientation();
  const bool grey = jpeg.jpeg_color_space == JCS_GRAYSCALE;
  const bool cmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  need(decoder.start(grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB));

  Picture picture{jpeg.output_height, jpeg.output_width, grey ? 1 : 3, {}};
  picture.numbers.reserve(static_cast<std::size_t>(picture.height * picture.width * picture.channels));
  std::vector<std::uint8_t> line(static_cast<std::size_t>(picture.width) *
                                 static_cast<std::size_t>(jpeg.output_components));
  while (jpeg.output_scanline < jpeg.output_height) {
    need(decoder.read_line(line.data()));
    if (cmyk) {
      append_cmyk(line, jpeg.saw_Adobe_marker != 0, picture.numbers);
    } else {
      for (const std::uint8_t byte : line) picture.numbers.push_back(static_cast<float>(byte) / 255);
    }
  }
  need(decoder.finish());
  return turned(std::move(picture), orientation);
}

}  // namespace chainrule::data
