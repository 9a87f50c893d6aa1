// What layers hold: listed by path, found, copied.
#include <algorithm>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/nn/layer.h"
#include "config/holds_itself.h"
#include "core/nearest.h"
#include "core/text.h"

namespace chainrule::nn {
namespace {

/// Gives a copied layer parameters and states of its own.
class Separation {
 public:
  void run(Layer& layer) {
    Members members;
    layer.visit_members(members);
    for (const Members::Member& member : members.all()) {
      if (member.parameter != nullptr) replace(parameters_, *member.parameter, fresh<Parameter>);
      if (member.state != nullptr) replace(states_, *member.state, fresh<State>);
      if (member.shared != nullptr) {
        replace(layers_, *member.shared, [this](const Shared<Layer>& inner) {
          const Shared<Layer> made(inner->copy());
          run(*made);
          return made;
        });
      } else if (member.layer != nullptr) {
        run(*member.layer);
      }
    }
  }

 private:
  template <class Handle>
  using Copies = std::vector<std::pair<Handle, Handle>>;  // what stands for what

  /// Puts a handle's copy in its place, which `make` makes the first time.
  template <class Handle, class Make>
  static void replace(Copies<Handle>& copies, Handle& handle, Make make) {
    auto found = std::find_if(copies.begin(), copies.end(), [&](const auto& c) { return c.first == handle; });
    if (found == copies.end()) found = copies.insert(copies.end(), {handle, make(handle)});
    handle = Handle(found->second);
  }
  template <class V>
  static V fresh(const V& from) {
    return from ? V(from.value()) : V();
  }

  Copies<Parameter> parameters_;
  Copies<State> states_;
  Copies<Shared<Layer>> layers_;
};

}  // namespace

bool Members::Member::is_same(const Member& other) const {
  if (parameter != nullptr) return other.parameter != nullptr && *parameter == *other.parameter;
  return state != nullptr && other.state != nullptr && *state == *other.state;
}

Members::Member& Members::add(std::string_view name, std::size_t number) {
  Member& member = members_.emplace_back();
  member.name = name;
  if (number > 0) member.name += std::to_string(number);
  return member;
}

void Members::operator()(std::string_view name, Parameter& parameter) { add(name).parameter = &parameter; }
void Members::operator()(std::string_view name, State& state) { add(name).state = &state; }
void Members::operator()(std::string_view name, Layer& layer) { add(name).layer = &layer; }

void Members::operator()(std::string_view name, Shared<Layer>& layer) {
  if (!layer) return;
  Member& member = add(name);
  member.layer = layer.get();
  member.shared = &layer;
}

// Listing members changes nothing, but they are listed as what can be changed.
std::vector<Members::Member> Layer::members() const {
  Members members;
  const_cast<Layer*>(this)->visit_members(members);
  return {members.all().begin(), members.all().end()};
}

/// A layer that is being listed, and those around it.
struct Layer::Chain {
  const Layer* layer;
  const Chain* around;
};

std::vector<Members::Member> Layer::variables() const { return variables(nullptr); }

std::vector<Members::Member> Layer::variables(const Chain* around) const {
  for (const Chain* outer = around; outer != nullptr; outer = outer->around) {
    if (outer->layer == this) throw config::holds_itself(kind());
  }
  const Chain here{this, around};
  std::vector<Members::Member> found;
  for (Members::Member& member : members()) {
    if (member.layer == nullptr) {
      found.push_back(std::move(member));
      continue;
    }
    for (Members::Member& inner : member.layer->variables(&here)) {
      if (!member.name.empty()) inner.name = member.name + "." + inner.name;
      found.push_back(std::move(inner));
    }
  }
  for (Members::Member& variable : found) variable.name = rename(std::move(variable.name));
  return found;
}

std::vector<NamedParameter> Layer::parameters() const {
  std::vector<NamedParameter> found;
  for (const Members::Member& member : variables()) {
    if (member.parameter == nullptr) continue;
    const auto is_it = [&](const NamedParameter& other) { return other.parameter == *member.parameter; };
    if (std::none_of(found.begin(), found.end(), is_it)) found.push_back({member.name, *member.parameter});
  }
  return found;
}

std::vector<NamedState> Layer::states() const {
  std::vector<NamedState> found;
  for (const Members::Member& member : variables()) {
    if (member.state == nullptr) continue;
    const auto is_it = [&](const NamedState& other) { return other.state == *member.state; };
    if (std::none_of(found.begin(), found.end(), is_it)) found.push_back({member.name, *member.state});
  }
  return found;
}

Parameter Layer::parameter(std::string_view path) const {
  std::vector<std::string> names;
  for (const NamedParameter& p : parameters()) {
    if (p.name == path) return p.parameter;
    names.push_back(p.name);
  }
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  throw ValueError(43, cat("[", kind(), "] no parameter \"", path, "\". There ",
                           known.empty() ? std::string("are none") : "are: " + known, "."));
}

Shared<Layer> Layer::clone() const {
  static_cast<void>(variables());  // holds no layer twice, one inside the other
  Shared<Layer> made(copy());
  Separation().run(*made);
  return made;
}

}  // namespace chainrule::nn
