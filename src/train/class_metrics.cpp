// Metrics of how classes are taken for each other.
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "train/metric_classes.h"

namespace chainrule::metric {

Tensor confusion_of(const Tensor& classes, const Tensor& taken, std::int64_t count) {
  const auto rows = [&](const Tensor& numbers) { return one_hot(reshape(numbers, {-1}), count, f64); };
  return matmul(transpose(rows(classes)), rows(taken));
}

namespace {

constexpr std::string_view kAverages[] = {"automatic", "binary", "macro", "micro"};

void average_field(Fields& f, Average& average) {
  f("average", average, kAverages,
    "of the classes: binary takes class 1 of two, which automatic does if it can");
}

/// The confusion, and how often each class is predicted: also of rows whose target is no class.
nn::Ports confusion_sums(std::string_view name, const Seen& of) {
  const bool is_binary = is_yes_or_no(of);
  const std::int64_t count = is_binary ? 2 : of.prediction.size(-1);
  const Tensor classes = is_binary ? cast(of.target > 0, i64) : classes_of(name, of);
  const Tensor taken = is_binary ? cast(of.prediction > 0, i64) : argmax(of.prediction, -1);
  return {confusion_of(classes, taken, count), sum(one_hot(reshape(taken, {-1}), count, f64), 0)};
}

/// Of one class, or of all together.
struct Counts {
  double right = 0, predicted = 0, there = 0;
};

std::vector<Counts> counts_of(std::span<const Tensor> sums) {
  const std::vector<double> matrix = sums[0].to_vector(), predicted = sums[1].to_vector();
  const std::size_t size = predicted.size();
  std::vector<Counts> counts(size);
  for (std::size_t i = 0; i < size; ++i) {
    counts[i].right = matrix[i * size + i], counts[i].predicted = predicted[i];
    for (std::size_t j = 0; j < size; ++j) counts[i].there += matrix[i * size + j];
  }
  return counts;
}

template <class F>
double averaged(std::string_view name, std::span<const Tensor> sums, Average average, F number) {
  const std::vector<Counts> counts = counts_of(sums);
  if (average == Average::automatic) average = counts.size() == 2 ? Average::binary : Average::macro;
  if (average == Average::binary) {
    if (counts.size() == 2) return number(counts[1]);
    throw ValueError(317, cat("[", name, "] binary is of two classes; the predictions have ", counts.size(),
                              ". Use macro or micro."));
  }
  Counts all;
  double sum = 0, classes = 0;
  for (const Counts& c : counts) {
    all = {all.right + c.right, all.predicted + c.predicted, all.there + c.there};
    if (c.predicted + c.there == 0) continue;
    sum += number(c);
    ++classes;
  }
  return average == Average::micro ? number(all) : sum / classes;
}

double over(double a, double b) { return b == 0 ? 0 : a / b; }

}  // namespace

void Precision::fields(Fields& f) { average_field(f, average); }
nn::Ports Precision::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double Precision::finish(std::span<const Tensor> sums) const {
  return averaged(kInfo.name, sums, average, [](const Counts& c) { return over(c.right, c.predicted); });
}

void Recall::fields(Fields& f) { average_field(f, average); }
nn::Ports Recall::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double Recall::finish(std::span<const Tensor> sums) const {
  return averaged(kInfo.name, sums, average, [](const Counts& c) { return over(c.right, c.there); });
}

void F1::fields(Fields& f) { average_field(f, average); }
nn::Ports F1::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double F1::finish(std::span<const Tensor> sums) const {
  return averaged(kInfo.name, sums, average,
                  [](const Counts& c) { return over(2 * c.right, c.predicted + c.there); });
}

nn::Ports CohenKappa::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double CohenKappa::finish(std::span<const Tensor> sums) const {
  double right = 0, all = 0, chance = 0;
  for (const Counts& c : counts_of(sums)) {
    right += c.right;
    all += c.predicted;
    chance += c.there * c.predicted;
  }
  const double p = right / all, q = chance / (all * all);
  return q == 1 ? std::numeric_limits<double>::quiet_NaN() : (p - q) / (1 - q);
}

}  // namespace chainrule::metric
