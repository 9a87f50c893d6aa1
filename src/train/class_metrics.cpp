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

nn::Ports confusion_sums(std::string_view name, const Seen& of) {
  if (!is_yes_or_no(of))
    return confusion_of(classes_of(name, of), argmax(of.prediction, -1), of.prediction.size(-1));
  return confusion_of(cast(of.target > 0, i64), cast(of.prediction > 0, i64), 2);
}

/// Of one class, or of all together.
struct Counts {
  double right = 0, predicted = 0, there = 0;
};

std::vector<Counts> counts_of(const Tensor& confusion) {
  const std::vector<double> matrix = confusion.to_vector();
  const auto size = static_cast<std::size_t>(confusion.size(0));
  std::vector<Counts> counts(size);
  for (std::size_t i = 0; i < size; ++i) {
    counts[i].right = matrix[i * size + i];
    for (std::size_t j = 0; j < size; ++j) {
      counts[i].there += matrix[i * size + j];
      counts[j].predicted += matrix[i * size + j];
    }
  }
  return counts;
}

template <class F>
double averaged(std::string_view name, const Tensor& confusion, Average average, F number) {
  const std::vector<Counts> counts = counts_of(confusion);
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
  return averaged(kInfo.name, sums[0], average, [](const Counts& c) { return over(c.right, c.predicted); });
}

void Recall::fields(Fields& f) { average_field(f, average); }
nn::Ports Recall::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double Recall::finish(std::span<const Tensor> sums) const {
  return averaged(kInfo.name, sums[0], average, [](const Counts& c) { return over(c.right, c.there); });
}

void F1::fields(Fields& f) { average_field(f, average); }
nn::Ports F1::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double F1::finish(std::span<const Tensor> sums) const {
  return averaged(kInfo.name, sums[0], average,
                  [](const Counts& c) { return over(2 * c.right, c.predicted + c.there); });
}

nn::Ports CohenKappa::sums(const Seen& of) const { return confusion_sums(kInfo.name, of); }
double CohenKappa::finish(std::span<const Tensor> sums) const {
  double right = 0, all = 0, chance = 0;
  for (const Counts& c : counts_of(sums[0])) {
    right += c.right;
    all += c.there;
    chance += c.there * c.predicted;
  }
  const double p = right / all, q = chance / (all * all);
  return q == 1 ? std::numeric_limits<double>::quiet_NaN() : (p - q) / (1 - q);
}

}  // namespace chainrule::metric
