// chainrule check NAME: the gradients of any net, by parameter, against differences.
#include "check_net.h"

#include <fmt/format.h>

#include "chainrule/error.h"
#include "color.h"
#include "exit_code.h"
#include "explain/table.h"
#include "net_gradients.h"
#include "output.h"
#include "subject.h"

namespace chainrule::cli {
namespace {

std::string place_of(const explain::ParameterCheck& p) {
  if (p.compared == 0) return "";
  if (p.element < 0) return "all of it";
  std::string text;
  std::int64_t rest = p.element;
  for (int axis = p.shape.ndim() - 1; axis >= 0; --axis) {
    text = fmt::format("{}{}{}", rest % p.shape[axis], text.empty() ? "" : ",", text);
    rest /= p.shape[axis];
  }
  return "[" + text + "]";
}

std::string sentence(const explain::NetCheck& made) {
  if (!made.differs() && made.is_complete()) return "They agree.\n";
  std::string names;
  for (const explain::ParameterCheck& p : made.parameters) {
    if (made.differs() ? p.differs : p.compared == 0) names += (names.empty() ? "" : ", ") + p.path;
  }
  if (made.differs()) return fmt::format("They do not agree for {}.\n{}\n", names, made.culprit);
  return fmt::format(
      "No difference was found, but nothing could be compared for {}: no step tells anything there.\n"
      "Try another --seed, or other --samples.\n",
      names);
}

std::string text_of(const explain::NetCheck& made, const std::string& heading) {
  explain::Table table({"parameter", ">compared", "worst at", ">backward", ">difference", ">error", ""});
  std::int64_t unseen = 0;
  for (const explain::ParameterCheck& p : made.parameters) {
    unseen += p.unseen;
    table.add({p.path, std::to_string(p.compared), place_of(p), fmt::format("{:.5g}", p.analytic),
               fmt::format("{:.5g}", p.numeric), fmt::format("{:.1e}", p.relative_error),
               p.differs         ? "DIFFERS"
               : p.compared == 0 ? "nothing to compare"
                                 : "ok"});
  }
  std::string text = heading + "\n\n" + table.to_string();
  if (unseen > 0) {
    text += fmt::format("{} more could not be seen: a kink lies there, or rounding hides them.\n", unseen);
  }
  return text + "\n" + sentence(made);
}

}  // namespace

int check_any_net(const CheckNetOptions& options) {
  Subject subject = open_subject(options.name, options.given);
  if (!subject.has_settings) {
    throw ValueError(
        347, fmt::format("[check] {} does not say how it was trained: neither loss nor metrics are known. "
                         "Take a model that chainrule train saved.",
                         subject.trained.path));
  }
  const LoadedData data = data_for(subject);
  const NetGradients checked = check_gradients(subject.experiment, data, subject.is_trained, options);
  const explain::NetCheck& made = checked.check;
  if (options.json) {
    write_text(stdout, to_json(made, options, subject.experiment));
  } else {
    write_text(
        stdout,
        colored_verdicts(text_of(
            made,
            fmt::format(
                "Gradients by backpropagation and by differences, as training computes them, of\n"
                "  {}\nin f64, at the first {}of {}:",
                config::describe(*checked.net),
                options.samples == 1 ? "training row " : fmt::format("{} training rows ", options.samples),
                subject.experiment.data.name))));
  }
  return made.differs() ? kCheckFailed : made.is_complete() ? kDone : kFailed;
}

}  // namespace chainrule::cli
