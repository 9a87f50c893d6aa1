// A computation that somebody ends in between: nothing has a value then, and it can be done again.
#include "core/interruption.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "chainrule/threads.h"
#include "core/thread_pool.h"
#include "graph/node.h"
#include "plan/renew.h"

namespace chainrule {
namespace {

thread_local int asks_left = 0;
struct Ended {};
void ask() {
  if (asks_left-- <= 0) throw Ended{};
}

TEST(Interruption, EndsAtAnyPlaceAndLeavesTheGraphWhole) {
  const Tensor a = uniform({300, 300}, RandomKey{1});
  evaluate({a});
  const auto make = [&] { return sum(exp(matmul(matmul(a, a), a) / 1e4)); };
  const double wanted = make().item();
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    for (int asks = 0;; ++asks) {
      const Tensor y = make();
      try {
        const InterruptionScope scope(ask);
        asks_left = asks;
        evaluate({y});
      } catch (const Ended&) {
        EXPECT_FALSE(y.node()->has_value());
        EXPECT_EQ(y.item(), wanted);
        continue;
      }
      EXPECT_EQ(y.item(), wanted);
      EXPECT_GT(asks, 3);  // between instructions, and within them
      break;
    }
  }
  set_num_threads(2);
}

TEST(Interruption, DoesNotEndWhatWritesOverWhatIsThere) {
  Tensor w = ones({1000, 100});
  const auto step = [&] {
    std::vector<Tensor> next{w * 0.5 + 1.0};
    const std::vector<const Tensor*> current{&w};
    renew(current, next, History::end);
    w = next[0];
  };
  step(), step();
  const void* memory = w.node()->value.data();
  asks_left = 1;  // before it begins, and not again
  const InterruptionScope scope(ask);
  step();
  EXPECT_EQ(w.node()->value.data(), memory);  // in place
  EXPECT_EQ(w.data<float>()[0], 1.875F);
}

TEST(Interruption, IsNotAskedWhileAnExceptionIsOnItsWay) {
  static int asked = 0;
  const InterruptionScope scope([] { ++asked; });
  struct Late {
    ~Late() { ask_interruption(); }
  };
  try {
    const Late late;
    throw Ended{};
  } catch (const Ended&) {
  }
  EXPECT_EQ(asked, 0);
  ask_interruption();
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace chainrule
