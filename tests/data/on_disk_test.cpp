// Data that stay in their files: the same rows as those of files that are read into memory.
#include "chainrule/data/on_disk.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "core/text.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

class OnDisk : public DataFiles {
 protected:
  void write_text(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  template <class F>
  std::string refusal(F f) const {
    return short_names(message_of(f));
  }
};

/// Columns, and rows in blocks and by chance.
void expect_equal(const Source& disk, const Source& memory) {
  EXPECT_EQ(disk.to_string(), memory.to_string());
  for (std::size_t i = 0; i < memory.columns().size(); ++i) {
    EXPECT_EQ(disk.columns()[i].name, memory.columns()[i].name);
    EXPECT_EQ(disk.columns()[i].classes, memory.columns()[i].classes);
    EXPECT_EQ(disk.columns()[i].features, memory.columns()[i].features);
  }
  const auto expect = [](const Batch& a, const Batch& b) {
    for (int column = 0; column < b.size(); ++column)
      EXPECT_EQ(io::checksum({{"x", a[column]}}), io::checksum({{"x", b[column]}})) << column;
  };
  expect(disk.all(), memory.all());
  Random random(1);
  std::vector<std::int64_t> rows;
  for (int i = 0; i < 40; ++i)
    rows.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(memory.rows()))));
  expect(disk.take(rows), memory.take(rows));
  if (memory.target() == nullptr) return;
  EXPECT_EQ(io::checksum({{"t", disk.targets()}}), io::checksum({{"t", memory.targets()}}));
}

/// 57 images of 3 x 5.
ImageSet images() {
  ImageSet set;
  set.count = 57, set.height = 3, set.width = 5;
  Random random(2);
  for (int i = 0; i < 57 * 15; ++i) set.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  for (int i = 0; i < 57; ++i) set.labels.push_back(static_cast<std::uint8_t>(i % 4));
  return set;
}

TEST_F(OnDisk, Idx) {
  write_idx(images(), path("images"), path("labels"));
  expect_equal(open_idx(path("images"), path("labels")), read_idx(path("images"), path("labels")));
  expect_equal(open_idx(path("images"), path("labels"), 4, {.flat = true, .scale = 0.5}),
               data::images(images(), {.flat = true, .scale = 0.5}));
}

TEST_F(OnDisk, AFolderOfASet) {
  write_idx(images(), path("train-images-idx3-ubyte"), path("train-labels-idx1-ubyte"));
  write_idx(images(), path("t10k-images-idx3-ubyte"), path("t10k-labels-idx1-ubyte"));
  const SetOnDisk set = open_set(folder_.string());
  const Dataset read = load(folder_.string());
  EXPECT_EQ(set.name, read.name);
  EXPECT_EQ(set.class_names, read.class_names);
  expect_equal(set.train, read.train);
  expect_equal(set.test, read.test);
}

TEST_F(OnDisk, IdxThatIsDamagedOrPacked) {
  write_idx(images(), path("images"), path("labels"));
  Bytes bytes = read("images");
  bytes.push_back(0);
  write("long", bytes);
  const auto open = [&](const std::string& name, int classes = 256) {
    return refusal([&] { open_idx(path(name), path("labels"), classes); });
  };
  EXPECT_EQ(open("long"), short_names(message_of([&] { read_idx(path("long"), path("labels")); })));
  EXPECT_EQ(open("images", 3), short_names(message_of([&] { read_idx(path("images"), path("labels"), 3); })));
  bytes.resize(40);
  write("short", bytes);
  EXPECT_NE(open("short").find("(E064)"), std::string::npos) << open("short");
  write_idx(images(), path("images.gz"), path("labels"));
  EXPECT_EQ(
      open("images.gz"),
      "[data] images.gz is packed by gzip, and cannot be read row by row. Unpack it with gunzip, or let it "
      "be read into memory. (E610)");
  EXPECT_EQ(
      refusal([] { open_set("digits"); }),
      "[data] digits is drawn, and cannot be read row by row. Take a set of files, or let it be read into "
      "memory. (E610)");
}

TEST_F(OnDisk, IdxThatGetsShorter) {
  write_idx(images(), path("images"), path("labels"));
  const Source source = open_idx(path("images"), path("labels"));
  std::filesystem::resize_file(path("images"), 100);
  EXPECT_EQ(refusal([&] { source.take({50}); }),
            "[read] images: became shorter while it was read. Read it again. (E200)");
}

NamedTensors arrays() {
  Random random(3);
  std::vector<double> x, t;
  for (int i = 0; i < 70 * 6; ++i) x.push_back(random.normal());
  for (int i = 0; i < 70; ++i) t.push_back(10.0 * (i % 3));
  const Tensor numbers = from_data(std::span<const double>(x), {70, 2, 3});
  return {
      {"x", numbers}, {"t", from_data(std::span<const double>(t), {70})}, {"mask", cast(numbers > 0, u8)}};
}

TEST_F(OnDisk, Npz) {
  io::write_npz(path("a.npz"), arrays(), {.compressed = false});
  for (const ReadNpzOptions& options :
       {ReadNpzOptions{}, ReadNpzOptions{.x = "x", .t = "t"}, ReadNpzOptions{.x = "x", .dtype = f64},
        ReadNpzOptions{.x = "x", .t = "t", .columns = {"mask"}, .classes = true}})
    expect_equal(open_npz(path("a.npz"), options), read_npz(path("a.npz"), options));
  io::write_npz(path("half.npz"), {{"half", tensor({1, 2, 3, 4}, {2, 2}, f16)}}, {.compressed = false});
  expect_equal(open_npz(path("half.npz")), read_npz(path("half.npz")));
}

TEST_F(OnDisk, NpzThatCannotBeReadByRows) {
  io::write_npz(path("packed.npz"), arrays(), {.compressed = true});
  EXPECT_EQ(refusal([&] { open_npz(path("packed.npz"), {.x = "x"}); }),
            "[data] packed.npz: the array 'x' is packed, and cannot be read row by row. Write it with "
            "numpy.savez, not savez_compressed, or let it be read into memory. (E610)");
  EXPECT_EQ(refusal([&] { open_npz(path("packed.npz"), {.x = "y"}); }),
            refusal([&] { read_npz(path("packed.npz"), {.x = "y"}); }));
  write_text("no.npz", "this is no archive");
  EXPECT_EQ(refusal([&] { open_npz(path("no.npz")); }), refusal([&] { read_npz(path("no.npz")); }));
}

// Cut off anywhere it is refused; with any byte changed it is, or still makes sense.
TEST_F(OnDisk, NpzThatIsDamaged) {
  io::write_npz(path("a.npz"), {{"x", tensor({1, 2, 3, 4}, {2, 2})}, {"t", tensor({1, 2}, i64)}},
                {.compressed = false});
  const Bytes whole = read("a.npz");
  const auto open = [&](const Bytes& bytes) {
    write("b.npz", bytes);
    try {
      const Source source = open_npz(path("b.npz"));
      if (source.rows() < 100) source.all();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("(E"), std::string::npos);
      return false;
    }
    return true;
  };
  EXPECT_TRUE(open(whole));
  for (std::size_t size = 0; size < whole.size(); size += 7)
    EXPECT_FALSE(open({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes bytes = whole;
    bytes[at] ^= 0xFF;
    open(bytes);
  }
}

// Quotes with line breaks, blank lines, comments, words, codes, gaps, Windows line ends, no line end at the
// end.
const char* const kTable =
    "# made by hand\nsize,colour,\"kind\",note,price\n1.5,red,b,\"x, y\",10\n\n2,blue,a,\"two\nlines\",20\n"
    "?,red,b,z,30\r\n# in between\n4,,c,\"\"\"q\"\"\",40\n5,green,a,z,\n6,blue,c,z,60";

TEST_F(OnDisk, Csv) {
  write_text("a.csv", kTable);
  for (const Missing missing : {Missing::drop, Missing::mean, Missing::value}) {
    for (const char* target : {"price", "kind", "colour", ""}) {
      const CsvOptions options{.target = target,
                               .ignore = {},
                               .codes = {"note"},
                               .missing = missing,
                               .missing_value = -1,
                               .comment = "#"};
      const TableOnDisk disk = open_csv(path("a.csv"), options);
      const Table memory = read_csv(path("a.csv"), options);
      expect_equal(disk.source, memory);
      EXPECT_EQ(disk.target, memory.target());
      for (std::size_t i = 0; i < disk.columns.size(); ++i) {
        const TableColumn &one = *disk.columns[i], &all = *memory.columns()[i];
        EXPECT_EQ(one.name, all.name);
        EXPECT_EQ(one.words, all.words);
        double sum = 0;
        for (const double x : all.numbers) sum += x;
        if (all.has_words()) continue;
        EXPECT_DOUBLE_EQ(one.numbers.at(0), sum / static_cast<double>(all.numbers.size()));
      }
    }
  }
}

TEST_F(OnDisk, CsvOfManyRowsByManyThreads) {
  std::string text = "a;b;c;t\n";
  Random random(4);
  for (int i = 0; i < 5000; ++i)
    text += cat(random.normal(), ";", random.uniform(), ";", i % 7 == 0 ? "odd" : "even", ";", i % 5, "\n");
  write_text("b.csv", text);
  const CsvOptions options{.target = "t", .words = {"t"}};
  const Source disk = open_csv(path("b.csv"), options).source;
  const Source memory = read_csv(path("b.csv"), options);
  expect_equal(disk, memory);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { expect_equal(disk, memory); });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OnDisk, CsvThatCannotBeReadByRows) {
  write_text("a.csv", "a,t\n1,2\n3,oops\n");
  EXPECT_EQ(refusal([&] { open_csv(path("a.csv"), {.target = "t"}); }),
            refusal([&] { read_csv(path("a.csv"), {.target = "t"}); }));
  write("a.csv.gz", {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3});
  EXPECT_EQ(
      refusal([&] { open_csv(path("a.csv.gz")); }),
      "[data] a.csv.gz is packed by gzip, and cannot be read row by row. Unpack it with gunzip, or let it "
      "be read into memory. (E610)");
}

TEST_F(OnDisk, CsvThatChanges) {
  write_text("a.csv", "a,b,t\n1,x,3\n4,y,6\n");
  const Source source = open_csv(path("a.csv"), {.target = "t"}).source;
  write_text("a.csv", "a,b,t\n1,x,3\n4,z,6\n");
  EXPECT_EQ(
      refusal([&] { source.take({1}); }),
      "[data] a.csv: row 1, at byte 12, is not what it was when the file was opened. Leave a file as it is "
      "while it is used, and start again. (E611)");
  EXPECT_EQ(source.take({0})[1].item(), 3);
}

}  // namespace
}  // namespace chainrule::data
