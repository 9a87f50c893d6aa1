#include <algorithm>
#include <cstdio>
#include <vector>

#include "chainrule/io.h"
#include "io/elements.h"

namespace chainrule::io {

Fnv1a& Fnv1a::add(std::string_view bytes) {
  for (const char byte : bytes) value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return *this;
}

Fnv1a& Fnv1a::add(const Tensor& tensor) { return add(bytes_of(tensor)); }

std::string Fnv1a::hex() const {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value_));
  return text;
}

std::uint64_t checksum(const NamedTensors& tensors) {
  evaluate_all(tensors);
  Fnv1a hash;
  for (const auto& [name, tensor] : tensors) {
    // What says how long the rest is comes first, so that no two lists give the same bytes.
    hash.add(std::to_string(name.size()) + ":" + name);
    hash.add(std::string(name_of(tensor.dtype())) + tensor.shape().to_string());
    hash.add(tensor);
  }
  return hash.value();
}

std::string checksum(const NamedTensors& tensors, const Metadata& metadata) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  NamedTensors sorted;
  for (const NamedTensor* t : order) sorted.add(t->name, t->tensor);
  Fnv1a hash;
  hash.add(std::to_string(checksum(sorted)));
  const auto length_of = [](const std::string& text) { return std::to_string(text.size()); };
  for (const auto& [key, text] : metadata) {
    if (!key.ends_with("checksum")) hash.add(length_of(key) + ":" + key + length_of(text) + ":" + text);
  }
  return hash.hex();
}

}  // namespace chainrule::io
