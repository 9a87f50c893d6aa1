#include <gtest/gtest.h>

#include <png.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;

class ReadImage : public DataFiles {
 protected:
  std::string text(const std::string& name, const std::string& content) const {
    return write(name, Bytes(content.begin(), content.end()));
  }

  std::string png(const std::string& name, std::uint32_t format, std::uint32_t height, std::uint32_t width,
                  const Bytes& pixels) const {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.format = format, image.height = height, image.width = width;
    EXPECT_TRUE(png_image_write_to_file(&image, path(name).c_str(), 0, pixels.data(), 0, nullptr));
    return path(name);
  }

  std::string error_of(const std::string& file, const ReadImageOptions& options = {}) const {
    return short_names(message_of([&] { read_image(file, options); }));
  }
};

/// Numbers as 255ths.
Values bytes_of(const Tensor& image) { return (image * 255).to_vector<double>(); }

TEST_F(ReadImage, GreyAndColour) {
  const std::string grey = png("grey.png", PNG_FORMAT_GRAY, 2, 3, {0, 51, 102, 153, 204, 255});
  const Tensor image = read_image(grey);
  EXPECT_EQ(image.shape(), (Shape{1, 1, 2, 3}));
  EXPECT_EQ(image.to_vector<double>(), (Values{0, 0.2f, 0.4f, 0.6f, 0.8f, 1}));
  EXPECT_EQ(read_image(grey, {.invert = true}).to_vector<double>(),
            (Values{1, 1 - 0.2f, 1 - 0.4f, 1 - 0.6f, 1 - 0.8f, 0}));

  const std::string colour = png("colour.png", PNG_FORMAT_RGB, 1, 2, {255, 0, 51, 0, 255, 102});
  EXPECT_EQ(read_image(colour).shape(), (Shape{1, 3, 1, 2}));
  EXPECT_EQ(read_image(colour).to_vector<double>(), (Values{1, 0, 0, 1, 0.2f, 0.4f}));
  const auto mixed = read_image(colour, {.grey = true}).to_vector<double>();
  EXPECT_NEAR(mixed[0], 0.299 + 0.114 * 0.2, 1e-6);
  EXPECT_NEAR(mixed[1], 0.587 + 0.114 * 0.4, 1e-6);

  const std::string clear = png("clear.png", PNG_FORMAT_GA, 1, 2, {0, 0, 0, 255});
  EXPECT_EQ(read_image(clear).to_vector<double>(), (Values{1, 0}));  // transparent: white
}

TEST_F(ReadImage, PgmAndPpm) {
  const Values expected{0, 51, 255, 102};
  const std::string files[] = {
      text("a.pgm", std::string("P5\n2 2\n255\n\x00\x33\xFF\x66", 15)),
      text("b.pgm", std::string("P5 # made by hand\n2 2 65535\n\x00\x00\x33\x33\xFF\xFF\x66\x66", 36)),
      text("c.pgm", "P2\n2 2 # size\n5\n0 1\n5 2\n"),
  };
  for (const std::string& file : files) {
    const auto found = bytes_of(read_image(file));
    ASSERT_EQ(found.size(), 4u) << file;
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], expected[i], 1e-4) << file;
  }
  const Tensor colour = read_image(text("d.ppm", "P3 1 2 255 255 0 51 0 255 102"));
  EXPECT_EQ(colour.shape(), (Shape{1, 3, 2, 1}));
  EXPECT_EQ(colour.to_vector<double>(), (Values{1, 0, 0, 1, 0.2f, 0.4f}));
  EXPECT_EQ(read_image(text("e.ppm", std::string("P6 1 1 255 \xFF\x00\x33", 14))).to_vector<double>(),
            (Values{1, 0, 0.2f}));
}

TEST_F(ReadImage, AnotherSize) {
  // A ramp stays a ramp, away from the edges; a constant stays itself; a whole number of pixels is averaged
  // with weights that sum to one.
  Bytes ramp;
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) ramp.push_back(static_cast<std::uint8_t>(x * 16));
  }
  const std::string file = png("ramp.png", PNG_FORMAT_GRAY, 16, 16, ramp);
  const Tensor small = read_image(file, {.height = 4, .width = 8});
  EXPECT_EQ(small.shape(), (Shape{1, 1, 4, 8}));
  const auto found = bytes_of(small);
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 1; x < 7; ++x)
      EXPECT_NEAR(found[y * 8 + x], 16 * (2 * static_cast<double>(x) + 0.5), 1e-3);
  }
  EXPECT_EQ(read_image(file, {.height = 16, .width = 16}).to_vector<double>(),
            read_image(file).to_vector<double>());
  const std::string flat = png("flat.png", PNG_FORMAT_GRAY, 5, 7, Bytes(35, 100));
  for (const double x : bytes_of(read_image(flat, {.height = 9, .width = 3}))) EXPECT_NEAR(x, 100, 1e-4);
  // Rows and columns are not mixed up.
  const std::string two = png("two.png", PNG_FORMAT_GRAY, 2, 2, {0, 0, 200, 200});
  const auto tall = bytes_of(read_image(two, {.height = 4, .width = 1}));
  const Values expected{0, 50, 150, 200};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(tall[i], expected[i], 1e-4);
}

TEST_F(ReadImage, DamagedFiles) {
  const std::string good = png("good.png", PNG_FORMAT_RGB, 9, 9, Bytes(243, 77));
  const Bytes bytes = read("good.png");
  Random random(5);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    Bytes damaged = bytes;
    if (round % 2 == 0) {
      damaged.resize(random.below(bytes.size()));
    } else {
      damaged[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
    }
    const std::string message = error_of(write("damaged.png", damaged));
    refused += message != "no error";
    EXPECT_TRUE(message == "no error" || message.find("damaged.png") != std::string::npos) << message;
  }
  EXPECT_GT(refused, 200);

  const std::pair<const char*, const char*> files[] = {
      {"P5\n2 2\n255\nab",
       "[read_image] bad: damaged PGM or PPM after byte 11: it ends too early. Fetch the file again. (E290)"},
      {"P5\n2 x\n255\nabcd",
       "[read_image] bad: damaged PGM or PPM after byte 5: need a height from 1 to 67108864. Fetch the file "
       "again. (E290)"},
      {"P2 2 1 3 1 4",
       "[read_image] bad: damaged PGM or PPM after byte 12: need a pixel from 0 to 3. Fetch the file again. "
       "(E290)"},
      {"P5 2 1 3 \1\4",
       "[read_image] bad: damaged PGM or PPM after byte 11: a pixel is above the largest value. Fetch the "
       "file again. (E290)"},
      {"P5 2 2 255",
       "[read_image] bad: damaged PGM or PPM after byte 10: no space after the header. Fetch the file again. "
       "(E290)"},
      {"P5 60000 60000 255 a",
       "[read_image] bad: 60000 x 60000 pixels; need 1 to 2^26 in all. Make it smaller first. (E291)"},
      {"P5 8000 8000 255 a",
       "[read_image] bad: damaged PGM or PPM after byte 17: it ends too early. Fetch the file again. (E290)"},
      {"P7", "[read_image] bad is no PNG, JPEG, PGM or PPM file. Convert it to one. (E291)"},
      {"", "[read_image] bad is no PNG, JPEG, PGM or PPM file. Convert it to one. (E291)"},
  };
  for (const auto& [content, message] : files) EXPECT_EQ(error_of(text("bad", content)), message);
  Bytes huge = bytes;  // the header's width and height, 8000 each, with its check sum
  huge[18] = huge[22] = 0x1F, huge[19] = huge[23] = 0x40;
  const auto sum = crc32(0, huge.data() + 12, 17);
  for (std::size_t i = 0; i < 4; ++i) huge[29 + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
  EXPECT_EQ(error_of(write("huge.png", huge)),
            "[read_image] huge.png: damaged: 8000 x 8000 pixels cannot lie in " +
                std::to_string(huge.size()) + " bytes. Fetch the file again. (E290)");
  write("cut.png", Bytes(bytes.begin(), bytes.begin() + 20));
  EXPECT_EQ(error_of(path("cut.png")),
            "[read_image] cut.png: damaged PNG: read beyond end of data. Fetch the file again. (E290)");
  EXPECT_EQ(error_of(path("none.png")), "[data] none.png: there is no such file. Check the path. (E060)");
  EXPECT_EQ(error_of(good, {.height = 5}),
            "[read_image] to 5 x 0 pixels; need height and width from 1 to 16384, or neither. (E292)");
}

}  // namespace
}  // namespace chainrule::data
