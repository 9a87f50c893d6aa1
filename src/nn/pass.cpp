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

void Pass::set(const State& state, Tensor next) {
  const auto found =
      std::find_if(updates_.begin(), updates_.end(), [&](const Update& u) { return u.state == state; });
  if (found == updates_.end()) return updates_.push_back({state, std::move(next)});
  found->next = std::move(next);
}

Tensor Pass::value(const State& state) const {
  const auto found =
      std::find_if(updates_.begin(), updates_.end(), [&](const Update& u) { return u.state == state; });
  return found == updates_.end() ? state.value() : found->next;
}

void Pass::store() {
  std::vector<Tensor> next;
  for (const Update& update : updates_) next.push_back(update.next);
  evaluate(next);
  for (Update& update : updates_) update.state.set_value(std::move(update.next));
  updates_.clear();
}

}  // namespace chainrule::nn
