#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Names = std::vector<std::string>;
using Values = std::vector<double>;

class Npz : public DataFiles {
 protected:
  std::string file(const NamedTensors& arrays) const {
    io::write_npz(path("a.npz"), arrays);
    return path("a.npz");
  }
  std::string refusal(const NamedTensors& arrays, const ReadNpzOptions& options) const {
    return short_names(message_of([&] { read_npz(file(arrays), options); }));
  }
};

NamedTensors arrays() {
  return {{"data", tensor({1, 2, 3, 4, 5, 6}, {3, 2}, f64)},
          {"label", tensor({3, 1, 3}, {3, 1}, f64)},
          {"mask", tensor({1, 0, 1}, {3}, u8)}};
}

TEST_F(Npz, NamedArraysBecomeColumns) {
  const std::string path = file(arrays());
  const Source two = read_npz(path, {.x = "data", .t = "label"});
  EXPECT_EQ(two.to_string(), "3 rows: x (2,) f32, t (1,) f32");
  EXPECT_EQ(two.take({2, 0})[0].to_vector<double>(), (Values{5, 6, 1, 2}));
  EXPECT_EQ(read_npz(path).to_string(), "3 rows: data (2,) f32, label (1,) f32, mask () u8");
  EXPECT_EQ(read_npz(path, {.x = "data", .t = "label", .columns = {"mask"}, .dtype = f64}).to_string(),
            "3 rows: x (2,) f64, mask () u8, t (1,) f64");
  EXPECT_EQ(read_npz(path, {.x = "data"}).to_string(), "3 rows: x (2,) f32");
}

TEST_F(Npz, NumbersThatNameClasses) {
  const Source source = read_npz(file(arrays()), {.x = "data", .t = "label", .classes = true});
  EXPECT_EQ(source.to_string(), "3 rows: x (2,) f32, t () i64 of 2 classes");
  EXPECT_EQ(source.class_names(), (Names{"1", "3"}));
  EXPECT_EQ(source.targets().to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 0, 1}));
}

TEST_F(Npz, NamesWhatIsWrong) {
  EXPECT_EQ(refusal(arrays(), {.x = "data", .t = "labels"}),
            "[read_npz] a.npz has no array 'labels'; it has data, label, mask. Did you mean 'label'? (E465)");
  NamedTensors more = arrays();
  more.add("short", ones({2, 2}));
  EXPECT_EQ(
      refusal(more, {}),
      "[read_npz] a.npz: 'short' has the shape (2, 2), 'data' (3, 2). Need the same number of rows, the "
      "first axis. Name arrays that have it. (E466)");
  EXPECT_EQ(refusal({{"x", tensor({1.0})}, {"n", scalar(1)}}, {}),
            "[read_npz] a.npz: 'n' has the shape (), 'x' (1,). Need the same number of rows, the first axis. "
            "Name arrays that have it. (E466)");
  EXPECT_EQ(
      refusal(arrays(), {.x = "label", .t = "data", .classes = true}),
      "[read_npz] a.npz: the target 't' has the shape (3, 2); need one class number a row. Leave classes "
      "out. (E466)");
  EXPECT_EQ(
      refusal({{"x", ones({2})}, {"t", tensor({1, 1.5})}}, {.classes = true}),
      "[read_npz] a.npz: the target 't' has 1.5 in row 1; need whole numbers. Leave classes out. (E466)");
  EXPECT_EQ(
      refusal({{"x", ones({70000})}, {"t", arange(70000)}}, {.classes = true}),
      "[read_npz] a.npz: the target 't' has more than 65536 different numbers. Leave classes out. (E466)");
  EXPECT_EQ(refusal(arrays(), {.dtype = i64}), "[read_npz] dtype is i64; need f32 or f64. (E466)");
}

TEST_F(Npz, RefusesEveryCutAndSurvivesAnyByte) {
  const std::string good = file(arrays());
  const Bytes bytes = read("a.npz");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write("cut.npz", Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_NE(message_of([&] { read_npz(path("cut.npz")); }), "no error") << length;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] ^= static_cast<std::uint8_t>(1 << at % 8);
    write("flipped.npz", flipped);
    message_of([&] { read_npz(path("flipped.npz")); });
  }
}

TEST_F(Npz, ReadsArraysOfACourse) {
  const char* folder = std::getenv("CHAINRULE_DATA_DIR");
  if (folder == nullptr || !fs::exists(fs::path(folder) / "ai-edu")) {
    GTEST_SKIP() << "CHAINRULE_DATA_DIR is not set, or has no folder ai-edu: no real arrays are read";
  }
  const fs::path course = fs::path(folder) / "ai-edu";
  const Source three = read_npz(course / "ch07.npz", {.x = "data", .t = "label", .classes = true});
  EXPECT_EQ(three.to_string(), "140 rows: x (2,) f32, t () i64 of 3 classes");
  std::vector<int> counts(3);
  for (const std::int64_t label : three.targets().to_vector<std::int64_t>())
    ++counts[static_cast<std::size_t>(label)];
  EXPECT_EQ(counts, (std::vector<int>{33, 65, 42}));  // counted with NumPy from the original file
  EXPECT_EQ(three.class_names(), (Names{"1", "2", "3"}));
  EXPECT_EQ(read_npz(course / "ch19.train_minus.npz").to_string(), "136 rows: data (4, 2) u8, label (4,) u8");
}

}  // namespace
}  // namespace chainrule::data
