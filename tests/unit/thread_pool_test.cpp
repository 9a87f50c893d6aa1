#include "core/thread_pool.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "chainrule/error.h"

namespace chainrule {
namespace {

class ThreadPool : public ::testing::Test {
 protected:
  void TearDown() override { set_num_threads(threads_); }

 private:
  int threads_ = num_threads();
};

using Blocks = std::vector<std::pair<std::int64_t, std::int64_t>>;

Blocks split(std::int64_t count, std::int64_t grain) {
  std::mutex mutex;
  Blocks blocks;
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    blocks.emplace_back(begin, end);
  });
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

TEST_F(ThreadPool, BlocksCoverTheRangeOnceAndAreNotSmallerThanTheGrain) {
  for (int threads = 1; threads <= 4; ++threads) {
    set_num_threads(threads);
    ASSERT_EQ(num_threads(), threads);
    for (const std::int64_t count : {1, 2, 3, 7, 16, 17, 1000, 65537})
      for (const std::int64_t grain : {0, 1, 3, 16, 1000}) {
        const Blocks blocks = split(count, grain);
        std::int64_t next = 0;
        for (const auto& [begin, end] : blocks) {
          ASSERT_EQ(begin, next);
          ASSERT_GE(end - begin, std::min(count, std::max<std::int64_t>(grain, 1)));
          next = end;
        }
        ASSERT_EQ(next, count);
        if (threads == 1 || count < 2 * grain) {
          ASSERT_EQ(blocks.size(), 1U);
        } else if (count >= 16 && grain == 1) {
          ASSERT_GE(blocks.size(), static_cast<std::size_t>(threads));
        }
      }
  }
}

TEST_F(ThreadPool, AnEmptyRangeCallsNothing) {
  set_num_threads(2);
  for (const std::int64_t count : {0, -1}) EXPECT_TRUE(split(count, 1).empty());
}

TEST_F(ThreadPool, WorkersReallyTakePart) {
  set_num_threads(2);
  // Two blocks that wait for one another end only if two threads run them.
  std::atomic<int> inside{0};
  parallel_for(2, 1, [&](std::int64_t begin, std::int64_t end) {
    if (end - begin == 2) FAIL() << "not split";
    ++inside;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (inside < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_EQ(inside, 2);
  });
}

TEST_F(ThreadPool, ManySmallJobsInARow) {
  set_num_threads(4);
  std::vector<std::int64_t> data(64, 0);
  for (int round = 0; round < 3000; ++round)
    parallel_for(64, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) data[static_cast<std::size_t>(i)] += i;
    });
  for (std::int64_t i = 0; i < 64; ++i) ASSERT_EQ(data[static_cast<std::size_t>(i)], 3000 * i);
}

TEST_F(ThreadPool, InsideABodyTheRangeRunsOnTheSpot) {
  set_num_threads(3);
  std::atomic<int> sum{0};
  parallel_for(6, 1, [&](std::int64_t begin, std::int64_t end) {
    const auto self = std::this_thread::get_id();
    parallel_for(10 * (end - begin), 1, [&](std::int64_t from, std::int64_t to) {
      EXPECT_EQ(std::this_thread::get_id(), self);
      sum += static_cast<int>(to - from);
    });
  });
  EXPECT_EQ(sum, 60);
}

TEST_F(ThreadPool, TwoCallersAtOnceBothFinish) {
  set_num_threads(3);
  const auto caller = [](std::int64_t& total) {
    for (int round = 0; round < 500; ++round) {
      std::atomic<std::int64_t> sum{0};
      parallel_for(100, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) sum += i;
      });
      total += sum;
    }
  };
  std::int64_t first = 0, second = 0;
  std::thread other([&] { caller(second); });
  caller(first);
  other.join();
  EXPECT_EQ(first, 500 * 4950);
  EXPECT_EQ(second, 500 * 4950);
}

TEST_F(ThreadPool, AnExceptionReachesTheCallerAndThePoolGoesOn) {
  for (const int threads : {1, 2, 4}) {
    set_num_threads(threads);
    const auto fail_at = [](std::int64_t bad) {
      parallel_for(40, 1, [bad](std::int64_t begin, std::int64_t end) {
        if (begin <= bad && bad < end) throw std::runtime_error("block of 17");
      });
    };
    for (int round = 0; round < 20; ++round) {
      try {
        fail_at(17);
        FAIL() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "block of 17");
      }
      EXPECT_NO_THROW(fail_at(99));
    }
  }
}

TEST_F(ThreadPool, TheThreadCountCanChangeBetweenJobs) {
  for (int round = 0; round < 20; ++round) {
    set_num_threads(1 + round % 4);
    std::atomic<std::int64_t> sum{0};
    parallel_for(1000, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
    ASSERT_EQ(sum, 1000);
  }
}

TEST_F(ThreadPool, RefusesAThreadCountOutOfRange) {
  for (const int count : {0, -3, 1025}) {
    try {
      set_num_threads(count);
      FAIL() << count;
    } catch (const ValueError& error) {
      EXPECT_EQ(std::string(error.what()),
                "[set_num_threads] count is " + std::to_string(count) + ". Need 1 to 1024. (E002)");
      EXPECT_EQ(error.code(), 2);
    }
  }
}

TEST_F(ThreadPool, IdleWorkersUseNoCpu) {
  set_num_threads(4);
  split(1000, 1);
  const auto cpu_seconds = [] {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(cpu_seconds() - before, 0.05);  // three spinning workers would use up to 0.6 s
}

// Runs in a fresh process each, where the environment has not been read yet.
class ThreadCount : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  [[noreturn]] static void exit_with_count(const char* own, const char* omp) {
    setenv("CHAINRULE_NUM_THREADS", own, 1);
    setenv("OMP_NUM_THREADS", omp, 1);
    try {
      std::_Exit(num_threads());
    } catch (const ValueError& error) {
      std::fputs(error.what(), stderr);
      std::_Exit(0);
    }
  }
};

TEST_F(ThreadCount, OwnVariableThenOpenMPs) {
  EXPECT_EXIT(exit_with_count("5", "7"), ::testing::ExitedWithCode(5), "");
  EXPECT_EXIT(exit_with_count("", "7,2"), ::testing::ExitedWithCode(7), "");
  EXPECT_EXIT(exit_with_count("5", "many"), ::testing::ExitedWithCode(5), "");
}

TEST_F(ThreadCount, OfOursMustBeOne) {
  EXPECT_EXIT(
      exit_with_count("many", "7"), ::testing::ExitedWithCode(0),
      "^\\[environment\\] CHAINRULE_NUM_THREADS is \"many\". Need a number from 1 to 1024; or unset it. "
      "\\(E003\\)$");
}

TEST_F(ThreadCount, TheCallComesFirst) {
  EXPECT_EXIT((set_num_threads(9), exit_with_count("many", "7")), ::testing::ExitedWithCode(9), "");
  EXPECT_EXIT((set_num_threads(9), exit_with_count("5", "7")), ::testing::ExitedWithCode(9), "");
}

}  // namespace
}  // namespace chainrule
