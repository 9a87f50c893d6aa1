#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "data/digit_canvas.h"
#include "data/digit_hand.h"

namespace chainrule::data {
namespace {

constexpr std::uint64_t kBlocksPerImage = 1024;  // of four random words each; far more than an image draws
constexpr std::int64_t kGrain = 256;             // images a thread takes at least

ImageSet make_split(std::uint64_t seed, std::uint64_t split, std::int64_t count) {
  ImageSet set;
  set.count = count;
  set.height = set.width = kDigitSize;
  set.pixels.resize(static_cast<std::size_t>(count * set.image_size()));
  set.labels.resize(static_cast<std::size_t>(count));
  const Philox philox(seed, streams::kDigits);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    WrittenDigit written;
    for (std::int64_t image = begin; image < end; ++image) {
      Random random(philox, split, static_cast<std::uint64_t>(image) * kBlocksPerImage);
      const int digit = static_cast<int>(image % 10);
      write_digit(digit, random, written);
      draw_digit(written, set.pixels.data() + image * set.image_size());
      set.labels[static_cast<std::size_t>(image)] = static_cast<std::uint8_t>(digit);
    }
  });
  return set;
}

}  // namespace

Dataset make_digits(std::uint64_t seed, std::int64_t train_count, std::int64_t test_count) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (train_count < 0 || test_count < 0 || train_count >= kMost || test_count >= kMost) {
    throw ValueError(75, cat("[digits] ", train_count, " training and ", test_count,
                             " test images; each must be 0 to 2147483647."));
  }
  Dataset set;
  set.name = "digits";
  set.train = make_split(seed, 0, train_count);
  set.test = make_split(seed, 1, test_count);
  for (int digit = 0; digit < 10; ++digit) set.class_names.push_back(std::to_string(digit));
  set.train.class_names = set.test.class_names = set.class_names;
  return set;
}

}  // namespace chainrule::data
