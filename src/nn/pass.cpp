#include "chainrule/nn/pass.h"

#include <algorithm>

#include "graph/node.h"
#include "nn/path.h"

namespace chainrule::nn {

RandomKey Pass::key() {
  const std::string* path = OriginScope::current({}).layer;
  auto asked = std::find_if(asked_.begin(), asked_.end(), [path](const Asked& a) { return a.path == path; });
  if (asked == asked_.end()) asked = asked_.insert(asked_.end(), {path, 0});
  const std::uint64_t of_path = number_of_path(path != nullptr ? *path : "") + asked->times++;
  return {.seed = seed_, .stream = streams::kDropout + of_path, .step = step_};
}

void Pass::store() {
  std::vector<Tensor> next;
  for (const Update& update : updates_) next.push_back(update.next);
  evaluate(next);
  for (Update& update : updates_) update.state.set_value(std::move(update.next));
  updates_.clear();
}

}  // namespace chainrule::nn
