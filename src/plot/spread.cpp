// Plots of how numbers are spread, layer by layer: parameters and their gradients.
#include <algorithm>
#include <cmath>

#include "chainrule/grad.h"
#include "core/text.h"
#include "plot/needs.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr std::size_t kMostFigures = 24;

/// Those that are shown: of many, the matrices and kernels alone.
std::vector<nn::NamedParameter> chosen(const nn::Layer& net) {
  std::vector<nn::NamedParameter> all = net.parameters();
  const auto is_small = [](const nn::NamedParameter& one) { return one.parameter.value().ndim() < 2; };
  if (all.size() > kMostFigures) std::erase_if(all, is_small);
  if (all.size() > kMostFigures) all.resize(kMostFigures);
  return all;
}

Figure histogram_of(const std::string& name, const Tensor& tensor) {
  const std::vector<double> numbers = tensor.to_vector<double>();
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (const double number : numbers) {
    if (std::isfinite(number)) sum += number, ++count;
  }
  const double mean = sum / static_cast<double>(std::max<std::size_t>(count, 1));
  for (const double number : numbers) {
    if (std::isfinite(number)) squares += (number - mean) * (number - mean);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(count, 1)));
  std::string note =
      cat(tensor.shape(), ", mean ", number_text(mean), ", deviation ", number_text(deviation));
  if (count < numbers.size()) note += cat(", ", numbers.size() - count, " not finite");
  return {.title = name, .note = note, .bars = histogram(numbers)};
}

/// Says of the first figure how many there would be.
void note_left_out(std::vector<Figure>& figures, const nn::Layer& net) {
  const std::size_t all = net.parameters().size();
  if (figures.size() < all) figures.front().title += cat(" (", figures.size(), " of ", all, " are shown)");
}

}  // namespace

Drawn Weights::draw(const Subject& of) const {
  if (std::string why = lacks_net(of); !why.empty()) return {.missing = why};
  std::vector<Figure> figures;
  for (const nn::NamedParameter& one : chosen(*of.model.net)) {
    figures.push_back(histogram_of(one.name, one.parameter.value()));
  }
  if (figures.empty()) return {.missing = "it needs a net with parameters"};
  note_left_out(figures, *of.model.net);
  return {figures};
}

void Gradients::fields(Fields& f) { f("batch_size", batch_size, "rows of the batch", between(1, 1'000'000)); }

Drawn Gradients::draw(const Subject& of) const {
  if (std::string why = lacks_net(of); !why.empty()) return {.missing = why};
  if (!of.rows || of.rows.rows() == 0 || of.task == nullptr) return {.missing = "it needs rows and a loss"};
  const std::vector<nn::NamedParameter> parameters = chosen(*of.model.net);
  if (parameters.empty()) return {.missing = "it needs a net with parameters"};
  nn::Pass pass = nn::Pass::training(1, 0);
  const Tensor loss = of.task->outcome(of.rows.range(0, std::min(batch_size, of.rows.rows())), pass).loss;
  const std::vector<Tensor> gradients = grad(loss, nn::values(parameters), {.allow_unused = true});
  evaluate(gradients);
  std::vector<Figure> figures;
  for (std::size_t i = 0; i < gradients.size(); ++i)
    figures.push_back(histogram_of(parameters[i].name, gradients[i]));
  note_left_out(figures, *of.model.net);
  return {figures};
}

}  // namespace chainrule::plot
