// Connectionist temporal classification against the sum over all paths.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/grad.h"
#include "chainrule/grad_check.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"

namespace chainrule {
namespace {

using Labels = std::vector<std::int64_t>;

/// What a path says: equal neighbours are one, then blanks are left out.
Labels said(const Labels& path, std::int64_t blank) {
  Labels all;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != blank && (i == 0 || path[i] != path[i - 1])) all.push_back(path[i]);
  }
  return all;
}

/// Minus the logarithm of the probability of all paths of so many frames that say the labels.
double by_all_paths(const std::vector<double>& log_probs, std::int64_t frames, std::int64_t classes,
                    const Labels& labels, std::int64_t blank) {
  double total = 0;
  std::int64_t paths = 1;
  for (std::int64_t i = 0; i < frames; ++i) paths *= classes;
  for (std::int64_t number = 0; number < paths; ++number) {
    Labels path;
    double sum = 0;
    for (std::int64_t i = 0, rest = number; i < frames; ++i, rest /= classes) {
      path.push_back(rest % classes);
      sum += log_probs[static_cast<std::size_t>(i * classes + path.back())];
    }
    if (said(path, blank) == labels) total += std::exp(sum);
  }
  return -std::log(total);
}

constexpr std::int64_t kFrames = 5, kClasses = 3;

struct Case {
  Labels labels;
  std::int64_t frames, blank;
};

TEST(Ctc, IsTheSumOverAllPaths) {
  for (const std::int64_t blank : {0, 2}) {
    const std::int64_t a = blank == 0 ? 1 : 0, b = 1 - blank == 1 ? 2 : 1;
    const Case cases[] = {{{a, b, a}, 5, blank}, {{a, a}, 5, blank}, {{b, a}, 4, blank},
                          {{b, b}, 3, blank},    {{a}, 2, blank},    {{}, 4, blank}};
    const auto rows = static_cast<std::int64_t>(std::size(cases));
    const Tensor x = detach(log_softmax(normal({rows, kFrames, kClasses}, {.seed = 3}, 0, 1, f64)));
    const std::vector<double> numbers = x.to_vector();
    Labels targets, lengths, frames;
    std::vector<double> expected;
    double mean = 0;
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      const Case& c = cases[i];
      Labels padded = c.labels;
      padded.resize(3, 77);  // no class: it must not matter
      targets.insert(targets.end(), padded.begin(), padded.end());
      lengths.push_back(static_cast<std::int64_t>(c.labels.size())), frames.push_back(c.frames);
      const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(i) * kFrames * kClasses;
      expected.push_back(
          by_all_paths({begin, begin + kFrames * kClasses}, c.frames, kClasses, c.labels, blank));
      mean += expected.back() / static_cast<double>(std::max<std::size_t>(1, c.labels.size())) /
              static_cast<double>(rows);
    }
    const Tensor t = from_data(targets, {rows, 3});
    CtcOptions options{.reduction = Reduction::none,
                       .input_lengths = from_data(frames, {rows}),
                       .target_lengths = from_data(lengths, {rows}),
                       .blank = blank};
    const std::vector<double> found = ctc(x, t, options).to_vector();
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
    options.reduction = Reduction::mean;
    EXPECT_NEAR(ctc(x, t, options).item(), mean, 1e-12);
    for (const int order : {1, 2}) {
      const auto report = grad_check([&](const Tensor& z) { return ctc(log_softmax(z), t, options); }, x,
                                     {.order = order, .step = 1e-4});
      EXPECT_TRUE(report.ok()) << report.message;
    }
  }
}

TEST(Ctc, IsInfiniteWhereFramesAreTooFew) {
  const Tensor x = log_softmax(zeros({2, 2, 3}, f64));  // "aa" takes three frames, "ab" two: one path of nine
  const std::vector<double> found =
      ctc(x, tensor({1, 1, 1, 2}, {2, 2}, i64), {.reduction = Reduction::none}).to_vector();
  EXPECT_EQ(found[0], INFINITY);
  EXPECT_NEAR(found[1], std::log(9), 1e-14);
}

TEST(Ctc, LabelsEndBeforeTheirPadding) {
  const Tensor x = detach(log_softmax(normal({4, 5, 3}, {.seed = 3}, 0, 1, f64)));
  const auto losses = [&](std::int64_t padding, const Tensor& lengths = {}) {
    const Labels labels{1, 2, padding, padding, padding, padding, 1, padding, padding, 2, 1, 2};
    return ctc(x, from_data(labels, {4, 3}), {.reduction = Reduction::none, .target_lengths = lengths})
        .to_vector();
  };
  const std::vector<double> expected = losses(77, tensor({2, 0, 1, 3}, i64));
  for (const std::int64_t padding : {-1, -100, 0}) EXPECT_EQ(losses(padding), expected) << padding;
}

TEST(Ctc, RowsCountAsMuchAsTheyWeigh) {
  const Tensor x = detach(log_softmax(normal({3, 5, 3}, {.seed = 3}, 0, 1, f64)));
  const Tensor t = tensor({1, 2, 1, -1, 2, 1}, {3, 2}, i64);
  const std::vector<double> all = ctc(x, t, {.reduction = Reduction::none}).to_vector();
  EXPECT_NEAR(ctc(x, t, {.sample_weights = tensor({1.0, 3.0, 0.0})}).item(), (all[0] / 2 + 3 * all[1]) / 4,
              1e-12);
}

TEST(Ctc, SaysWhatDoesNotFit) {
  const auto said_of = [](auto f) {
    const std::string text = message_of(f);
    return text.substr(0, text.find(" Called from"));
  };
  EXPECT_EQ(
      said_of([] {
        ctc(zeros({2, 5, 3}), zeros({3, 4}, i64));
      }),
      "[ctc] log-probabilities (2, 5, 3), targets (3, 4) i64. Need (N, T, C) and (N, L) i64, of one N, with "
      "frames.");
  EXPECT_EQ(said_of([] {
              ctc(zeros({2, 5, 3}), zeros({2, 4}, i64), {.input_lengths = zeros({3}, i64)});
            }),
            "[ctc] input_lengths (3,) i64 do not fit a batch of 2. Need (2,) i64.");
  EXPECT_EQ(
      said_of([] {
        ctc(zeros({2, 5, 3}), zeros({2, 4}, boolean), {});
      }),
      "[ctc] log-probabilities (2, 5, 3), targets (2, 4) bool. Need (N, T, C) and (N, L) i64, of one N, with "
      "frames.");
  for (const bool is_input : {true, false}) {
    const Tensor lengths = ones({2}, boolean);
    CtcOptions options;
    (is_input ? options.input_lengths : options.target_lengths) = lengths;
    EXPECT_EQ(said_of([&] {
                ctc(zeros({2, 5, 3}), ones({2, 4}, i64), options);
              }),
              std::string("[ctc] ") + (is_input ? "input" : "target") +
                  "_lengths (2,) bool do not fit a batch of 2. Need (2,) i64.");
  }
}

// Two rows of 5 frames and at most 2 labels of classes 0 to 2.
TEST(Ctc, LooksAtLabelsAndLengths) {
  const Tensor x = zeros({2, 5, 3});
  const auto expect = [&](const Tensor& targets, const CtcOptions& options, const std::string& what) {
    const std::string text = message_of([&] { ctc(x, targets, options); });
    EXPECT_EQ(text.substr(0, text.find(" Called from ctc_test.cpp:")), "[ctc] " + what);
    EXPECT_NE(text.find("(E154)"), std::string::npos) << text;
  };
  const Tensor t = tensor({1, 2, 2, 1}, {2, 2}, i64);
  const auto lengths = [](int a, int b) { return tensor({double(a), double(b)}, i64); };
  expect(t, {.input_lengths = lengths(5, 0)}, "input_lengths of row 1 is 0; it must be from 1 to 5.");
  expect(t, {.input_lengths = lengths(6, 1)}, "input_lengths of row 0 is 6; it must be from 1 to 5.");
  expect(t, {.input_lengths = lengths(-1, 1)}, "input_lengths of row 0 is -1; it must be from 1 to 5.");
  expect(t, {.target_lengths = lengths(2, 3)}, "target_lengths of row 1 is 3; it must be from 0 to 2.");
  expect(t, {.target_lengths = lengths(-1, 2)}, "target_lengths of row 0 is -1; it must be from 0 to 2.");
  expect(t, {.blank = 3}, "blank is 3; it must be a class from 0 to 2.");
  expect(t, {.blank = -1}, "blank is -1; it must be a class from 0 to 2.");
  const std::string rest = "; it must be a class from 0 to 2 other than the blank 0.";
  expect(tensor({1, 2, -1, 1}, {2, 2}, i64), {}, "label 0 of row 1 is -1" + rest);
  expect(tensor({1, 3, 2, 1}, {2, 2}, i64), {}, "label 1 of row 0 is 3" + rest);
  expect(tensor({1, 2, 0, 1}, {2, 2}, i64), {}, "label 0 of row 1 is 0, the blank" + rest);
  // What is behind the lengths does not matter; bytes are whole numbers as well.
  const Tensor some = tensor({1, -7, 2, 1}, {2, 2}, i64);
  EXPECT_EQ(ctc(x, some, {.target_lengths = lengths(1, 2)}).item(),
            ctc(x, cast(t, u8), {.target_lengths = tensor({1, 2}, u8)}).item());
}

// Three labels in two frames cannot be: the loss of that row is infinite, and counts nothing with weight 0.
TEST(Ctc, LeavesOutImpossibleRowsOfNoWeight) {
  const Tensor x = zeros({2, 2, 4}), t = tensor({1, 2, 3, 1, -1, -1}, {2, 3}, i64);
  const auto loss = [&](const Tensor& at) {
    return ctc(at, t, {.sample_weights = tensor({0, 1}), .target_lengths = tensor({3, 1}, i64)});
  };
  EXPECT_TRUE(std::isfinite(loss(x).item()));
  for (const double each : grad(loss(x), x).to_vector()) EXPECT_TRUE(std::isfinite(each));
}

}  // namespace
}  // namespace chainrule
