#include <cstring>
#include <limits>

#include "io/files.h"

namespace chainrule::io {
namespace {

/// A file with this header, and as many bytes of data, which count from 0.
std::string safetensors(const std::string& json, std::size_t data_bytes) {
  std::string bytes(8, '\0');
  const std::uint64_t length = json.size();
  std::memcpy(bytes.data(), &length, 8);
  bytes += json;
  for (std::size_t i = 0; i < data_bytes; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Safetensors, WritesTheFormatByteByByte) {
  const NamedTensors tensors{
      {"b", tensor({1, 0}, boolean)}, {"w", tensor({1, -2}, {1, 2})}, {"a", scalar(3, i64)}};
  // Largest elements first; 8-byte header length, padded with spaces to a multiple of 8.
  std::string json =
      "{\"__metadata__\":{\"format\":\"pt\",\"a\\\"\":\"\xc3\xa4\\n\"},"
      "\"a\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
      "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
      "\"b\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[16,18]}}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(safetensors_bytes(tensors, {{"format", "pt"}, {"a\"", "ä\n"}}),
            safetensors(json, 0) + std::string("\3\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\xc0\1\0", 18));
  EXPECT_EQ(safetensors_bytes({}), safetensors("{}      ", 0));
}

TEST(Safetensors, OrdersAsItsOwnLibrary) {
  // By dtype, in the order BOOL U8 F16 BF16 I32 F32 F64 I64 from the last, then by name.
  NamedTensors tensors;
  for (const char* name : {"b", "a"}) {
    for (const DTypeInfo& info : kDTypes) {
      tensors.add(std::string(name) + "." + std::string(info.name), zeros({2}, info.dtype));
    }
  }
  EXPECT_EQ(
      parse_safetensors(safetensors_bytes(tensors)).tensors.names(),
      (std::vector<std::string>{"a.i64", "b.i64", "a.f64", "b.f64", "a.f32", "b.f32", "a.i32", "b.i32",
                                "a.bf16", "b.bf16", "a.f16", "b.f16", "a.u8", "b.u8", "a.bool", "b.bool"}));
}

TEST(Safetensors, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const Metadata metadata{{"step", "1000"}, {"config", "{\"lr\": 0.1}"}, {"", ""}};
  NamedTensors all = samples();
  all.add("matrix.bf16", tensor({0, 1, 2, 3, 250, 7}, {2, 3}, bf16));
  write_safetensors(folder / "x.safetensors", all, metadata);
  EXPECT_EQ(read_raw(folder / "x.safetensors"), safetensors_bytes(all, metadata));
  const TensorFile read = read_safetensors(folder / "x.safetensors");
  EXPECT_EQ(read.metadata, metadata);
  EXPECT_EQ(read.tensors.size(), all.size());
  for (const auto& [name, sample] : all) expect_same(read.tensors[name], sample);
}

TEST(Safetensors, ReadsOneTensorOfAFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_safetensors(path, samples(), {{"step", "7"}}, {.f32_as_f16 = true});
  const Safetensors file(path);
  std::filesystem::remove(path);  // it stays open
  EXPECT_EQ(file.metadata(), (Metadata{{"step", "7"}}));
  EXPECT_EQ(file.entries().size(), samples().size());
  bool found = false;
  for (const Safetensors::Entry& entry : file.entries()) {
    if (entry.name != "matrix.f32") continue;
    found = true;
    EXPECT_EQ(entry.stored, "F16");
    EXPECT_EQ(entry.dtype, f16);
    EXPECT_EQ(entry.shape, (Shape{2, 3}));
    EXPECT_EQ(entry.end - entry.begin, 12u);
  }
  EXPECT_TRUE(found);
  expect_same(file.tensor("matrix.f32"), tensor({0, 1, 2, 3, 250, 7}, {2, 3}, f16));
  expect_same(file.tensor("matrix.i64"), samples()["matrix.i64"]);
  EXPECT_EQ(message([&] {
              file.tensor("matrix.f33");
            }).rfind("[tensors] no tensor \"matrix.f33\". Did you mean", 0),
            0u);
}

TEST(Safetensors, ConvertsOtherTypes) {
  const auto one = [](const std::string& dtype, int bytes) {
    return parse_safetensors(safetensors("{\"x\":{\"dtype\":\"" + dtype +
                                             "\",\"shape\":[2],\"data_offsets\":[0," + std::to_string(bytes) +
                                             "]}}",
                                         static_cast<std::size_t>(bytes)))
        .tensors["x"];
  };
  expect_same(one("BOOL", 2), tensor({0, 1}, boolean));
  expect_same(one("U8", 2), tensor({0, 1}, u8));
  expect_same(one("I8", 2), tensor({0, 1}, i64));
  for (const char* dtype : {"I16", "U16"}) expect_same(one(dtype, 4), tensor({0x0100, 0x0302}, i64));
  expect_same(one("I32", 8), tensor({0x03020100, 0x07060504}, i32));
  expect_same(one("U32", 8), tensor({0x03020100, 0x07060504}, i64));
  // f16 0x0100 is 2^-16, 0x0302 is 770 * 2^-24; bf16 are the upper halves of 0x01000000 and 0x03020000.
  expect_same(one("F16", 4), tensor({0x1p-16, 770 * 0x1p-24}, f16));
  expect_same(one("BF16", 4), tensor({0x1p-125, 0x1.04p-121}, bf16));
  EXPECT_EQ(one("F64", 16).dtype(), f64);
  EXPECT_EQ(one("U64", 16).dtype(), i64);
}

TEST(Safetensors, StoresHalves) {
  const NamedTensors tensors{{"w", tensor({1, 65504, 1e-9})}, {"i", tensor({1}, i64)}};
  const NamedTensors read = parse_safetensors(safetensors_bytes(tensors, {}, {.f32_as_f16 = true})).tensors;
  expect_same(read["w"], tensor({1, 65504, 0}, f16));
  expect_same(read["i"], tensor({1}, i64));
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(message([&] {
              safetensors_bytes({{"w", tensor({inf})}}, {}, {.f32_as_f16 = true});
            }),
            "no error");
  EXPECT_EQ(message([&] {
              safetensors_bytes({{"w", tensor({0, -65520})}}, {}, {.f32_as_f16 = true});
            }),
            "[safetensors] element 1 of \"w\" is -65520; f16 ends at 65504. Store f32. (E206)");
}

TEST(Safetensors, ReadsWhatOthersMayWrite) {
  // Spaces behind, keys in another order, white space, escapes, an empty tensor between others.
  const TensorFile file = parse_safetensors(
      safetensors("{ \"\\u00e4\": {\"shape\": [1], \"data_offsets\": [2, 3], \"dtype\": \"U8\"},\n"
                  "\"e\":{\"dtype\":\"F32\",\"shape\":[4,0],\"data_offsets\":[2,2]},"
                  "\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}   ",
                  3));
  expect_same(file.tensors["ä"], tensor({2}, u8));
  expect_same(file.tensors["e"], zeros({4, 0}));
  expect_same(file.tensors["x"], tensor({0, 1}, u8));
  EXPECT_EQ(file.tensors.names()[0], "ä");
}

/// A tensor of U8 in JSON.
std::string part(const std::string& name, int size, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(size) + "],\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

struct Refused {
  std::string json;
  std::size_t data_bytes;
  std::string reason;
};

TEST(Safetensors, ChecksEveryRule) {
  const std::string again = ". Fetch or write it again. (E202)",
                    again_size = ". Fetch or write it again. (E204)";
  const std::string twice = " is there twice. Give each tensor a name of its own. (E207)";
  const std::string limits = "has a shape beyond the limits: at most 8 axes and 2^59 elements. (E205)";
  const auto odd = [&](const std::string& where) {
    return "its header has something unexpected at " + where + again;
  };
  const auto with = [](const std::string& shape, const std::string& dtype = "U8",
                       const std::string& more = "") {
    return "{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[0,4]" + more + "}}";
  };
  const Refused cases[] = {
      {"", 0, "its header is not one JSON object" + again},
      {" {}", 0, "its header is not one JSON object" + again},
      {"{}\n", 0, "its header is not one JSON object" + again},
      {"[]", 0, "its header is not one JSON object" + again},
      {"{}{}", 0, "its header is no JSON at byte 11" + again},
      {"{\"\xff\":1}", 0, "its header is no JSON at byte 11" + again},
      {"{\"a\" 1}", 0, "its header is no JSON at byte 14" + again},
      {"{" + part("a", 2, 0, 2) + "," + part("b", 2, 3, 5) + "}", 5,
       "tensor \"b\" begins at byte 3 of the data, the one before it ends at 2" + again_size},
      {"{" + part("a", 2, 0, 2) + "," + part("b", 2, 1, 3) + "}", 3,
       "tensor \"b\" begins at byte 1 of the data, the one before it ends at 2" + again_size},
      {"{" + part("a", 2, 1, 3) + "}", 3,
       "tensor \"a\" begins at byte 1 of the data, the one before it ends at 0" + again_size},
      {"{" + part("a", 2, 0, 2) + "}", 3, "its tensors have 2 bytes, the file has 3 for them" + again_size},
      {"{" + part("a", 2, 0, 2) + "}", 1, "its tensors have 2 bytes, the file has 1 for them" + again_size},
      {"{}", 1, "its tensors have 0 bytes, the file has 1 for them" + again_size},
      {"{" + part("a", 3, 0, 2) + "}", 2,
       "tensor \"a\" lies from byte 0 to 2 of the data, but (3,) of U8 has 3 bytes" + again_size},
      {"{" + part("a", 2, 2, 0) + "}", 2,
       "tensor \"a\" lies from byte 2 to 0 of the data, but (2,) of U8 has 2 bytes" + again_size},
      {with("[576460752303423488]", "F64"), 4,  // 2^62 bytes
       "tensor \"x\" lies from byte 0 to 4 of the data, but (576460752303423488,) of F64 has "
       "4611686018427387904 bytes" +
           again_size},
      {"{" + part("a", 1, 0, 1) + "," + part("a", 1, 1, 2) + "}", 2, "the name \"a\"" + twice},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "the name \"k\"" + twice},
      {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "the name \"__metadata__\"" + twice},
      {with("[4]", "U8", ",\"dtype\":\"U8\""), 4, "the name \"dtype\"" + twice},
      {"{\"__metadata__\":{\"k\":1}}", 0, odd("\"k\"")},
      {"{\"__metadata__\":{\"k\":{}}}", 0, odd("\"k\"")},
      {"{\"__metadata__\":\"text\"}", 0, odd("\"__metadata__\"")},
      {"{\"x\":1}", 0, odd("\"x\"")},
      {"{\"x\":null}", 0, odd("\"x\"")},
      {"{\"x\":[]}", 0, odd("\"x\"")},
      {"{\"x\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1,
       "tensor \"x\" lacks dtype, shape or data_offsets" + again},
      {with("[4]", "U8", ",\"more\":1"), 4, odd("\"more\" of tensor \"x\"")},
      {with("[4.0]"), 4, odd("\"shape\" of tensor \"x\"")},
      {with("[-4]"), 4, odd("\"shape\" of tensor \"x\"")},
      {with("[[4]]"), 4, odd("\"shape\" of tensor \"x\"")},
      {with("[{}]"), 4, odd("\"shape\" of tensor \"x\"")},
      {with("[true]"), 4, odd("\"shape\" of tensor \"x\"")},
      {with("4"), 4, odd("\"shape\" of tensor \"x\"")},
      {"{\"x\":{\"dtype\":[1]}}", 0, odd("\"dtype\" of tensor \"x\"")},
      {"{\"x\":{\"data_offsets\":[1]}}", 0, odd("\"data_offsets\" of tensor \"x\"")},
      {"{\"x\":{\"data_offsets\":[1,2,3]}}", 0, odd("\"data_offsets\" of tensor \"x\"")},
      {with("[1,1,1,1,1,1,1,1,4]"), 4, "tensor \"x\" " + limits},
      {with("[4294967296,4294967296]"), 4, "tensor \"x\" " + limits},
      {with("[18446744073709551615]"), 4, "tensor \"x\" " + limits},
      {with("[4]", "F8_E4M3"), 4,
       "tensor \"x\" has dtype \"F8_E4M3\". Can be read: BOOL, U8 to U64, I8 to I64, F16, BF16, F32, F64. "
       "Convert it. (E203)"},
  };
  for (const Refused& one : cases) {
    EXPECT_EQ(message([&] { parse_safetensors(safetensors(one.json, one.data_bytes)); }),
              "[safetensors] bytes: " + one.reason)
        << one.json;
  }
}

TEST(Safetensors, ChecksTheLengthOfItsHeader) {
  EXPECT_EQ(message([] { parse_safetensors("1234567"); }),
            "[safetensors] bytes: is no .safetensors file: too short. Fetch or write it again. (E202)");
  EXPECT_EQ(message([] { parse_safetensors(std::string("\x03\0\0\0\0\0\0\0{}", 10)); }),
            "[safetensors] bytes: its header should have 3 bytes, the file has 10. Fetch or write it again. "
            "(E202)");
  EXPECT_EQ(
      message([] { parse_safetensors(std::string(8, '\xff') + "{}"); }),
      "[safetensors] bytes: is no .safetensors file: it does not begin with a length of at most 100000000. "
      "Fetch or write it again. (E202)");
}

TEST(Safetensors, SaysWhatCannotBeWritten) {
  const std::string bad = "a\xff";
  const Tensor x = scalar(1);
  EXPECT_NE(message([&] { safetensors_bytes({{"x", {}}}); }).find("(E010)"), std::string::npos);
  EXPECT_EQ(message([&] {
              safetensors_bytes({{bad, x}});
            }),
            "[safetensors] the name \"a\\xff\" is not UTF-8. Encode it as UTF-8. (E211)");
  EXPECT_EQ(message([&] {
              safetensors_bytes({{"__metadata__", x}});
            }),
            "[safetensors] the name \"__metadata__\" is the format's own. Rename the tensor. (E211)");
  EXPECT_EQ(message([&] {
              safetensors_bytes({}, {{"k", bad}});
            }),
            "[safetensors] the metadata \"k\", \"a\\xff\" is not UTF-8. Encode it as UTF-8. (E211)");
  EXPECT_EQ(message([&] {
              safetensors_bytes({}, {{bad, ""}});
            }),
            "[safetensors] the metadata key \"a\\xff\" is not UTF-8. Encode it as UTF-8. (E211)");
  EXPECT_EQ(message([&] {
              safetensors_bytes({}, {{"k", "1"}, {"k", "2"}});
            }),
            "[safetensors] the metadata key \"k\" is there twice. Give each a name of its own. (E211)");
}

}  // namespace
}  // namespace chainrule::io
