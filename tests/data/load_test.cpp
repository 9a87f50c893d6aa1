#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "data/data_files.h"
#include "set_environment.h"

namespace chainrule::data {
namespace {

using Load = DataFiles;

TEST_F(Load, LoadsAFolderAndCountsItsClasses) {
  const ImageSet set = small_set();
  write_idx(set, path("train-images-idx3-ubyte.gz"), path("train-labels.idx1-ubyte"));
  write_idx(set, path("t10k-images.idx3-ubyte"), path("t10k-labels-idx1-ubyte"));
  const Dataset dataset = load(folder_.string());
  expect_same(dataset.train, set);
  expect_same(dataset.test, set);
  EXPECT_EQ(dataset.name, fs::path(folder_.string()).filename().string());
  EXPECT_EQ(dataset.classes, 10);
  EXPECT_EQ(dataset.class_names.size(), 10u);

  fs::remove(path("t10k-images.idx3-ubyte"));
  try {
    load(folder_.string());
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(std::string(error.what()),
              "[data] " + folder_.string() +
                  ": 3 of 4 files are there; missing: t10k-images-idx3-ubyte[.gz]. "
                  "Put them into the same folder. (E069)");
  }
}

TEST_F(Load, FindsANamedSetInOrder) {
  const SetEnvironment data_dir("CHAINRULE_DATA_DIR", path("b").string());
  const SetEnvironment xdg("XDG_DATA_HOME", path("c").string());
  const auto put = [&](const std::string& place, std::uint8_t mark) {
    fs::create_directories(path(place));
    ImageSet set = small_set();
    set.pixels[0] = mark;
    write_idx(set, path(place + "/train-images-idx3-ubyte"), path(place + "/train-labels-idx1-ubyte"));
    write_idx(set, path(place + "/t10k-images-idx3-ubyte"), path(place + "/t10k-labels-idx1-ubyte"));
  };
  try {
    load("mnist", {.data_dir = path("a")});
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(short_names(error.what()),
              "[data] mnist is in none of: a/mnist, a, b/mnist, b, c/chainrule/mnist. Put its files "
              "(train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], t10k-images-idx3-ubyte[.gz], "
              "t10k-labels-idx1-ubyte[.gz]) into the last, or name their folder with --data-dir or "
              "CHAINRULE_DATA_DIR. "
              "The set digits needs no file. (E069)");
  }
  const char* places[] = {"c/chainrule/mnist", "b", "b/mnist", "a", "a/mnist"};
  for (std::uint8_t i = 0; i < 5; ++i) {
    put(places[i], i);
    const Dataset dataset = load("mnist", {.data_dir = path("a")});
    EXPECT_EQ(dataset.train.pixels[0], i) << places[i];
    EXPECT_EQ(dataset.class_names[3], "3");
  }
}

TEST_F(Load, RefusesAnUnknownName) {
  try {
    load("nmist");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_STREQ(
        error.what(),
        "[data] 'nmist' is neither a known data set nor a folder. Did you mean mnist? Known are "
        "digits, mnist, "
        "fashion-mnist, cifar10, cifar100, cifar100-coarse; or name a folder with the files of one, or a "
        "file .csv, .npz or .txt. (E069)");
  }
}

TEST_F(Load, ReadsRealMnist) {
  if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) {
    GTEST_SKIP() << "CHAINRULE_DATA_DIR is not set: real MNIST is not read";
  }
  const Dataset mnist = load("mnist");
  std::vector<int> train(10), test(10);
  for (std::uint8_t label : mnist.train.labels) ++train[label];
  for (std::uint8_t label : mnist.test.labels) ++test[label];
  // Counted with NumPy from the original files.
  EXPECT_EQ(train, (std::vector<int>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
  EXPECT_EQ(test, (std::vector<int>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}));
  double sum = 0;
  for (std::uint8_t pixel : mnist.train.pixels) sum += pixel;
  EXPECT_NEAR(sum / 255 / static_cast<double>(mnist.train.pixels.size()), 0.130660, 5e-7);
}

}  // namespace
}  // namespace chainrule::data
