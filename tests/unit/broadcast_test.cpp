#include "kernels/broadcast.h"

#include <gtest/gtest.h>

#include <vector>

#include "chainrule/random.h"

namespace chainrule::kernels {
namespace {

/// Where element `at` of the output comes from, by the definition of broadcasting.
std::int64_t source(const Shape& input, const Shape& output, std::int64_t at) {
  std::int64_t offset = 0, stride = 1;
  for (int i = 1; i <= output.ndim(); ++i) {
    const std::int64_t place = at % output.back(i);
    at /= output.back(i);
    if (i > input.ndim()) continue;
    if (input.back(i) != 1) offset += place * stride;
    stride *= input.back(i);
  }
  return offset;
}

TEST(BroadcastRuns, CoverEveryElementOnce) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::int64_t> sizes(random.below(5));
    for (std::int64_t& size : sizes) size = static_cast<std::int64_t>(random.below(4));
    const Shape output{std::span<const std::int64_t>(sizes)};
    std::vector<Shape> inputs;
    for (int i = 0; i < 3; ++i) {
      std::vector<std::int64_t> own(
          sizes.begin() + static_cast<std::ptrdiff_t>(random.below(sizes.size() + 1)), sizes.end());
      for (std::int64_t& size : own) size = random.below(3) == 0 ? 1 : size;
      inputs.emplace_back(std::span<const std::int64_t>(own));
    }
    const Shape* shapes[] = {&inputs[0], &inputs[1], &inputs[2]};
    const BroadcastRuns runs(output, shapes);
    std::int64_t next = 0;
    const std::int64_t half = runs.count() / 2;
    for (const auto& [begin, end] : {std::pair{std::int64_t{0}, half}, std::pair{half, runs.count()}}) {
      runs.for_each(begin, end, [&](std::int64_t at, const BroadcastRuns::Offsets& from) {
        ASSERT_EQ(at, next);
        for (std::int64_t i = 0; i < runs.length(); ++i, ++next) {
          for (std::size_t j = 0; j < 3; ++j) {
            ASSERT_EQ(from[j] + i * runs.step(j), source(inputs[j], output, next))
                << "input " << j << " " << inputs[j] << " to " << output << " at " << next;
          }
        }
      });
    }
    ASSERT_EQ(next, output.numel());
  }
}

TEST(BroadcastRuns, AreAsLongAsTheyCanBe) {
  const Shape matrix{100, 50}, row{50}, scalar{};
  const Shape* same[] = {&matrix, &matrix};
  EXPECT_EQ(BroadcastRuns(matrix, same).count(), 1);
  const Shape* with_row[] = {&matrix, &row};
  EXPECT_EQ(BroadcastRuns(matrix, with_row).length(), 50);
  const Shape* with_scalar[] = {&scalar, &matrix};
  EXPECT_EQ(BroadcastRuns(matrix, with_scalar).count(), 1);
}

}  // namespace
}  // namespace chainrule::kernels
