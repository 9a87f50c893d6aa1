#include "chainrule/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/ops.h"

namespace chainrule {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(),
                       kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kOdd = (std::int64_t{1} << 53) + 1;  // no double has it
const double kNan = std::numeric_limits<double>::quiet_NaN(),
             kInfinity = std::numeric_limits<double>::infinity();
const auto kUnsigned = std::numeric_limits<std::uint64_t>::max();

TEST(Number, KeepsAllDigits) {
  for (const std::int64_t value : {kOdd, -kOdd, kMost, kLeast, std::int64_t{0}}) {
    EXPECT_EQ(Number(value).whole(), value);
    EXPECT_EQ(tensor({value}, i64).to_vector<std::int64_t>()[0], value);
    EXPECT_EQ(scalar(value, i64).item<std::int64_t>(), value);
    EXPECT_EQ(full({3}, value, i64).data<std::int64_t>()[2], value);
    EXPECT_EQ(scalar(value, i64).to_string(), std::to_string(value));
    EXPECT_EQ((zeros({1}, i64) + value).item<std::int64_t>(), value) << "beside a tensor as well";
    EXPECT_EQ(equal(scalar(value, i64), value).item(), 1);
    EXPECT_EQ(equal(scalar(value - (value > 0), i64), value).item(), value > 0 ? 0 : 1);
  }
  EXPECT_TRUE(Number(kUnsigned).kind() == Number::Kind::real);
  EXPECT_EQ(scalar(kUnsigned, f64).item(), 0x1p64);
  EXPECT_EQ(scalar(kUnsigned, i64).item<std::int64_t>(), kMost);
}

// One rule: the nearest number that the dtype has, towards zero, 0 for NaN.
TEST(Number, GoesIntoEachDtypeByOneRule) {
  struct Row {
    double from;
    std::int64_t as_i64;
    int as_u8;
    float as_f32;
    bool as_bool;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const Row rows[] = {{0, 0, 0, 0, false},
                      {-0.0, 0, 0, -0.0f, false},
                      {0.9, 0, 0, 0.9f, true},
                      {-1.9, -1, 0, -1.9f, true},
                      {255.9, 255, 255, 255.9f, true},
                      {256, 256, 255, 256, true},
                      {-5, -5, 0, -5, true},
                      {0x1p63, kMost, 255, 0x1p63f, true},
                      {-0x1p63, kLeast, 0, -0x1p63f, true},
                      {1e300, kMost, 255, infinity, true},
                      {-1e300, kLeast, 0, -infinity, true},
                      {kInfinity, kMost, 255, infinity, true},
                      {-kInfinity, kLeast, 0, -infinity, true},
                      {kNan, 0, 0, std::numeric_limits<float>::quiet_NaN(), true}};
  for (const Row& row : rows) {
    const Tensor wide = scalar(row.from, f64);
    const auto check = [&]<class T>(T want, DType dtype) {
      for (const T got :
           std::initializer_list<T>{scalar(row.from, dtype).item<T>(), tensor({row.from}, dtype).item<T>(),
                                    cast(wide, dtype).item<T>(), wide.to_vector<T>()[0], wide.item<T>()}) {
        EXPECT_TRUE(got == want || (got != got && want != want))
            << row.from << " as " << dtype << ": " << got;
      }
    };
    check(row.as_i64, i64);
    check(static_cast<std::uint8_t>(row.as_u8), u8);
    check(row.as_f32, f32);
    check(row.as_bool, boolean);
  }
  for (const auto& [from, as_u8] : {std::pair{kLeast, 0}, {-1, 0}, {255, 255}, {256, 255}, {kMost, 255}}) {
    EXPECT_EQ(cast(scalar(from, i64), u8).item(), as_u8);
    EXPECT_EQ(scalar(from, u8).item(), as_u8);
    EXPECT_EQ(scalar(from, i64).item<std::uint8_t>(), as_u8);
  }
}

template <class T>
void expect_read_and_written(DType dtype) {
  const std::vector<T> values{T(1), T(0), T(1)};
  const Tensor x = from_data(values, {3});
  EXPECT_EQ(x.dtype(), dtype);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(tensor({1, 0, 1}, f64).to_vector<T>(), values);
}

TEST(Number, IsReadAndWrittenInEachCppType) {
  expect_read_and_written<float>(f32);
  expect_read_and_written<double>(f64);
  expect_read_and_written<bool>(boolean);
  expect_read_and_written<unsigned char>(u8);
#define CHAINRULE_WHOLE(T) expect_read_and_written<T>(i64);
  CHAINRULE_WHOLE(signed char)
  CHAINRULE_WHOLE(short)
  CHAINRULE_WHOLE(unsigned short)
  CHAINRULE_WHOLE(int)
  CHAINRULE_WHOLE(unsigned)
  CHAINRULE_WHOLE(long)
  CHAINRULE_WHOLE(unsigned long)
  CHAINRULE_WHOLE(long long)
  CHAINRULE_WHOLE(unsigned long long)
#undef CHAINRULE_WHOLE
}

}  // namespace
}  // namespace chainrule
