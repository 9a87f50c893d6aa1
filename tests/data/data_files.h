#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "temporary_folder.h"

namespace chainrule::data {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

/// Each test has a folder of its own.
class DataFiles : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_ / name; }

  fs::path write(const std::string& name, const Bytes& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

  Bytes read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  /// The whole message of the error that reading these two files gives, without the folder.
  std::string message(const std::string& images, const std::string& labels = "labels",
                      int classes = 10) const {
    try {
      read_idx(path(images), path(labels), classes);
    } catch (const FileError& error) {
      return short_names(error.what());
    }
    return "no error";
  }

  std::string short_names(std::string text) const {
    const std::string prefix = folder_.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  TemporaryFolder folder_;
};

/// Three images of 2 x 2.
inline ImageSet small_set() {
  ImageSet set;
  set.count = 3;
  set.height = set.width = 2;
  set.pixels = {0, 1, 2, 3, 10, 11, 12, 13, 252, 253, 254, 255};
  set.labels = {7, 0, 9};
  return set;
}

inline void expect_same(const ImageSet& a, const ImageSet& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.pixels, b.pixels);
  EXPECT_EQ(a.labels, b.labels);
}

}  // namespace chainrule::data
