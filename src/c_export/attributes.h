#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "chainrule/op.h"
#include "graph/node.h"

namespace chainrule::c_export {

/// A node's attributes, one after the other in the order of the operation's `fields`.
class Attributes {
 public:
  explicit Attributes(const Node& node) {
    if (node.op->key != nullptr) node.op->key(node.attributes(), words_);
  }

  std::int64_t next() { return static_cast<std::int64_t>(words_[at_++]); }
  /// Numbers for depth, height and width.
  std::vector<std::int64_t> three() {
    at_ += 3;
    return {static_cast<std::int64_t>(words_[at_ - 3]), static_cast<std::int64_t>(words_[at_ - 2]),
            static_cast<std::int64_t>(words_[at_ - 1])};
  }
  /// So many numbers of a byte each.
  std::vector<int> bytes(int count) {
    std::vector<std::int8_t> raw(words_.size() * sizeof(std::uint64_t));
    std::memcpy(raw.data(), words_.data(), raw.size());
    return {raw.begin(), raw.begin() + count};
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t at_ = 0;
};

}  // namespace chainrule::c_export
