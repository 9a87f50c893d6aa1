#include <cmath>
#include <limits>

#include "io/files.h"

namespace chainrule::io {
namespace {

/// A file with this dict and these elements, as NumPy lays it out.
std::string npy(const std::string& dict, const std::string& elements, int version = 1) {
  std::string text = dict;
  const std::size_t before = version == 1 ? 10 : 12;
  text.append(63 - (before + text.size()) % 64, ' ').append("\n");
  std::string bytes("\x93NUMPY", 6);
  bytes +=
      {static_cast<char>(version), 0, static_cast<char>(text.size()), static_cast<char>(text.size() >> 8)};
  if (version > 1) bytes += {0, 0};
  return bytes + text + elements;
}
std::string npy(const std::string& descr, const std::string& shape, const std::string& elements,
                bool fortran_order = false) {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                 ", 'shape': " + shape + ", }",
             elements);
}

TEST(Npy, WritesWhatNumPyWrites) {
  // numpy.save(file, numpy.array([[1, -2]], '<f4')), NumPy 1.24.
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  EXPECT_EQ(npy_bytes(tensor({1, -2}, {1, 2})), std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header +
                                                    std::string(0x76 - header.size() - 1, ' ') + "\n" +
                                                    std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  for (const auto& [dtype, descr] : {std::pair(f64, "'<f8'"),
                                     {i64, "'<i8'"},
                                     {u8, "'|u1'"},
                                     {boolean, "'|b1'"},
                                     {f16, "'<f2'"},
                                     {i32, "'<i4'"}}) {
    EXPECT_NE(npy_bytes(scalar(1, dtype)).find(descr), std::string::npos);
  }
}

TEST(Npy, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  for (const auto& [name, sample] : samples()) {
    SCOPED_TRACE(name);
    const std::string bytes = npy_bytes(sample);
    EXPECT_EQ((bytes.size() - sample.numel() * size_of(sample.dtype())) % 64, 0u);
    expect_same(parse_npy(bytes), sample);
    write_npy(folder / "x.npy", sample);
    EXPECT_EQ(read_raw(folder / "x.npy"), bytes);
    expect_same(read_npy(folder / "x.npy"), sample);
  }
}

struct Foreign {
  const char* descr;
  std::string elements;
  Tensor expected;
};

TEST(Npy, ConvertsOtherTypes) {
  const auto inf = std::numeric_limits<double>::infinity();
  const Foreign cases[] = {
      {"|i1", "\x01\xff", tensor({1, -1}, i64)},
      {"<i2", "\x01\x02\xff\xff", tensor({513, -1}, i64)},
      {">i2", "\x02\x01\xff\xfe", tensor({513, -2}, i64)},
      {"<u2", "\x01\x02\xff\xff", tensor({513, 65535}, i64)},
      {"<i4", "\x01\x02\x03\x04\xff\xff\xff\xff", tensor({67305985, -1}, i32)},
      {">i4", {"\x01\x02\x03\x04\xff\xff\xff\xff", 8}, tensor({16909060, -1}, i32)},
      {">u4", {"\x01\x02\x03\x04\xff\xff\xff\xff", 8}, tensor({16909060, 4294967295}, i64)},
      {"<u8", {"\x05\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16}, tensor({5, 0x1p40}, i64)},
      {">i8", {"\0\0\0\0\0\0\0\x05\xff\xff\xff\xff\xff\xff\xff\xfe", 16}, tensor({5, -2}, i64)},
      {"<f2", {"\x00\x3c\x00\xfc", 4}, tensor({1, -inf}, f16)},
      {">f2", {"\x3c\x00\xfc\x00", 4}, tensor({1, -inf}, f16)},
      {">f4", {"\x3f\x80\0\0\xc0\0\0\0", 8}, tensor({1, -2})},
      {">f8", {"\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16}, tensor({1, -2}, f64)},
      {"|b1", {"\x01\0", 2}, tensor({1, 0}, boolean)},
      {"|b1", "\x07\x80", tensor({1, 1}, boolean)},
      {"=f4", {"\0\0\x80\x3f\0\0\0\xc0", 8}, tensor({1, -2})},
      {"f4", {"\0\0\x80\x3f\0\0\0\xc0", 8}, tensor({1, -2})},
  };
  for (const Foreign& one : cases) {
    SCOPED_TRACE(one.descr);
    expect_same(parse_npy(npy(one.descr, "(2,)", one.elements)), one.expected);
  }
}

TEST(Npy, ConvertsMoreThanOnePiece) {
  std::string elements;
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 20000; ++i) {
    elements += {static_cast<char>(i), static_cast<char>(i >> 8)};
    expected.push_back(i);
  }
  expect_same(parse_npy(npy("<i2", "(200, 100)", elements)), from_data(expected, {200, 100}));
}

TEST(Npy, TurnsFortranOrder) {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) lies in memory as 1 4 2 5 3 6.
  expect_same(parse_npy(npy("|u1", "(2, 3)", "\1\4\2\5\3\6", true)), tensor({1, 2, 3, 4, 5, 6}, {2, 3}, u8));
  expect_same(parse_npy(npy(">i2", "(2, 3)", {"\0\1\0\4\0\2\0\5\0\3\0\6", 12}, true)),
              tensor({1, 2, 3, 4, 5, 6}, {2, 3}, i64));
  // Element (i, j, k) of (2, 3, 2) is 100 i + 10 j + k.
  expect_same(parse_npy(npy("|u1", "(2, 3, 2)", {"\0\x64\x0a\x6e\x14\x78\1\x65\x0b\x6f\x15\x79", 12}, true)),
              tensor({0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}, {2, 3, 2}, u8));
  expect_same(parse_npy(npy("|u1", "(2,)", "\1\2", true)), tensor({1, 2}, u8));
  expect_same(parse_npy(npy("|u1", "()", "\1", true)), scalar(1, u8));
  expect_same(parse_npy(npy("<f4", "(2, 0)", "", true)), zeros({2, 0}));
}

TEST(Npy, ReadsEveryWayToWriteTheHeader) {
  const Tensor expected = tensor({1, 2}, {2, 1}, u8);
  for (const char* dict : {
           "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }",
           "{'shape': (2, 1,), 'fortran_order': False, 'descr': '|u1'}",
           "{\"descr\":\"|u1\",\"fortran_order\":False,\"shape\":(2,1)}",
           "{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), }",  // Python 2
       }) {
    for (const int version : {1, 2, 3}) expect_same(parse_npy(npy(dict, "\1\2", version)), expected);
  }
}

struct Refused {
  std::string bytes;
  std::string message;
};

TEST(Npy, SaysWhatItRefuses) {
  const std::string objects =
      "[npy] bytes: holds Python objects, which cannot be read without running code from the file. Save "
      "numbers: numpy.save(path, array.astype(float)). (E203)";
  const auto other = [](const std::string& descr) {
    return "[npy] bytes: holds elements of type \"" + descr +
           "\". Can be read: bool, integers, f16, f32, f64. Convert it with astype. (E203)";
  };
  const auto malformed = [](const std::string& reason) {
    return "[npy] bytes: " + reason + ". Write it anew with numpy.save. (E202)";
  };
  const std::string start("\x93NUMPY", 6);
  const Refused cases[] = {
      {"", malformed("is no .npy file: it does not begin with \\x93NUMPY")},
      {"PK\3\4 and more bytes", malformed("is no .npy file: it does not begin with \\x93NUMPY")},
      {start + std::string("\4\0\0\0{}", 6), malformed("has version 4; need 1, 2 or 3")},
      {start + std::string("\1\0\xff\xff{}", 6),
       malformed("its header should have 65535 bytes, the file has 12")},
      {start + std::string("\2\0\xff\xff\xff\xff{}", 8),
       malformed("its header should have 4294967295 bytes, the file has 14")},
      {npy("{'descr': '<f4', 'shape': (1,), }", "1234"),
       malformed("its header lacks descr, fortran_order or shape")},
      {npy("{'descr': '<f4', 'descr': '<f4', }", "1234"),
       malformed("its header has a key too many: \"descr\"")},
      {npy("{'order': 'C', }", ""), malformed("its header has a key too many: \"order\"")},
      {npy("{'descr': __import__('os'), }", ""),
       malformed("its header cannot be read at character 10, \"__import__('os'), } \"")},
      {npy("<f4", "(-1,)", ""),
       malformed("its header cannot be read at character 51, \"-1,), }             \"")},
      {npy("<f4", "(99999999999999999999,)", ""),
       malformed("its header cannot be read at character 51, \"99999999999999999999\"")},
      {npy("|O", "(1,)", "\x80\4N."), objects},
      {npy("<c8", "(1,)", "12345678"), other("<c8")},
      {npy("<U3", "(1,)", std::string(12, 'a')), other("<U3")},
      {npy("<f16", "(1,)", std::string(16, 'a')), other("<f16")},
      {npy("", "(1,)", ""), other("")},
      {npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234"), other("[...]")},
      {npy("<f4", "(2,)", "1234567"),
       "[npy] bytes: has 7 bytes of elements; its header, for shape (2,) of f4, asks for 8. Fetch or write "
       "it "
       "again. (E204)"},
      {npy("<f4", "(2,)", "123456789"),
       "[npy] bytes: has 9 bytes of elements; its header, for shape (2,) of f4, asks for 8. Fetch or write "
       "it "
       "again. (E204)"},
      {npy("<f4", "(288230376151711744,)", ""),
       "[npy] bytes: has 0 bytes of elements; its header, for shape (288230376151711744,) of f4, asks for "
       "1152921504606846976. Fetch or write it again. (E204)"},
      {npy("<f8", "(576460752303423488,)", ""),  // 2^62 bytes
       "[npy] bytes: has 0 bytes of elements; its header, for shape (576460752303423488,) of f8, asks for "
       "4611686018427387904. Fetch or write it again. (E204)"},
      {npy("<f4", "(4294967296, 4294967296)", ""),
       "[npy] bytes: has a shape beyond the limits: at most 8 axes and 2^59 elements. Reshape it. (E205)"},
      {npy("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "1234"),
       "[npy] bytes: has a shape beyond the limits: at most 8 axes and 2^59 elements. Reshape it. (E205)"},
      {npy("<u8", "(2,)", std::string(8, '\0') + std::string(8, '\xff')),
       "[read] bytes: element 1 of unsigned 64-bit numbers is 2^63 or more, which i64 cannot hold. Save it "
       "as "
       "another type. (E206)"},
  };
  for (const Refused& one : cases) EXPECT_EQ(message([&] { parse_npy(one.bytes); }), one.message);
}

TEST(Npy, NamesItsFile) {
  const TemporaryFolder folder;
  write_raw(folder / "x.npy", "no");
  const std::string said = message([&] { read_npy(folder / "x.npy"); });
  EXPECT_EQ(said.rfind("[npy] " + (folder / "x.npy").string() + ": is no .npy file", 0), 0u) << said;
}

}  // namespace
}  // namespace chainrule::io
