#include <cstdlib>

#include "io/files.h"

namespace chainrule::io {
namespace {

TEST(Npz, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const NamedTensors all = samples();
  for (const bool compressed : {false, true}) {
    write_npz(folder / "x.npz", all, {compressed});
    EXPECT_EQ(read_raw(folder / "x.npz"), npz_bytes(all, {compressed}));  // the same bytes, whenever
    for (const NamedTensors& read : {read_npz(folder / "x.npz"), parse_npz(npz_bytes(all, {compressed}))}) {
      EXPECT_EQ(read.names(), all.names());
      for (const auto& [name, sample] : all) expect_same(read[name], sample);
    }
  }
  const NamedTensors zeroes{{"z", zeros({1000, 100})}};
  EXPECT_GT(npz_bytes(zeroes).size(), 400'000u);
  EXPECT_LT(npz_bytes(zeroes, {.compressed = true}).size(), 2'000u);
  EXPECT_EQ(parse_npz(npz_bytes({})).size(), 0u);
}

TEST(Npz, HasNoTimeOfItsOwn) {
  const std::string bytes = npz_bytes({{"w", scalar(1)}});
  EXPECT_EQ(bytes.substr(0, 4), "PK\3\4");
  EXPECT_EQ(bytes.substr(10, 4), std::string("\0\0\x21\0", 4));  // midnight of 1980-01-01, as numpy.savez
}

/// One member as zip stores it: local header, and the record for the directory at the end.
struct Raw {
  std::string name, data;
  std::uint16_t flags = 0, method = 0;
  bool zip64 = false;        // sizes stand in an extra field, as NumPy writes them
  std::int64_t size = -1;    // claimed; -1: that of the data
  std::int64_t offset = -1;  // claimed
};

std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (; bytes > 0; --bytes, value >>= 8) text += static_cast<char>(value & 0xFF);
  return text;
}

std::uint32_t crc32(const std::string& bytes) {  // of ISO 3309, bit by bit
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

/// PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16, 4.5.3.
std::string zip(const std::vector<Raw>& members) {
  std::string all, directory;
  for (const Raw& m : members) {
    const std::uint64_t size = m.size < 0 ? m.data.size() : static_cast<std::uint64_t>(m.size);
    const std::string sizes =
        m.zip64 ? std::string(8, '\xff') : little(m.method == 0 ? size : m.data.size(), 4) + little(size, 4);
    const std::string extra = m.zip64 ? little(1, 2) + little(16, 2) + little(size, 8) + little(size, 8) : "";
    const std::string common = little(45, 2) + little(m.flags, 2) + little(m.method, 2) +
                               little(0x210000, 4) + little(crc32(m.data), 4) + sizes +
                               little(m.name.size(), 2) + little(extra.size(), 2);
    const std::uint64_t offset = m.offset < 0 ? all.size() : static_cast<std::uint64_t>(m.offset);
    if (m.offset < 0) all += "PK\3\4" + common + m.name + extra + m.data;
    directory += "PK\1\2" + little(45, 2) + common + little(0, 10) + little(offset, 4) + m.name + extra;
  }
  return all + directory + "PK\5\6" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(all.size(), 4) + little(0, 2);
}

TEST(Npz, ReadsWhatOthersWrite) {
  const std::string w = npy_bytes(tensor({1, 2})), b = npy_bytes(scalar(3, i64));
  const NamedTensors read =
      parse_npz(zip({{.name = "w.npy", .data = w, .zip64 = true}, {.name = "folder/b", .data = b}}));
  EXPECT_EQ(read.names(), (std::vector<std::string>{"w", "folder/b"}));
  expect_same(read["w"], tensor({1, 2}));
  expect_same(read["folder/b"], scalar(3, i64));
}

struct Refused {
  std::string bytes;
  std::string message;
};

TEST(Npz, SaysWhatItRefuses) {
  const std::string w = npy_bytes(tensor({1, 2}));
  const auto damaged = [](const std::string& reason) {
    return "[npz] bytes: " + reason + ". Write it anew with numpy.savez. (E208)";
  };
  std::string wrong = zip({{.name = "w.npy", .data = w}});
  wrong[wrong.find("NUMPY") + w.size() - 3] ^= 1;  // an element
  const Refused cases[] = {
      {"", "[npz] bytes: is no .npz file: not a zip archive. Write it anew with numpy.savez. (E202)"},
      {w, "[npz] bytes: is no .npz file: not a zip archive. Write it anew with numpy.savez. (E202)"},
      {zip({{.name = "w.npy", .data = w}, {.name = "w", .data = w}}),
       "[npz] bytes: two arrays are named \"w\". Give each a name of its own. (E207)"},
      {zip({{.name = "readme.txt", .data = "This is no array."}}),
       "[npy] bytes, member \"readme.txt\": is no .npy file: it does not begin with \\x93NUMPY. Write it "
       "anew "
       "with numpy.save. (E202)"},
      {zip({{.name = "w.npy", .data = w, .flags = 1}}), damaged("member \"w.npy\" is encrypted")},
      {zip({{.name = "w.npy", .data = w, .method = 12}}),
       damaged("member \"w.npy\" is packed by method 12, not stored or deflated")},
      {zip({{.name = "w.npy", .data = w, .method = 8, .size = 1 << 30}}),
       damaged("member \"w.npy\" should unpack from 136 to 1073741824 bytes, which cannot be")},
      {zip({{.name = "a", .data = w},
            {.name = "b", .data = w, .offset = 0},
            {.name = "c", .data = w, .offset = 0}}),
       damaged("its members have more bytes than the file")},
      {wrong, "[npz] bytes, member \"w.npy\": CRC error. Write it anew with numpy.savez. (E208)"},
  };
  for (const Refused& one : cases) EXPECT_EQ(message([&] { parse_npz(one.bytes); }), one.message);
}

TEST(Npz, SaysWhichNamesCannotBeWritten) {
  const auto said = [](const std::string& name) { return message([&] { npz_bytes({{name, scalar(1)}}); }); };
  EXPECT_EQ(said(""), "[npz] the name \"\" is empty. Rename the tensor. (E211)");
  EXPECT_EQ(said("a\xff"), "[npz] the name \"a\\xff\" is not UTF-8. Rename the tensor. (E211)");
  EXPECT_EQ(said({"a\0b", 3}), "[npz] the name \"a?b\" has a zero byte. Rename the tensor. (E211)");
  EXPECT_EQ(said(std::string(65532, 'x')), "[npz] the name \"" + std::string(80, 'x') +
                                               "...\" has more than 65531 bytes. Rename the tensor. (E211)");
  EXPECT_EQ(said(std::string(65531, 'x')), "no error");
  EXPECT_NE(message([] { npz_bytes({{"x", {}}}); }).find("(E010)"), std::string::npos);
}

TEST(Npz, ReadsTheFilesOfTheBooks) {
  const char* const data = std::getenv("CHAINRULE_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "set CHAINRULE_DATA_DIR to the folder with dlfs-weights and ai-edu";
  int files = 0;
  for (const char* folder : {"dlfs-weights", "ai-edu"}) {
    const auto path = std::filesystem::path(data) / folder;
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.path().extension() != ".npz") continue;
      EXPECT_FALSE(read_npz(entry.path()).empty()) << entry.path();
      ++files;
    }
  }
  if (files == 0) GTEST_SKIP() << "no dlfs-weights and no ai-edu in " << data;
  const auto weights = std::filesystem::path(data) / "dlfs-weights" / "sample_weight.npz";
  if (std::filesystem::exists(weights)) {
    const NamedTensors net = read_npz(weights);
    EXPECT_EQ(net["W1"].shape(), (Shape{784, 50}));  // its README
    EXPECT_EQ(net["W3"].dtype(), f32);
  }
}

}  // namespace
}  // namespace chainrule::io
