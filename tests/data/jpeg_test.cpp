// JPEG files are written here with libjpeg; what they decode to is known from the pixels they were made of.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

struct JpegKind {
  J_COLOR_SPACE colours = JCS_RGB;
  int components = 3;
  bool progressive = false, adobe = false;
  int scans = 0;    // a progressive file of so many scans
  Bytes exif = {};  // the content of the marker APP1
};

/// A file of the best quality.
Bytes jpeg_of(unsigned height, unsigned width, const Bytes& pixels, const JpegKind& kind = {}) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_height = height, jpeg.image_width = width;
  jpeg.input_components = kind.components, jpeg.in_color_space = kind.colours;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (kind.adobe)
    jpeg.write_Adobe_marker = TRUE;
  else if (kind.colours == JCS_CMYK)
    jpeg.write_Adobe_marker = FALSE;
  for (int i = 0; i < jpeg.num_components; ++i)
    jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
  if (kind.progressive) jpeg_simple_progression(&jpeg);
  // The first scan, of the means of blocks; then of each further number of a block a scan.
  std::vector<jpeg_scan_info> script;
  for (int i = 0; i < kind.scans; ++i)
    script.push_back({1, {0, 0, 0, 0}, i == 0 ? 0 : 1 + (i - 1) % 63, i == 0 ? 0 : 1 + (i - 1) % 63, 0, 0});
  if (kind.scans > 0) jpeg.scan_info = script.data(), jpeg.num_scans = kind.scans;
  jpeg_start_compress(&jpeg, TRUE);
  if (!kind.exif.empty())
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, kind.exif.data(), static_cast<unsigned>(kind.exif.size()));
  const std::size_t line = static_cast<std::size_t>(width) * static_cast<std::size_t>(kind.components);
  while (jpeg.next_scanline < height) {
    auto* row = const_cast<JSAMPROW>(pixels.data() + jpeg.next_scanline * line);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Bytes bytes(memory, memory + size);
  std::free(memory);
  return bytes;
}

/// Numbers that grow slowly, which JPEG keeps well.
Bytes ramp(unsigned height, unsigned width, unsigned components) {
  Bytes pixels;
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      for (unsigned c = 0; c < components; ++c)
        pixels.push_back(static_cast<std::uint8_t>(30 + 5 * y + 3 * x + 40 * c));
    }
  }
  return pixels;
}

class Jpeg : public DataFiles {
 protected:
  Tensor decoded(const Bytes& bytes, const ReadImageOptions& options = {}) const {
    return read_image(write("a.jpg", bytes), options);
  }
  std::string refusal(const Bytes& bytes) const {
    return short_names(message_of([&] { decoded(bytes); }));
  }
};

/// Whether the image has these bytes, interleaved in the file, to a few steps.
void expect_near(const Tensor& image, const Bytes& pixels, double within) {
  const auto numbers = image.to_vector<double>();
  const auto channels = static_cast<std::size_t>(image.size(1)), size = numbers.size() / channels;
  ASSERT_EQ(numbers.size(), pixels.size());
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_NEAR(numbers[c * size + i] * 255, pixels[i * channels + c], within) << c << " " << i;
    }
  }
}

TEST_F(Jpeg, GreyColourAndProgressive) {
  const Bytes colours = ramp(16, 19, 3), grey = ramp(13, 9, 1);
  for (const bool progressive : {false, true}) {
    const Tensor image = decoded(jpeg_of(16, 19, colours, {.progressive = progressive}));
    EXPECT_EQ(image.shape(), (Shape{1, 3, 16, 19}));
    expect_near(image, colours, 4);  // from red, green, blue to brightness and colour, and back
    const Tensor one = decoded(
        jpeg_of(13, 9, grey, {.colours = JCS_GRAYSCALE, .components = 1, .progressive = progressive}));
    EXPECT_EQ(one.shape(), (Shape{1, 1, 13, 9}));
    expect_near(one, grey, 2);
  }
  EXPECT_EQ(decoded(jpeg_of(16, 19, colours), {.grey = true, .height = 4, .width = 5}).shape(),
            (Shape{1, 1, 4, 5}));
}

TEST_F(Jpeg, FourColours) {
  // Cyan, magenta, yellow, black as amounts of ink; Adobe writes 255 minus them.
  const Bytes ink{0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255};
  Bytes big, inverted;
  for (std::size_t pixel = 0; pixel < 4; ++pixel) {
    for (int i = 0; i < 64; ++i)
      big.insert(big.end(), ink.begin() + static_cast<std::ptrdiff_t>(4 * pixel),
                 ink.begin() + static_cast<std::ptrdiff_t>(4 * pixel + 4));
  }
  for (const std::uint8_t byte : big) inverted.push_back(static_cast<std::uint8_t>(255 - byte));
  for (const bool adobe : {false, true}) {
    const Tensor image = decoded(
        jpeg_of(32, 8, adobe ? inverted : big, {.colours = JCS_CMYK, .components = 4, .adobe = adobe}));
    const auto numbers = image.to_vector<double>();
    const double expected[4][3] = {
        {1, 1, 1}, {0, 1, 1}, {1, 0, 1}, {0, 0, 0}};  // white, cyan, magenta, black
    for (std::size_t pixel = 0; pixel < 4; ++pixel) {
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_NEAR(numbers[c * 256 + pixel * 64 + 27], expected[pixel][c], 0.03) << adobe << pixel << c;
    }
  }
}

/// Exif with one entry, the orientation, in either order of bytes.
Bytes exif(std::uint8_t orientation, bool little) {
  Bytes bytes{'E', 'x', 'i', 'f', 0, 0};
  const Bytes big_end{'M', 'M', 0, 42, 0, 0, 0,           8, 0, 1, 0x01, 0x12, 0,
                      3,   0,   0, 0,  1, 0, orientation, 0, 0, 0, 0,    0,    0};
  const Bytes little_end{'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 0x01, 3,
                         0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0,    0};
  const Bytes& tiff = little ? little_end : big_end;
  bytes.insert(bytes.end(), tiff.begin(), tiff.end());
  return bytes;
}

// A picture of 8 x 16 in blocks of 8 x 8: dark, then light. Where its dark end lies in the scene, by the
// names that Exif gives the first row and the first column.
TEST_F(Jpeg, TurnsAsTheCameraWasHeld) {
  Bytes pixels;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 16; ++x) pixels.push_back(static_cast<std::uint8_t>(x * 12 + y * 4));
  }
  const auto corner = [](const Tensor& image, bool bottom, bool right) {
    return select(select(select(select(image, 0), 0), bottom ? -1 : 0), right ? -1 : 0).item() * 255;
  };
  struct Held {
    std::uint8_t orientation;
    bool bottom, right, swapped;  // where the first pixel of the file is; whether its lines are columns
  };
  for (const Held& held : {Held{1, false, false, false},
                           {2, false, true, false},
                           {3, true, true, false},
                           {4, true, false, false},
                           {5, false, false, true},
                           {6, false, true, true},
                           {7, true, true, true},
                           {8, true, false, true}}) {
    for (const bool little : {false, true}) {
      const Tensor image = decoded(
          jpeg_of(8, 16, pixels,
                  {.colours = JCS_GRAYSCALE, .components = 1, .exif = exif(held.orientation, little)}));
      ASSERT_EQ(image.shape(), held.swapped ? (Shape{1, 1, 16, 8}) : (Shape{1, 1, 8, 16}));
      EXPECT_NEAR(corner(image, held.bottom, held.right), 0, 3) << int{held.orientation};
      // The other end of the file's first line, 180, lies beside it, or below or above it.
      EXPECT_NEAR(
          held.swapped ? corner(image, !held.bottom, held.right) : corner(image, held.bottom, !held.right),
          180, 3)
          << int{held.orientation};
    }
  }
  for (std::size_t cut = 0; cut <= exif(6, true).size(); ++cut) {  // whatever the marker holds, an image
    Bytes marker = exif(6, true);
    marker.resize(cut);
    EXPECT_EQ(
        decoded(jpeg_of(8, 16, pixels, {.colours = JCS_GRAYSCALE, .components = 1, .exif = marker})).numel(),
        128);
  }
}

TEST_F(Jpeg, RefusesEveryCut) {
  for (const bool progressive : {false, true}) {
    const Bytes bytes = jpeg_of(24, 24, ramp(24, 24, 3), {.progressive = progressive});
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const std::string message =
          refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
      // Without its end marker, of two bytes, a file may still have all its pixels.
      EXPECT_TRUE(message.starts_with("[read_image] a.jpg")) << length << " of " << bytes.size() << message;
    }
  }
  const Bytes bytes = jpeg_of(24, 24, ramp(24, 24, 3));
  EXPECT_EQ(refusal(Bytes(bytes.begin(), bytes.end() - 40)),
            "[read_image] a.jpg: damaged JPEG: Premature end of JPEG file. Fetch the file again. (E290)");
}

TEST_F(Jpeg, SurvivesAnyBytes) {
  const Bytes plain = jpeg_of(24, 24, ramp(24, 24, 3)),
              slow = jpeg_of(24, 24, ramp(24, 24, 3), {.progressive = true});
  Random random(4);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = round % 2 == 0 ? plain : slow;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      bytes[2 + random.below(bytes.size() - 2)] = static_cast<std::uint8_t>(random.below(256));
    }
    const std::string message = refusal(bytes);
    refused += message != "no error";
    EXPECT_TRUE(message == "no error" || message.find("a.jpg") != std::string::npos) << message;
  }
  EXPECT_GT(refused, 500);
}

/// Where the header of the picture begins: marker, length, precision, height, width.
std::size_t frame(const Bytes& bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == 0xFF && (bytes[i + 1] == 0xC0 || bytes[i + 1] == 0xC2)) return i;
  }
  return 0;
}

TEST_F(Jpeg, TakesNoMemoryForWhatIsNotThere) {
  for (const bool progressive : {false, true}) {
    Bytes bytes = jpeg_of(8, 8, ramp(8, 8, 3), {.progressive = progressive});
    const std::size_t at = frame(bytes);
    bytes[at + 5] = 0x1F, bytes[at + 6] = 0x40, bytes[at + 7] = 0x1F, bytes[at + 8] = 0x40;  // 8000 x 8000
    EXPECT_EQ(refusal(bytes), "[read_image] a.jpg: damaged: 8000 x 8000 pixels cannot lie in " +
                                  std::to_string(bytes.size()) + " bytes. Fetch the file again. (E290)");
    bytes[at + 5] = 0xFF, bytes[at + 7] = 0xFF;
    EXPECT_EQ(
        refusal(bytes),
        "[read_image] a.jpg: 65344 x 65344 pixels; need 1 to 2^26 in all. Make it smaller first. (E291)");
  }
}

TEST_F(Jpeg, RefusesWhatTakesTooLong) {
  Bytes bytes = jpeg_of(8, 8, ramp(8, 8, 1), {.colours = JCS_GRAYSCALE, .components = 1, .scans = 64});
  EXPECT_EQ(decoded(bytes).numel(), 64);
  // The last scan again and again: from its tables, or its header, up to the end of the file.
  std::size_t scan = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == 0xFF && bytes[i + 1] == 0xDA) scan = i;
  }
  const Bytes last(bytes.begin() + static_cast<std::ptrdiff_t>(scan), bytes.end() - 2);
  bytes.resize(bytes.size() - 2);
  for (int i = 0; i < 600; ++i) bytes.insert(bytes.end(), last.begin(), last.end());
  bytes.insert(bytes.end(), {0xFF, 0xD9});
  EXPECT_TRUE(refusal(bytes).starts_with("[read_image] a.jpg: damaged JPEG: ")) << refusal(bytes);
}

}  // namespace
}  // namespace chainrule::data
