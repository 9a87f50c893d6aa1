// What `chainrule data fetch` is made of: checksums and archives.
#include "../../cli/unpack.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "../../cli/digest.h"
#include "chainrule/error.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

TEST(Digests, OfPublishedTexts) {
  // RFC 1321, A.5.
  EXPECT_EQ(Md5().hex(), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5().add("abc").hex(), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Md5()
                .add("1234567890123456789012345678901234567890123456789012345678901234567890123456789")
                .add("0")
                .hex(),
            "57edf4a22be3c955ac49da2e2107b67a");
  // FIPS 180-2, B.1 to B.3.
  EXPECT_EQ(Sha256().add("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256().add("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256().add(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

class Archive : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, size] :
         {std::pair("one.bin", 1000), std::pair("two.bin", 512), std::pair("three.txt", 10)}) {
      std::ofstream(folder_ / name) << std::string(static_cast<std::size_t>(size), name[0]);
    }
    const std::string line =
        "cd '" + folder_.string() + "' && mkdir in && mv *.bin *.txt in && tar czf a.tar.gz in";
    if (std::system(line.c_str()) != 0) GTEST_SKIP() << "tar does not run here";
  }
  std::string archive() const { return (folder_ / "a.tar.gz").string(); }
  TemporaryFolder folder_, out_;
};

TEST_F(Archive, GivesTheFilesThatEndSo) {
  unpack_tar(archive(), out_.string(), ".bin");
  EXPECT_EQ(read_file(out_ / "one.bin"), std::string(1000, 'o'));
  EXPECT_EQ(read_file(out_ / "two.bin"), std::string(512, 't'));
  EXPECT_FALSE(std::filesystem::exists(out_ / "three.txt"));
}

TEST_F(Archive, SaysWhereItIsCut) {
  const std::string bytes = read_file(archive());
  std::ofstream(archive(), std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  try {
    unpack_tar(archive(), out_.string(), ".bin");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(std::string(error.what()).find("[fetch] " + archive() + ": "), 0u) << error.what();
    EXPECT_NE(std::string(error.what()).find(". Remove it, and fetch it again. (E391)"), std::string::npos);
  }
  std::ofstream(archive(), std::ios::binary) << std::string(600, 'x');
  try {
    unpack_tar(archive(), out_.string(), ".bin");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(error.what(),
              "[fetch] " + archive() + ": is no tar archive. Remove it, and fetch it again. (E391)");
  }
}

}  // namespace
}  // namespace chainrule::cli
