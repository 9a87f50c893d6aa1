#include "symptoms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>

#include "chainrule/error.h"
#include "chainrule/explain/net.h"
#include "output.h"

namespace chainrule::cli {
namespace {

constexpr double kGrowth = 10;             // times the first loss
constexpr double kGrowthAtOnce = 1000;     // times: no batch is so odd
constexpr double kSmall = 1;               // a loss below it is not called large
constexpr int kStepsOfGrowth = 3;          // in a row: one batch may be odd
constexpr std::int64_t kAveraged = 10;     // steps, to the first loss
constexpr std::int64_t kFirstSteps = 100;  // in which nothing need have been learnt
constexpr double kHardlyFallen = 0.95;     // of the first loss
constexpr std::int64_t kLookedAt = 100;    // rows, for dead units
constexpr const char* kMetrics[] = {"test", "validation", "train"};

/// Of the most frequent class, what always naming it comes to: its share, and the entropy of all shares.
struct Chance {
  double share = 0, entropy = 0;
};
Chance chance_of(const data::Source& rows) {
  std::map<std::int64_t, double> counts;
  for (const std::int64_t each : rows.targets().to_vector<std::int64_t>()) counts[each] += 1;
  Chance chance;
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0,
                                     [](double sum, const auto& count) { return sum + count.second; });
  for (const auto& [value, count] : counts) {
    chance.share = std::max(chance.share, count / all);
    chance.entropy -= count / all * std::log(count / all);
  }
  return chance;
}

class Symptoms final : public train::Handler {
 public:
  Symptoms(const Training& training, Progress& progress) : training_(training), progress_(progress) {}

  void call(train::Trainer& trainer) override {
    const double loss = trainer.state().loss;
    if (first_steps_ < std::min(kAveraged, trainer.steps_per_epoch())) {
      first_loss_ += (loss - first_loss_) / static_cast<double>(++first_steps_);
    }
    if (std::isnan(started_at_)) started_at_ = loss;
    const double times = loss > kSmall ? loss / std::abs(started_at_) : 0;
    grown_ = times > kGrowth ? grown_ + 1 : 0;
    if ((grown_ >= kStepsOfGrowth || times > kGrowthAtOnce) && !has_grown_) tell_of_growth(trainer);
  }
  void reported(train::Trainer& trainer, const train::Report& report) override {
    if (first_report_.step == 0) first_report_ = report;
    if (is_examined_ || report.step < std::max(kFirstSteps, trainer.steps_per_epoch())) return;
    is_examined_ = true;
    if (!examine_units(trainer)) examine_measures(report);
  }

 private:
  void tell(const std::string& text) {
    progress_.clear();
    warn(text);
  }

  void tell_of_growth(train::Trainer& trainer) {
    has_grown_ = true;
    tell(fmt::format(
        "the loss grows: {:.3g} at step {}, {:.3g} at first. The learning rate, {:.3g}, is too "
        "large, as a rule: try --lr {:.3g}, or limit the gradients: --set optimizer.clip_norm=1.",
        trainer.state().loss, trainer.steps_done(), started_at_, rate(trainer), rate(trainer) / 10));
  }

  double rate(train::Trainer& trainer) const {
    return trainer.optimizer().lr(std::max<std::int64_t>(0, trainer.optimizer().steps() - 1));
  }

  /// At chance, and the loss as it was.
  void examine_measures(const train::Report& report) {
    if (has_grown_ || training_.data().is_text) return;
    const bool is_as_before = report.loss >= kHardlyFallen * first_loss_;
    for (const char* part : kMetrics) {
      const double* accuracy = report.find(std::string(part) + ".accuracy");
      const double* r2 = report.find(std::string(part) + ".r2");
      if (accuracy != nullptr && training_.data().has_classes) {
        const Chance chance = chance_of(training_.data().train);
        const bool is_low = is_as_before || report.loss >= 0.99 * chance.entropy;
        // By luck a net that has learnt nothing may be some better, but hardly by so much.
        if (!is_low || *accuracy >= std::min(2 * chance.share, (1 + chance.share) / 2)) return;
        return tell_of_chance(report, report.loss / first_loss_ - 1,
                              fmt::format("{}.accuracy is {:.4f} after {} steps, about chance: always naming "
                                          "the most frequent class has {:.4f}",
                                          part, *accuracy, report.step, chance.share));
      }
      if (r2 != nullptr) {
        // Where there is an earlier report: 1 - r2 is the same rows' error, where losses are of other
        // batches.
        const double* before = first_report_.find(std::string(part) + ".r2");
        const bool has_before = before != nullptr && first_report_.step < report.step;
        const double change = has_before ? (1 - *r2) / (1 - *before) - 1 : report.loss / first_loss_ - 1;
        if (*r2 > 0.01 || 1 + change < kHardlyFallen) return;
        return tell_of_chance(report, change,
                              fmt::format("{}.r2 is {:.4f} after {} steps, no better than always the mean",
                                          part, *r2, report.step));
      }
    }
  }

  /// @param change  of the loss, as a part of what it was.
  void tell_of_chance(const train::Report& report, double change, const std::string& what) {
    const std::string cause =
        std::abs(change) < 0.02
            ? fmt::format("The loss has not moved: the learning rate, {:.3g}, is likely too small", report.lr)
            : fmt::format(
                  "The loss went from {:.3g} to {:.3g}: the learning rate, {:.3g}, is likely too large, or "
                  "inputs and targets do not belong together",
                  first_loss_, report.loss, report.lr);
    tell(fmt::format("{}. {}. Try what chainrule lr-find says.", what, cause));
  }

  /// One pass forward and back over some rows; whether it told of something.
  bool examine_units(train::Trainer& trainer) {
    const data::Source& rows = training_.data().train;
    // Of few rows many units are dead by chance; of many more than a batch the memory may not be there.
    const data::Batch batch =
        rows.range(0, std::min({kLookedAt, 4 * training_.experiment().train.batch_size, rows.rows()}));
    explain::NetTrace net;
    try {
      net = explain::explain_net(training_.net(),
                                 [&](nn::Pass& pass) { return trainer.task().outcome(batch, pass).loss; });
    } catch (const Error&) {
      return false;  // of a net that cannot be looked into nothing is known
    }
    std::string dead;
    for (const explain::LayerTrace& layer : net.layers) {
      if (!layer.is_activation || layer.units == 0 || 2 * layer.dead < layer.units) continue;
      dead += fmt::format("{}{} of {} units of {}", dead.empty() ? "" : ", ", layer.dead, layer.units,
                          layer.path);
    }
    if (dead.empty()) return false;
    tell(fmt::format(
        "after {} steps these are dead, of no row of a batch does a gradient come back through them: "
        "{}. A learning rate that is too large, or first values far from 0, does that. Try a "
        "smaller --lr than {:.3g}, or leaky_relu for relu.",
        trainer.steps_done(), dead, rate(trainer)));
    return true;
  }

  const Training& training_;
  Progress& progress_;
  double started_at_ = std::nan("");  // the first batch's loss
  double first_loss_ = 0;             // the mean of the first steps: one batch may be odd
  train::Report first_report_;
  std::int64_t first_steps_ = 0;
  int grown_ = 0;
  bool has_grown_ = false, is_examined_ = false;
};

}  // namespace

Shared<train::Handler> watch_for_symptoms(const Training& training, Progress& progress) {
  return Shared<train::Handler>(new Symptoms(training, progress));
}

}  // namespace chainrule::cli
