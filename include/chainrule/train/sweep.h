#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/config.h"
#include "chainrule/shared.h"

// Trying out settings: many runs of one training.
//
//     const train::Space space{{"lr", {0.1, 0.01}}, {"hidden", {20, 50}}};
//     const auto found = train::sweep(space, [&](const train::Point& at) {
//       auto net = nn::mlp({at.integer("hidden"), 10});
//       train::fit(net, loss::softmax_cross_entropy, images, {.lr = at.number("lr")});
//       return train::evaluate(net, validation, metric::accuracy);
//     }, {.larger_is_better = true, .threads = 4});
//     std::cout << found;
namespace chainrule::train {

/// A setting and what it may be: some values, or a range of numbers.
struct Choice {
  std::string name;
  std::vector<config::Value> values = {};
  double low = 0, high = 0;  ///< of a range
  bool is_logarithmic = false;

  Choice(std::string named, std::initializer_list<config::Value> listed)
      : name(std::move(named)), values(listed) {}
  Choice(std::string named, double from, double to, bool logarithmic)
      : name(std::move(named)), low(from), high(to), is_logarithmic(logarithmic) {}
};
/// Numbers from low to high, all as likely; or with all logarithms as likely, for learning rates.
inline Choice range(std::string name, double low, double high) { return {std::move(name), low, high, false}; }
inline Choice log_range(std::string name, double low, double high) {
  return {std::move(name), low, high, true};
}

/// One value for each setting.
class Point {
 public:
  Point() = default;
  explicit Point(std::vector<config::Entry> settings) : settings_(std::move(settings)) {}

  const std::vector<config::Entry>& settings() const { return settings_; }
  /// @throws ValueError  if there is no setting of that name (E318), or its value is of another kind (E319).
  const config::Value& operator[](std::string_view name) const;
  double number(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  std::string text(std::string_view name) const;

 private:
  std::vector<config::Entry> settings_;
};

enum class Search : std::uint8_t {
  grid,     ///< all combinations of the values
  random,   ///< so many points, drawn
  halving,  ///< successive halving: drawn points get a small budget, the best of them a larger one, and so on
};

struct SweepOptions {
  Search search = Search::grid;
  bool larger_is_better = false;
  std::int64_t points = 20;  ///< that are drawn
  std::uint64_t seed = 1;    ///< of what is drawn
  std::int64_t threads = 1;  ///< that run at once; each run is of one of them
  /// Of halving (Jamieson and Talwalkar 2016): all points get the smallest budget, the best 1 / factor of
  /// them that times the factor, until the largest is reached or one is left. One that fails goes no further,
  /// and keeps its score of before. What a budget is, epochs say, is for the run to say.
  double smallest_budget = 1, largest_budget = 27, factor = 3;

  void fields(Fields& f);
};

/// A run and what came of it.
struct Trial {
  Point point;
  double budget = 0;       ///< that its score is of, the largest without a failure; 0 but for halving
  double score = 0;        ///< NaN if it failed from the start
  std::string error = {};  ///< why it failed, or went no further; else empty
};

struct SweepResult {
  /// Those that failed from the start last; those with a larger budget before those with a smaller; of one
  /// budget the best first.
  std::vector<Trial> trials;

  /// @throws ValueError  if every run failed (E320).
  const Trial& best() const;
  /// With a head line.
  std::string to_csv() const;
  std::string to_json() const;
};
/// A table, the best first.
std::ostream& operator<<(std::ostream& out, const SweepResult& result);

using Space = std::vector<Choice>;

/// A run as the library calls it.
class Run : public Counted {
 public:
  virtual double operator()(const Point& point, double budget) const = 0;
};

/// Runs every point of the search. The same result for any number of threads, if a run depends on its point
/// alone. A run that throws anything, or gives NaN, has failed; the others go on.
/// @param run  of (const Point&), or of (const Point&, double budget): gives a score. Called by several
///     threads at once, so each call makes its own net; see docs/threads.md.
/// @throws ValueError  for a space without settings or values, or with a range in a grid (E321), and options
///     out of range (E228).
SweepResult sweep_runs(const Space& space, const Run& run, const SweepOptions& options);
template <class F>
requires std::invocable<const F&, const Point&> || std::invocable<const F&, const Point&, double> SweepResult
sweep(const Space& space, const F& run, const SweepOptions& options = {}) {
  struct Call final : Run {
    explicit Call(const F& f) : function(f) {}
    double operator()(const Point& point, [[maybe_unused]] double budget) const override {
      if constexpr (std::invocable<const F&, const Point&>) {
        return static_cast<double>(function(point));
      } else {
        return static_cast<double>(function(point, budget));
      }
    }
    const F& function;
  };
  return sweep_runs(space, Call(run), options);
}

}  // namespace chainrule::train
