#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "chainrule/random.h"
#include "data/data_files.h"

namespace chainrule::data {
namespace {

using Idx = DataFiles;

const Bytes kImages{0, 0, 8, 3, 0, 0, 0,  3,  0,  0,  0,   2,   0,   0,
                    0, 2, 0, 1, 2, 3, 10, 11, 12, 13, 252, 253, 254, 255};
const Bytes kLabels{0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9};

Bytes changed(Bytes bytes, std::size_t at, std::uint8_t to) {
  bytes[at] = to;
  return bytes;
}
Bytes first(Bytes bytes, std::size_t count) {
  bytes.resize(count);
  return bytes;
}
Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST_F(Idx, WritesTheFormatByteByByteAndReadsItBack) {
  write_idx(small_set(), path("images"), path("labels"));
  EXPECT_EQ(read("images"), kImages);
  EXPECT_EQ(read("labels"), kLabels);
  expect_same(read_idx(path("images"), path("labels"), 10), small_set());
}

TEST_F(Idx, ReadsGzipWhateverTheFileIsCalled) {
  write_idx(small_set(), path("images.gz"), path("labels.gz"));
  EXPECT_EQ(read("images.gz")[0], 0x1F);
  fs::rename(path("images.gz"), path("images"));
  expect_same(read_idx(path("images"), path("labels.gz")), small_set());
}

TEST_F(Idx, ReadsGzipInSeveralMembers) {
  write("labels", kLabels);
  // The same file packed in two halves, one after the other.
  const auto pack = [&](const Bytes& bytes, const std::string& name) {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return read(name);
  };
  const Bytes head = pack(first(kImages, 10), "head");
  const Bytes tail = pack(Bytes(kImages.begin() + 10, kImages.end()), "tail");
  write("images", joined(head, tail));
  expect_same(read_idx(path("images"), path("labels")), small_set());
}

TEST_F(Idx, NamesWhatIsWrongWithThePath) {
  write("labels", kLabels);
  fs::create_directory(path("folder"));
  EXPECT_EQ(message("absent"), "[data] absent: there is no such file. Check the path. (E060)");
  EXPECT_EQ(message("folder"), "[data] folder: is a directory, not a file. Give the file itself. (E060)");
}

TEST_F(Idx, NamesWhatIsWrongWithTheHeader) {
  write("labels", kLabels);
  write("empty", {});
  EXPECT_EQ(message("empty"), "[data] empty: the file is empty; expected IDX images. (E061)");
  write("short", {0, 0, 8});
  EXPECT_EQ(message("short"),
            "[data] short: ends at byte 3, within the magic number; expected an IDX file. (E061)");
  write("cut", first(kImages, 13));
  EXPECT_EQ(message("cut"), "[data] cut: ends at byte 13, within the header of 16 bytes. (E061)");
  write("text", Bytes{'h', 'e', 'l', 'l', 'o'});
  EXPECT_EQ(
      message("text"),
      "[data] text: at byte 0 magic number 0x68656c6c, expected 0x00000803 (IDX images of unsigned bytes). "
      "This is not an IDX file. (E062)");
  write("floats", changed(kImages, 2, 0x0D));
  EXPECT_EQ(
      message("floats"),
      "[data] floats: at byte 0 magic number 0x00000d03, expected 0x00000803 (IDX images of unsigned bytes). "
      "Its elements are 32-bit floats; convert them to bytes. (E062)");
  write("axes", changed(kImages, 3, 4));
  EXPECT_EQ(
      message("axes"),
      "[data] axes: at byte 0 magic number 0x00000804, expected 0x00000803 (IDX images of unsigned bytes). "
      "It holds an array of 4 axes, not images. (E062)");
  write("images", kImages);
  EXPECT_EQ(
      message("labels", "images"),
      "[data] labels: at byte 0 magic number 0x00000801, expected 0x00000803 (IDX images of unsigned bytes). "
      "It holds labels, not images. Are the image and the label file swapped? (E062)");
  write("zero", changed(kImages, 11, 0));
  EXPECT_EQ(message("zero"),
            "[data] zero: at byte 8 the size of axis 1 is 0; expected 1 to 2147483647. (E063)");
  write("negative", changed(kImages, 4, 0xFF));
  EXPECT_EQ(message("negative"),
            "[data] negative: at byte 4 the size of axis 0 is 4278190083; expected 1 to 2147483647. (E063)");
  write("wider", changed(kImages, 12, 1));
  EXPECT_EQ(
      message("wider"),
      "[data] wider: at byte 12 the width of the images is 16777218; at most 65536 is supported. (E063)");
}

TEST_F(Idx, NamesMissingAndSurplusData) {
  write("labels", kLabels);
  write("short", first(kImages, 20));
  EXPECT_EQ(message("short"),
            "[data] short: its header asks for 3 x 2 x 2 = 12 bytes after byte 16, but there are only 4. "
            "Fetch the file again. (E064)");
  write("long", joined(kImages, {1}));
  EXPECT_EQ(
      message("long"),
      "[data] long: goes on after byte 28, where its header says that it ends. Fetch the file again. (E065)");
  // 2^31 - 1 images of 28 x 28 claimed by 17 bytes must not be believed.
  write("boast", {0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 28, 0, 0, 0, 28, 5});
  EXPECT_EQ(
      message("boast"),
      "[data] boast: its header asks for 2147483647 x 28 x 28 = 1683627179248 bytes after byte 16, but there "
      "are only 1. Fetch the file again. (E064)");
}

TEST_F(Idx, NamesWhatIsWrongWithGzip) {
  write("labels", kLabels);
  const auto pack = [&](const Bytes& bytes) {
    gzFile file = gzopen(path("packed").c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return read("packed");
  };
  const Bytes good = pack(kImages);
  write("cut", first(good, good.size() - 9));
  EXPECT_EQ(message("cut"),
            "[data] cut: damaged gzip after byte 28 of its content: it ends too early. Fetch the file again. "
            "(E066)");
  write("crc", changed(good, good.size() - 8, static_cast<std::uint8_t>(good[good.size() - 8] ^ 1)));
  EXPECT_EQ(
      message("crc"),
      "[data] crc: damaged gzip after byte 28 of its content: incorrect data check. Fetch the file again. "
      "(E066)");
  write("followed", joined(good, {0, 0}));
  EXPECT_EQ(message("followed"),
            "[data] followed: something follows the end of the gzip data. Fetch the file again. (E065)");
  write("long", pack(joined(kImages, {1})));
  EXPECT_EQ(
      message("long"),
      "[data] long: goes on after byte 28, where its header says that it ends. Fetch the file again. (E065)");
  write("short", pack(first(kImages, 20)));
  EXPECT_EQ(message("short"),
            "[data] short: ends at byte 20; its header asks for 12 bytes after byte 16. Fetch the file "
            "again. (E064)");
  const Bytes boast = pack({0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 28, 0, 0, 0, 28, 5});
  write("boast", boast);
  EXPECT_EQ(message("boast"),
            "[data] boast: its header asks for 2147483647 x 28 x 28 = 1683627179248 bytes after byte 16, but "
            "a gzip "
            "file of this size holds at most " +
                std::to_string(boast.size() * 1032 - 16) + ". Fetch the file again. (E064)");
}

TEST_F(Idx, StopsAtTheSizeOfTheHeaderWhenGzipHoldsMore) {
  write("labels", kLabels);
  gzFile file = gzopen(path("bomb").c_str(), "wb9");
  gzwrite(file, kImages.data(), static_cast<unsigned>(kImages.size()));
  const Bytes zeros(std::size_t{1} << 20);
  for (int i = 0; i < 8; ++i) gzwrite(file, zeros.data(), static_cast<unsigned>(zeros.size()));
  gzclose(file);
  EXPECT_EQ(
      message("bomb"),
      "[data] bomb: goes on after byte 28, where its header says that it ends. Fetch the file again. (E065)");
}

TEST_F(Idx, NamesLabelsThatDoNotFit) {
  write("images", kImages);
  write("labels", {0, 0, 8, 1, 0, 0, 0, 2, 7, 0});
  EXPECT_EQ(message("images"),
            "[data] images has 3 images, but labels has 2 labels. Use two files of one set. (E067)");
  write("labels", changed(kLabels, 9, 10));
  EXPECT_EQ(
      message("images"),
      "[data] labels: at byte 9 the label of image 1 is 10, but there are 10 classes, 0 to 9. Use the label "
      "file of this set. (E068)");
  EXPECT_EQ(message("images", "labels", 256), "no error");
}

TEST_F(Idx, NamesWhatCannotBeWritten) {
  try {
    write_idx(small_set(), path("nowhere/images"), path("labels"));
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(
        short_names(error.what()),
        "[write] nowhere/images: No such file or directory. Check that the folder can be written to and has "
        "room. (E083)");
  }
  ImageSet odd = small_set();
  odd.labels.pop_back();
  try {
    write_idx(odd, path("images"), path("labels"));
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_STREQ(
        error.what(),
        "[data] a set of 3 images of 2 x 2 with 12 pixels and 2 labels does not fit together. Fill both "
        "vectors. (E074)");
  }
}

// Every truncation, and many random changes, of a plain and of a packed file: an error or a set, never a
// crash.
TEST_F(Idx, SurvivesDamage) {
  write_idx(small_set(), path("images.gz"), path("labels"));
  const Bytes packed = read("images.gz");
  Random random(11);
  int accepted = 0, refused = 0;
  const auto attempt = [&](const Bytes& bytes) {
    write("damaged", bytes);
    try {
      const ImageSet set = read_idx(path("damaged"), path("labels"));
      EXPECT_EQ(static_cast<std::int64_t>(set.pixels.size()), set.count * set.image_size());
      ++accepted;
    } catch (const FileError&) {
      ++refused;
    }
  };
  for (const Bytes& whole : {kImages, packed}) {
    for (std::size_t size = 0; size < whole.size(); ++size) attempt(first(whole, size));
    for (int round = 0; round < 400; ++round) {
      Bytes bytes = whole;
      for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
        bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
      }
      attempt(bytes);
    }
  }
  EXPECT_GT(accepted, 50);  // pixels of the plain file may be anything
  EXPECT_GT(refused, 400);
}

}  // namespace
}  // namespace chainrule::data
