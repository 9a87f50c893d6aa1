#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/tensor.h"

namespace chainrule {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Tensors by name, in the order in which they were added: the parameters of a net, the content of a file.
///
///     NamedTensors weights{{"W1", w1}, {"b1", b1}};
///     weights.add("W2", w2);
///     for (const auto& [name, tensor] : weights) std::cout << name << " " << tensor.shape() << "\n";
class NamedTensors {
 public:
  NamedTensors() = default;
  /// @throws ValueError  if two have one name (E210).
  NamedTensors(std::initializer_list<NamedTensor> items);

  /// @throws ValueError  if the name is taken (E210).
  void add(std::string name, Tensor tensor);

  /// @throws ValueError  if there is no tensor of that name (E209): lists the names, and the nearest.
  const Tensor& operator[](std::string_view name) const;
  /// Null if there is none. Valid until the next `add`.
  const Tensor* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  std::vector<std::string> names() const;
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }

 private:
  std::size_t slot_of(std::string_view name) const;
  void grow();

  std::vector<NamedTensor> items_;
  std::vector<std::uint32_t> slots_;  // a hash table: 1 + the place in items_, 0 where free
};

}  // namespace chainrule
