// What is plotted, and the list of plots.
#include <algorithm>

#include "chainrule/ops.h"
#include "chainrule/plot/plot.h"
#include "core/text.h"

namespace chainrule {

template <>
Registry& registry<plot::Plot>() {
  static Registry all = [] {
    using namespace plot;
    Registry list("plot");
#define CHAINRULE_PLOT(Name) list.add<Name>();
#include "plot/plot_list.def"
#undef CHAINRULE_PLOT
    return list;
  }();
  return all;
}

namespace plot {

bool Subject::has_classes() const {
  const data::Column* target = rows ? rows.target() : nullptr;
  return target != nullptr && !is_floating(target->dtype) && target->shape.ndim() == 0;
}

std::vector<std::string> Subject::class_names(std::int64_t count) const {
  std::vector<std::string> names = model.options.classes;
  if (names.empty() && rows) names = rows.class_names();
  for (auto i = static_cast<std::int64_t>(names.size()); i < count; ++i) names.push_back(std::to_string(i));
  names.resize(static_cast<std::size_t>(count));
  return names;
}

const Answers& Subject::answers() const {
  if (kept) return *kept;
  const Shared<Answers> made(new Answers);
  made->rows = std::min(rows.rows(), kMostRows);
  for (const data::Batch& batch : data::blocks(data::subset(rows, 0, made->rows))) {
    const Tensor y = model.predict(batch[0]);
    made->outputs = y.numel() / std::max<std::int64_t>(batch.rows(), 1);
    const std::vector<double> said = cast(y, f64).to_vector<double>(),
                              wanted = batch.target().to_vector<double>();
    made->said.insert(made->said.end(), said.begin(), said.end());
    made->wanted.insert(made->wanted.end(), wanted.begin(), wanted.end());
  }
  kept = made;
  return *kept;
}

}  // namespace plot
}  // namespace chainrule
