#include "chainrule/named_tensors.h"

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/nearest.h"
#include "core/text.h"
#include "io/names.h"

namespace chainrule {
namespace {

/// What there is instead, and which of it may have been meant.
std::string known(const NamedTensors& tensors, std::string_view name) {
  constexpr std::size_t kMost = 20;
  if (tensors.empty()) return "There are none.";
  std::string list;
  std::size_t count = 0;
  for (const auto& [own, tensor] : tensors) {
    if (count++ == kMost) break;
    list += (list.empty() ? "" : ", ") + own;
  }
  if (tensors.size() > kMost) list += cat(" and ", tensors.size() - kMost, " more");
  const std::string close = nearest(name, tensors.names());
  return (close.empty() ? "" : "Did you mean " + io::in_quotes(close) + "? ") + "There are: " + list + ".";
}

}  // namespace

NamedTensors::NamedTensors(std::initializer_list<NamedTensor> items) {
  for (const NamedTensor& item : items) add(item.name, item.tensor);
}

/// Where the name is, or else the free slot where it belongs.
std::size_t NamedTensors::slot_of(std::string_view name) const {
  std::size_t slot = io::Fnv1a().add(name).value() & (slots_.size() - 1);
  while (slots_[slot] != 0 && items_[slots_[slot] - 1].name != name) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void NamedTensors::grow() {
  slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), 0);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    slots_[slot_of(items_[i].name)] = static_cast<std::uint32_t>(i + 1);
  }
}

void NamedTensors::add(std::string name, Tensor tensor) {
  if (2 * (items_.size() + 1) > slots_.size()) grow();
  std::uint32_t& slot = slots_[slot_of(name)];
  if (slot != 0) {
    throw ValueError(
        210, cat("[tensors] two tensors named ", io::in_quotes(name), ". Give each a name of its own."));
  }
  items_.push_back({std::move(name), std::move(tensor)});
  slot = static_cast<std::uint32_t>(items_.size());
}

const Tensor* NamedTensors::find(std::string_view name) const {
  if (items_.empty()) return nullptr;
  const std::uint32_t slot = slots_[slot_of(name)];
  return slot == 0 ? nullptr : &items_[slot - 1].tensor;
}

const Tensor& NamedTensors::operator[](std::string_view name) const {
  if (const Tensor* found = find(name)) return *found;
  throw ValueError(209, cat("[tensors] no tensor ", io::in_quotes(name), ". ", known(*this, name)));
}

std::vector<std::string> NamedTensors::names() const {
  std::vector<std::string> names;
  for (const NamedTensor& item : items_) names.push_back(item.name);
  return names;
}

}  // namespace chainrule
