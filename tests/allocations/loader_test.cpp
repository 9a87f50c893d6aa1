// A loader's batches lie in memory that was used before.
#include <gtest/gtest.h>

#include "allocations/counted_new.h"
#include "chainrule/data.h"
#include "core/sanitizer.h"

namespace chainrule::data {
namespace {

TEST(LoaderAllocations, ABatchAllocatesNothing) {
  if (!kReusesMemory) GTEST_SKIP() << "under a sanitizer all memory is fresh";
  ImageSet set;
  set.count = 500, set.height = set.width = 28;
  set.pixels.assign(500 * 784, 7), set.labels.assign(500, 1);
  const auto scaler = standardize(set);
  const Source chosen = subset(set, 100, 500);
  const Transforms augmented{Shift(2), Flip()};
  const Loader::Options plain{.seed = 1},
      drawn{.order = Batches::Order::with_replacement, .transforms = augmented};
  for (const Source& source :
       {images(set), images(set, {.flat = true}), chosen, scaler(set), scaler(chosen)}) {
    for (const Loader::Options& options : {plain, drawn}) {
      if (source.columns()[0].shape.ndim() < 2 && !options.transforms.list.empty()) continue;
      Loader loader(source, options);
      for (std::int64_t step = 0; step < 20; ++step) loader.at(step);
      const std::int64_t before = allocations;
      for (std::int64_t step = 20; step < 60; ++step) {
        const auto [x, t] = loader.at(step);
        EXPECT_GT(x.numel(), t.numel());
      }
      EXPECT_EQ(allocations - before, 0) << source;
    }
  }
}

}  // namespace
}  // namespace chainrule::data
