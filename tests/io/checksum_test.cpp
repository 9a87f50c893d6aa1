#include <gtest/gtest.h>

#include "chainrule/io.h"
#include "chainrule/ops.h"

namespace chainrule::io {
namespace {

TEST(Checksum, IsFnv1a) {
  // The test vectors of its authors: www.isthe.com/chongo/src/fnv/test_fnv.c, 64 bits, FNV-1a.
  EXPECT_EQ(Fnv1a().value(), 0xcbf29ce484222325u);
  EXPECT_EQ(Fnv1a().add("a").value(), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(Fnv1a().add("foo").add("bar").value(), 0x85944171f73967e8u);
  EXPECT_EQ(Fnv1a().add("foobar").hex(), "85944171f73967e8");
  // 1.0f is 00 00 80 3F.
  EXPECT_EQ(Fnv1a().add(tensor({1})).hex(), Fnv1a().add({"\0\0\x80\x3f", 4}).hex());
}

TEST(Checksum, TellsListsOfTensorsApart) {
  const NamedTensors base{{"w", tensor({1, 2})}, {"b", tensor({3})}};
  const std::uint64_t sum = checksum(base);
  EXPECT_EQ(sum,
            checksum({{"w", tensor({1, 2})}, {"b", tensor({1}) + tensor({2})}}));  // computed when asked for
  const NamedTensors others[] = {
      {},
      {{"b", tensor({3})}, {"w", tensor({1, 2})}},
      {{"w", tensor({1, 2})}, {"c", tensor({3})}},
      {{"w", tensor({1, 2}, {2, 1})}, {"b", tensor({3})}},
      {{"w", tensor({1, 2})}, {"b", tensor({4})}},
      {{"w", tensor({0, 0})}, {"b", tensor({0})}},
      {{"w", tensor({1, 2})}},
  };
  for (const NamedTensors& other : others) EXPECT_NE(checksum(other), sum);
  EXPECT_NE(checksum({{"w", zeros({1}, f64)}}), checksum({{"w", zeros({1}, i64)}}));  // the same bytes
}

}  // namespace
}  // namespace chainrule::io
