// Data that are not read: rows, columns and classes are those of the data.
#include "data/outline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

class Outlined : public DataFiles {};

/// Rows, columns and classes; and that rows can be had, and are the same each time.
void expect_outline(const Source& outline, const Source& read) {
  EXPECT_EQ(outline.to_string(), read.to_string());
  for (std::size_t i = 0; i < read.columns().size(); ++i) {
    EXPECT_EQ(outline.columns()[i].name, read.columns()[i].name);
    EXPECT_EQ(outline.columns()[i].classes, read.columns()[i].classes);
    EXPECT_EQ(outline.columns()[i].features, read.columns()[i].features);
  }
  const Batch some = outline.take({0, read.rows() - 1, 0});
  for (int column = 0; column < some.size(); ++column) {
    const std::vector<double> numbers = cast(some[column], f64).to_vector<double>();
    const auto size = numbers.size() / 3;
    EXPECT_TRUE(std::equal(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(size),
                           numbers.end() - static_cast<std::ptrdiff_t>(size)));
    EXPECT_GE(*std::min_element(numbers.begin(), numbers.end()), 0);
    const std::size_t classes = read.columns()[static_cast<std::size_t>(column)].classes.size();
    EXPECT_LT(*std::max_element(numbers.begin(), numbers.end()),
              std::max<double>(static_cast<double>(classes), 2));
  }
}

ImageSet images_of(std::int64_t count, int classes) {
  ImageSet set;
  set.count = count, set.height = 3, set.width = 5;
  for (std::int64_t i = 0; i < count * 15; ++i)
    set.pixels.push_back(static_cast<std::uint8_t>((i * i * 7 + i / 3) % 251));
  for (std::int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<std::uint8_t>(i % classes));
  return set;
}

TEST_F(Outlined, Digits) {
  const SetOnDisk outline = outline_set("digits");
  EXPECT_EQ(outline.name, "digits");
  EXPECT_EQ(outline.train.to_string(), "60000 rows: x (1, 28, 28) f32, t () i64 of 10 classes");
  expect_outline(outline.test, make_digits(0, 0, 10000).test);
}

/// A packed file is read no further than its first bytes: what is behind them may be anything.
TEST_F(Outlined, IdxPackedOrNot) {
  for (const char* ending : {"", ".gz"}) {
    const std::string folder = path(std::string("set") + ending);
    fs::create_directory(folder);
    const auto file = [&](const char* name) { return folder + "/" + name + ending; };
    write_idx(images_of(5000, 4), file("train-images-idx3-ubyte"), file("train-labels-idx1-ubyte"));
    write_idx(images_of(30, 6), file("t10k-images-idx3-ubyte"), file("t10k-labels-idx1-ubyte"));
    const Dataset read = load(folder);
    for (const bool is_cut : {false, true}) {
      if (is_cut && *ending == '\0') continue;
      if (is_cut) fs::resize_file(file("train-images-idx3-ubyte"), 200);
      const SetOnDisk outline = outline_set(folder);
      EXPECT_EQ(outline.class_names, read.class_names);
      expect_outline(outline.train, read.train);
      expect_outline(outline.test, read.test);
    }
  }
}

TEST_F(Outlined, IdxThatDoesNotFit) {
  write_idx(images_of(9, 4), path("images"), path("labels"));
  write_idx(images_of(8, 4), path("other"), path("few.gz"));
  const auto same = [&](const std::string& labels) {
    return short_names(message_of([&] { outline_idx(path("images"), path(labels)); }));
  };
  EXPECT_EQ(same("few.gz"), message("images", "few.gz"));
  EXPECT_EQ(same("images"), message("images", "images"));
}

TEST_F(Outlined, Cifar) {
  const auto files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                      "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
  for (const char* name : files) write(name, Bytes(3073 * 2, 1));
  std::ofstream(path("batches.meta.txt")) << "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
  const SetOnDisk outline = outline_set(folder_.string());
  const Dataset read = load(folder_.string());
  EXPECT_EQ(outline.class_names, read.class_names);
  expect_outline(outline.train, read.train);
  expect_outline(outline.test, read.test);
  write("test_batch.bin", Bytes(3073 * 2 - 1, 1));
  EXPECT_EQ(message_of([&] { outline_set(folder_.string()); }), message_of([&] { load(folder_.string()); }));
}

TEST_F(Outlined, Npz) {
  std::vector<double> x(70 * 6, 0.5), t;
  for (int i = 0; i < 70; ++i) t.push_back(10.0 * (i % 3));
  const Tensor numbers = from_data(std::span<const double>(t), {70});
  const NamedTensors arrays{
      {"x", from_data(std::span<const double>(x), {70, 2, 3})}, {"t", numbers}, {"k", cast(numbers, i64)}};
  for (const bool is_packed : {false, true}) {
    io::write_npz(path("a.npz"), arrays, {.compressed = is_packed});
    for (const ReadNpzOptions& options :
         {ReadNpzOptions{.x = "x", .t = "t"}, ReadNpzOptions{.x = "x", .dtype = f64},
          ReadNpzOptions{.x = "x", .t = "t", .classes = true}})
      expect_outline(outline_npz(path("a.npz"), options), read_npz(path("a.npz"), options));
    // Whole numbers say how many classes there are: those are read.
    const ReadNpzOptions whole{.x = "x", .t = "k"};
    EXPECT_EQ(outline_npz(path("a.npz"), whole).targets().to_vector<std::int64_t>(),
              read_npz(path("a.npz"), whole).targets().to_vector<std::int64_t>());
  }
}

TEST_F(Outlined, Csv) {
  std::ofstream file(path("cars.csv"));
  file << "weight,origin,mpg\n";
  for (int i = 0; i < 40; ++i)
    file << 2000 + i << (i % 2 ? ",usa," : ",japan,") << (i == 3 ? "" : "20") << "\n";
  file.close();
  for (const Missing missing : {Missing::drop, Missing::mean}) {
    for (const char* target : {"mpg", "origin"}) {
      const CsvOptions options{.target = target, .missing = missing};
      const TableOnDisk outline = outline_csv(path("cars.csv"), options);
      expect_outline(outline.source, read_csv(path("cars.csv"), options));
      EXPECT_EQ(outline.columns.size(), 3u);
    }
  }
  EXPECT_EQ(message_of([&] { outline_csv(path("cars.csv"), {.target = "m"}); }),
            message_of([&] { read_csv(path("cars.csv"), {.target = "m"}); }));
}

}  // namespace
}  // namespace chainrule::data
