// Plots of classes: which are taken for which, and the worst mistakes.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/text.h"
#include "plot/needs.h"

namespace chainrule::plot {
namespace {

/// What a net said of a row that belongs to a class.
struct Verdict {
  std::size_t row, wanted, said;
  double of_wanted, of_said;  // probabilities
};

std::vector<Verdict> verdicts(const Subject& of, std::size_t& classes) {
  const Answers& answers = of.answers();
  const std::vector<double> all = probabilities(answers, classes);
  std::vector<Verdict> made;
  for (std::size_t row = 0; row < static_cast<std::size_t>(answers.rows); ++row) {
    const double wanted = answers.wanted[row];
    if (!(wanted >= 0 && wanted < static_cast<double>(classes))) continue;  // a target that does not count
    const double* of_row = &all[row * classes];
    const auto said = static_cast<std::size_t>(std::max_element(of_row, of_row + classes) - of_row);
    const auto place = static_cast<std::size_t>(wanted);
    made.push_back({row, place, said, of_row[place], of_row[said]});
  }
  return made;
}

/// A probability in a few characters.
std::string sureness(double share) { return share > 0.99 ? ">99%" : cat(std::lround(100 * share), '%'); }

std::string rows_text(const Subject& of) {
  const std::int64_t shown = of.answers().rows, all = of.rows.rows();
  return shown == all ? cat(all, ' ', of.part, " rows")
                      : cat("the first ", shown, " of ", all, ' ', of.part, " rows");
}

}  // namespace

Drawn Confusion::draw(const Subject& of) const {
  if (std::string why = lacks_classes(of); !why.empty()) return {.missing = why};
  std::size_t classes = 0, right = 0;
  const std::vector<Verdict> all = verdicts(of, classes);
  Matrix matrix{of.class_names(static_cast<std::int64_t>(classes)), std::vector<double>(classes * classes)};
  for (const Verdict& one : all) {
    matrix.values[one.wanted * classes + one.said] += 1;
    right += one.wanted == one.said;
  }
  const double share = all.empty() ? 0 : static_cast<double>(right) / static_cast<double>(all.size());
  Figure figure{.title = "confusion", .note = cat(rows_text(of), ", ", percent(share), " right")};
  figure.x.label = "said", figure.y.label = "is";
  figure.matrix = std::move(matrix);
  return {{figure}};
}

void Mistakes::fields(Fields& f) { f("count", count, "how many", between(1, 400)); }

Drawn Mistakes::draw(const Subject& of) const {
  if (std::string why = lacks_classes(of); !why.empty()) return {.missing = why};
  if (std::string why = lacks_image(of); !why.empty()) return {.missing = why};
  std::size_t classes = 0;
  std::vector<Verdict> wrong = verdicts(of, classes);
  const std::size_t all = wrong.size();
  std::erase_if(wrong, [](const Verdict& one) { return one.said == one.wanted; });
  if (wrong.empty()) return {.missing = cat("the net made no mistake in ", rows_text(of))};
  // The loss of a row is -log of the probability of its class.
  std::stable_sort(wrong.begin(), wrong.end(),
                   [](const Verdict& a, const Verdict& b) { return a.of_wanted < b.of_wanted; });
  const std::vector<std::string> names = of.class_names(static_cast<std::int64_t>(classes));
  const bool are_short =
      std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.size() < 3; });
  const char apart = are_short ? ' ' : '\n';
  Figure figure{.title = "worst mistakes, largest loss first",
                .note = cat("is \u2192 said, how surely; ", wrong.size(), " of ", all, " are wrong")};
  for (const Verdict& one : std::span(wrong).first(std::min(wrong.size(), static_cast<std::size_t>(count)))) {
    const Tensor x = of.rows.take({static_cast<std::int64_t>(one.row)})[0];
    const std::vector<double> numbers = x.to_vector<double>();
    const double most = std::max(1.0, *std::max_element(numbers.begin(), numbers.end()));
    figure.tiles.push_back(
        {image(numbers, x.size(1), x.size(2), x.size(3), 0, most),
         cat(names[one.wanted], apart, "\u2192 ", names[one.said], ' ', sureness(one.of_said))});
  }
  return {{figure}};
}

}  // namespace chainrule::plot
