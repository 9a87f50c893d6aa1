// Files of the format are written here: no real CIFAR is read.
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "chainrule/random.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Names = std::vector<std::string>;

/// Records whose bytes tell image, colour and place: labels, then 1024 bytes each of red, green and blue.
Bytes records(const std::vector<std::vector<std::uint8_t>>& labels) {
  Bytes bytes;
  for (std::size_t image = 0; image < labels.size(); ++image) {
    bytes.insert(bytes.end(), labels[image].begin(), labels[image].end());
    for (std::size_t i = 0; i < 3072; ++i)
      bytes.push_back(static_cast<std::uint8_t>(image * 7 + i / 1024 * 80 + i % 61));
  }
  return bytes;
}

class Cifar : public DataFiles {
 protected:
  std::string refusal(const std::string& name, const CifarOptions& options = {}) const {
    return short_names(message_of([&] { read_cifar({path(name)}, options); }));
  }
  /// A set of the ten-class kind with so many images a batch.
  void write_cifar10(const std::string& folder) const {
    fs::create_directories(path(folder));
    for (std::uint8_t batch = 1; batch <= 5; ++batch) {
      write(folder + "/data_batch_" + std::to_string(batch) + ".bin", records({{batch}, {0}}));
    }
    write(folder + "/test_batch.bin", records({{9}}));
  }
};

TEST_F(Cifar, ReadsRecordsOneAfterAnother) {
  write("a.bin", records({{3}, {1}}));
  write("b.bin", records({{9}}));
  const ImageSet set = read_cifar({path("a.bin"), path("b.bin")});
  EXPECT_EQ(set.count, 3);
  EXPECT_EQ(set.labels, (SharedBytes{3, 1, 9}));
  EXPECT_EQ(set.image_size(), 3072);
  const Batch batch = images(set, {.scale = 1}).take({1, 2});
  EXPECT_EQ(batch[0].shape(), (Shape{2, 3, 32, 32}));
  // Image 1 of the first file, green, line 2, place 5; and image 0 of the second, blue.
  EXPECT_EQ(batch[0].to_vector<double>()[1024 + 2 * 32 + 5], 7 + 80 + (1024 + 69) % 61);
  EXPECT_EQ(batch[0].to_vector<double>()[3072 + 2048 + 3], 160 + (2048 + 3) % 61);
  EXPECT_EQ(batch[1].to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 9}));
  EXPECT_EQ(Source(set).to_string(), "3 rows: x (3, 32, 32) f32, t () i64");
  EXPECT_EQ(images(set, {.flat = true}).columns()[0].shape, (Shape{3072}));
}

TEST_F(Cifar, HasCoarseAndFineLabels) {
  write("train.bin", records({{19, 99}, {0, 42}}));
  const std::string file = path("train.bin");
  EXPECT_EQ(read_cifar({file}, {.labels = 2, .label = 0, .classes = 20}).labels, (SharedBytes{19, 0}));
  EXPECT_EQ(read_cifar({file}, {.labels = 2, .label = 1, .classes = 100}).labels, (SharedBytes{99, 42}));
}

TEST_F(Cifar, ReadsGzip) {
  const Bytes bytes = records({{3}, {1}});
  gzFile packed = gzopen(path("a.bin.gz").c_str(), "wb");
  gzwrite(packed, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(packed);
  write("a.bin", bytes);
  expect_same(read_cifar({path("a.bin.gz")}), read_cifar({path("a.bin")}));
  gzFile cut = gzopen(path("cut.gz").c_str(), "wb");
  gzwrite(cut, bytes.data(), 3073 + 100);
  gzclose(cut);
  EXPECT_EQ(refusal("cut.gz"),
            "[data] cut.gz: 3173 bytes are no whole number of images of 3073, 1 label and 3072 pixels each. "
            "Fetch the file again, or is it of another set? (E462)");
}

TEST_F(Cifar, NamesWhatIsWrong) {
  write("ten.bin", records({{3}, {10}}));
  EXPECT_EQ(
      refusal("ten.bin"),
      "[data] ten.bin: at byte 3073 the label of image 1 is 10, but there are 10 classes, 0 to 9. Is it "
      "a file of another set? (E068)");
  EXPECT_EQ(
      refusal("ten.bin", {.labels = 2, .label = 1, .classes = 100}),
      "[data] ten.bin: 6146 bytes are no whole number of images of 3074, 2 labels and 3072 pixels each. "
      "Fetch the file again, or is it of another set? (E462)");
  write("none.bin", {});
  EXPECT_EQ(refusal("none.bin"),
            "[data] none.bin: 0 bytes are no whole number of images of 3073, 1 label and 3072 pixels each. "
            "Fetch the file again, or is it of another set? (E462)");
  EXPECT_EQ(refusal("absent.bin"), "[data] absent.bin: there is no such file. Check the path. (E060)");
  EXPECT_EQ(refusal("ten.bin", {.labels = 1, .label = 1}),
            "[read_cifar] 1 files, label 1 of 1, 10 classes; need at least one file, 1 to 256 labels and "
            "classes, and a label counted from 0. (E462)");
}

TEST_F(Cifar, RefusesEveryLengthBetweenWholeImages) {
  const Bytes bytes = records({{3}, {1}});
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length % 13) {
    write("cut.bin", Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_EQ(refusal("cut.bin") == "no error", length == 3073) << length;
  }
}

TEST_F(Cifar, LoadsTheSetByNameOrFolder) {
  write_cifar10("here/cifar-10-batches-bin");
  const Dataset named = load("cifar10", {.data_dir = path("here")});
  EXPECT_EQ(named.train.labels, (SharedBytes{1, 0, 2, 0, 3, 0, 4, 0, 5, 0}));
  EXPECT_EQ(named.test.labels, (SharedBytes{9}));
  EXPECT_EQ(named.classes, 10);
  EXPECT_EQ(named.class_names[9], "truck");
  EXPECT_EQ(short_names(named.folder), "here/cifar-10-batches-bin");
  EXPECT_EQ(Source(named.train).classes(), 10);

  write("here/cifar-10-batches-bin/batches.meta.txt", Bytes{'a', '\n', 'b', '\n'});
  EXPECT_EQ(short_names(message_of([&] { load("cifar10", {.data_dir = path("here")}); })),
            "[data] here/cifar-10-batches-bin/batches.meta.txt: 2 names of classes; need 10, one a line. "
            "Fetch the file again. (E462)");
  const std::string names = "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
  write("here/cifar-10-batches-bin/batches.meta.txt", Bytes(names.begin(), names.end()));
  const Dataset folder = load(path("here/cifar-10-batches-bin"));
  EXPECT_EQ(folder.name, "cifar-10-batches-bin");
  EXPECT_EQ(folder.class_names, (Names{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}));

  fs::remove(path("here/cifar-10-batches-bin/data_batch_3.bin"));
  EXPECT_EQ(short_names(message_of([&] { load("cifar10", {.data_dir = path("here")}); })),
            "[data] here/cifar-10-batches-bin: 5 of 6 files are there; missing: data_batch_3.bin[.gz]. Put "
            "them into the same folder. (E069)");
}

TEST_F(Cifar, LoadsTheHundredClasses) {
  fs::create_directories(path("c100"));
  write("c100/train.bin", records({{19, 99}, {0, 42}}));
  write("c100/test.bin", records({{7, 5}}));
  const Dataset fine = load("cifar100", {.data_dir = path("c100")}), folder = load(path("c100"));
  EXPECT_EQ(fine.train.labels, (SharedBytes{99, 42}));
  EXPECT_EQ(folder.train.labels, fine.train.labels);
  EXPECT_EQ(fine.class_names.size(), 100u);
  EXPECT_EQ(fine.class_names[42], "42");
  const Dataset coarse = load("cifar100-coarse", {.data_dir = path("c100")});
  EXPECT_EQ(coarse.train.labels, (SharedBytes{19, 0}));
  EXPECT_EQ(coarse.classes, 20);
}

TEST_F(Cifar, AFolderOfNothing) {
  fs::create_directories(path("empty"));
  EXPECT_EQ(
      short_names(message_of([&] { load(path("empty")); })),
      "[data] empty: has none of the files of a set: train-images-idx3-ubyte[.gz], "
      "train-labels-idx1-ubyte[.gz], t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz]; or "
      "data_batch_1.bin[.gz], data_batch_2.bin[.gz], data_batch_3.bin[.gz], data_batch_4.bin[.gz], "
      "data_batch_5.bin[.gz], test_batch.bin[.gz]; or train.bin[.gz], test.bin[.gz]. Name the folder that "
      "has them; a folder of pictures has a folder for each class. (E069)");
}

TEST_F(Cifar, ColoursOnASheetAndNotInIdx) {
  ImageSet set;
  set.count = 1, set.channels = 3, set.height = 1, set.width = 2;
  set.pixels = {1, 2, 11, 12, 21, 22}, set.labels = {0};
  const Image sheet = contact_sheet(set, 1, 1, 0);
  EXPECT_EQ(sheet.channels, 3);
  EXPECT_EQ(sheet.pixels, (Bytes{1, 11, 21, 2, 12, 22}));
  EXPECT_EQ(message_of([&] { write_idx(set, path("i"), path("l")); }),
            "[write_idx] images of 3 channels; need grey ones, of 1. (E074)");
  set.pixels.pop_back();
  EXPECT_EQ(message_of([&] { set.check(); }),
            "[data] a set of 1 images of 3 x 1 x 2 with 5 pixels and 1 labels does not fit together. Fill "
            "both vectors. (E074)");
}

}  // namespace
}  // namespace chainrule::data
