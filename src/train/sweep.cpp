// Trying out settings.
#include "chainrule/train/sweep.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <system_error>
#include <thread>

#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/text.h"

namespace chainrule::train {
namespace {

constexpr std::string_view kSearches[] = {"grid", "random", "halving"};
constexpr std::size_t kMaxPoints = 1000000;

[[noreturn]] void refuse(const std::string& what) { throw ValueError(321, cat("[sweep] ", what)); }

void check(const Space& space, Search search) {
  if (space.empty()) refuse("there are no settings to try. Name some: {{\"lr\", {0.1, 0.01}}}.");
  for (const Choice& choice : space) {
    const bool is_range = choice.values.empty() && choice.low < choice.high;
    if (choice.values.empty() && !is_range) refuse(cat("\"", choice.name, "\" has no values."));
    if (is_range && choice.is_logarithmic && choice.low <= 0)
      refuse(
          cat("\"", choice.name, "\" is logarithmic and begins at ", choice.low, "; it must begin above 0."));
    if (is_range && search == Search::grid)
      refuse(cat("\"", choice.name,
                 "\" is a range, which no grid can have all of. List values, or search at random."));
  }
}

/// All combinations, the last setting changing first.
std::vector<Point> grid(const Space& space) {
  std::vector<std::vector<config::Entry>> points(1);
  for (const Choice& choice : space) {
    std::vector<std::vector<config::Entry>> next;
    for (const auto& point : points) {
      for (const config::Value& value : choice.values) {
        next.push_back(point);
        next.back().push_back({choice.name, value});
        if (next.size() > kMaxPoints) refuse("there are more than 1,000,000 combinations. Search at random.");
      }
    }
    points = std::move(next);
  }
  return {points.begin(), points.end()};
}

/// A function of seed and number of the point.
std::vector<Point> drawn(const Space& space, std::int64_t count, std::uint64_t seed) {
  std::vector<Point> points;
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<config::Entry> settings;
    for (const Choice& choice : space) {
      if (!choice.values.empty()) {
        settings.push_back({choice.name, choice.values[random.below(choice.values.size())]});
        continue;
      }
      const double part = random.uniform();
      const double value = choice.is_logarithmic ? choice.low * std::pow(choice.high / choice.low, part)
                                                 : choice.low + part * (choice.high - choice.low);
      settings.push_back({choice.name, config::Value(value)});
    }
    points.emplace_back(std::move(settings));
  }
  return points;
}

/// Runs a trial. One that fails keeps the score and the budget of before, and says why.
void run_one(Trial& trial, const Run& run, double budget) {
  trial.error.clear();
  try {
    const double score = run(trial.point, budget);
    if (!std::isnan(score)) {
      trial.score = score, trial.budget = budget;
      return;
    }
    trial.error = "its score is no number.";
  } catch (const std::exception& error) {
    trial.error = error.what();
  } catch (...) {
    trial.error = "it threw something that is no std::exception.";
  }
  if (trial.budget > 0) trial.error = cat("with a budget of ", budget, ": ", trial.error);
  if (trial.budget == 0) trial.budget = budget;
}

/// Runs them, each by one of the threads, who take the next that nobody has.
void run_all(const std::vector<Trial*>& trials, const Run& run, double budget, std::int64_t threads) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < trials.size();) run_one(*trials[i], run, budget);
  };
  std::vector<std::thread> others;
  const auto count = std::min(static_cast<std::size_t>(threads), trials.size());
  try {
    for (std::size_t i = 1; i < count; ++i) others.emplace_back(work);
  } catch (const std::system_error&) {  // the system gives no more: those there are do all
  }
  work();
  for (std::thread& other : others) other.join();
}

/// Those without a score last; those with a larger budget before others; then the best first, and of equals
/// the one that was first.
void sort_by_score(std::vector<Trial*>& trials, bool larger_is_better) {
  std::stable_sort(trials.begin(), trials.end(), [&](const Trial* a, const Trial* b) {
    if (std::isnan(a->score) || std::isnan(b->score)) return !std::isnan(a->score) && std::isnan(b->score);
    if (a->budget != b->budget) return a->budget > b->budget;
    return larger_is_better ? a->score > b->score : a->score < b->score;
  });
}

/// Rounds of ever fewer trials. None goes on from a round in which it failed.
void halve(std::vector<Trial*>& trials, const Run& run, const SweepOptions& options) {
  std::vector<Trial*> round = trials;
  for (double budget = options.smallest_budget;; budget *= options.factor) {
    run_all(round, run, std::min(budget, options.largest_budget), options.threads);
    sort_by_score(round, options.larger_is_better);
    const auto share = std::ceil(static_cast<double>(round.size()) / options.factor);
    const auto failed = std::partition_point(round.begin(), round.end(),
                                             [](const Trial* trial) { return trial->error.empty(); });
    const bool is_last = round.size() == 1 || budget >= options.largest_budget;
    round.erase(failed, round.end());
    if (is_last || round.empty()) break;
    round.resize(std::min(round.size(), static_cast<std::size_t>(share)));
  }
  sort_by_score(trials, options.larger_is_better);
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string all = "\"";
  for (const char c : text) all += c == '"' ? "\"\"" : std::string(1, c);
  return all + "\"";
}

std::string number_text(double number) { return config::to_text(config::Value(number)); }

}  // namespace

void SweepOptions::fields(Fields& f) {
  f("search", search, kSearches, "which points are run");
  f("larger_is_better", larger_is_better, "of the score");
  f("points", points, "how many are drawn", between(1, 1e6));
  f("seed", seed, "of what is drawn");
  f("threads", threads, "that run at once", between(1, 1024));
  f("smallest_budget", smallest_budget, "of halving, for all points", above(0));
  f("largest_budget", largest_budget, "of halving, for the best", above(0));
  f("factor", factor, "by which the budget grows and the points become fewer", above(1));
}

const config::Value& Point::operator[](std::string_view name) const {
  std::string names;
  for (const config::Entry& entry : settings_) {
    if (entry.key == name) return entry.value;
    names += cat(names.empty() ? "" : ", ", entry.key);
  }
  throw ValueError(318, cat("[sweep] there is no setting \"", name, "\"; there are ", names, "."));
}

namespace {

[[noreturn]] void wrong_kind(std::string_view name, const config::Value& value, std::string_view kind) {
  throw ValueError(319,
                   cat("[sweep] \"", name, "\" is ", config::to_text(value), ", which is no ", kind, "."));
}

}  // namespace

double Point::number(std::string_view name) const {
  const config::Value& value = (*this)[name];
  if (value.kind == config::Value::Kind::number) return value.number;
  if (value.kind == config::Value::Kind::integer) return static_cast<double>(value.integer);
  wrong_kind(name, value, "number");
}
std::int64_t Point::integer(std::string_view name) const {
  const config::Value& value = (*this)[name];
  if (value.kind == config::Value::Kind::integer) return value.integer;
  wrong_kind(name, value, "integer");
}
std::string Point::text(std::string_view name) const {
  const config::Value& value = (*this)[name];
  if (value.kind == config::Value::Kind::text) return value.text;
  wrong_kind(name, value, "text");
}

SweepResult sweep_runs(const Space& space, const Run& run, const SweepOptions& options) {
  config::check(const_cast<SweepOptions&>(options));
  check(space, options.search);
  std::vector<Trial> all;
  for (Point& point :
       options.search == Search::grid ? grid(space) : drawn(space, options.points, options.seed))
    all.push_back({.point = std::move(point), .score = std::numeric_limits<double>::quiet_NaN()});
  std::vector<Trial*> order;
  for (Trial& trial : all) order.push_back(&trial);
  if (options.search == Search::halving) {
    halve(order, run, options);
  } else {
    run_all(order, run, 0, options.threads);
    sort_by_score(order, options.larger_is_better);
  }
  SweepResult result;
  for (Trial* trial : order) result.trials.push_back(std::move(*trial));
  return result;
}

const Trial& SweepResult::best() const {
  if (!trials.empty() && !std::isnan(trials.front().score)) return trials.front();
  throw ValueError(320, cat("[sweep] every run failed. The first: ",
                            trials.empty() ? "there was none." : trials.front().error));
}

std::string SweepResult::to_csv() const {
  std::string text = "score,budget";
  if (trials.empty()) return text + ",error\n";
  for (const config::Entry& entry : trials.front().point.settings()) text += cat(",", quoted(entry.key));
  text += ",error\n";
  for (const Trial& trial : trials) {
    text += cat(number_text(trial.score), ",", number_text(trial.budget));
    for (const config::Entry& entry : trial.point.settings())
      text += cat(",", quoted(config::to_text(entry.value)));
    text += cat(",", quoted(trial.error), "\n");
  }
  return text;
}

std::string SweepResult::to_json() const {
  std::vector<config::Value> list;
  for (const Trial& trial : trials) {
    std::vector<config::Entry> entries{{"score", config::Value(trial.score)},
                                       {"budget", config::Value(trial.budget)},
                                       {"settings", config::Value::of_table(trial.point.settings())}};
    if (!trial.error.empty()) entries.push_back({"error", config::Value(trial.error)});
    list.push_back(config::Value::of_table(std::move(entries)));
  }
  return config::to_json(config::Value::of_list(std::move(list)));
}

std::ostream& operator<<(std::ostream& out, const SweepResult& result) {
  std::vector<std::vector<std::string>> rows(1, {"score"});
  const bool has_budget =
      std::any_of(result.trials.begin(), result.trials.end(), [](const Trial& t) { return t.budget > 0; });
  if (has_budget) rows[0].push_back("budget");
  if (!result.trials.empty()) {
    for (const config::Entry& entry : result.trials.front().point.settings()) rows[0].push_back(entry.key);
  }
  for (const Trial& trial : result.trials) {
    std::vector<std::string> row{cat(trial.score)};
    if (has_budget) row.push_back(cat(trial.budget));
    for (const config::Entry& entry : trial.point.settings()) row.push_back(config::to_text(entry.value));
    if (!trial.error.empty()) row.push_back(trial.error);
    rows.push_back(std::move(row));
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      out << row[i]
          << (is_last ? "" : std::string(i < widths.size() ? widths[i] + 2 - row[i].size() : 2, ' '));
    }
    out << "\n";
  }
  return out;
}

}  // namespace chainrule::train
