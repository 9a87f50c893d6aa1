#include "graph/node.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <set>

#include "core/text.h"
#include "graph/source_lines.h"

namespace chainrule {
namespace {

/// Frees a node, and its inputs if nothing else refers to them. The nodes to free form a list through their
/// own `link`: no recursion, and no allocation that could fail. Apart from release, which mostly finds other
/// references and should cost nothing then.
[[gnu::noinline]] void destroy(Node* node) noexcept {
  node->link = nullptr;
  while (node) {
    Node* pending = node->link;
    for (Node* input : node->inputs()) {
      if (!input->refs.drop()) continue;
      input->link = pending;
      pending = input;
    }
    const std::size_t bytes = node->bytes_allocated;
    node->~Node();
    SmallBlocks::give(node, bytes);
    node = pending;
  }
}

}  // namespace

constinit thread_local Making Making::of_thread_;

namespace {
std::atomic<bool> hides_lines = false;
}  // namespace

void hide_source_lines() { hides_lines = true; }

std::string line_text(Location where) {
  if (where.file == nullptr || hides_lines) return "";
  const char* slash = std::strrchr(where.file, '/');
  return cat(slash ? slash + 1 : where.file, ":", where.line);
}

std::string Origin::to_string() const {
  const std::string line = line_text(where);
  if (line.empty() && !layer) return "";
  std::string text = layer ? " In layer " + *layer : "";
  if (!line.empty()) text += cat(layer ? ", called from " : " Called from ", line);
  return text + ".";
}

Tensor make_leaf(Buffer value, DType dtype, const Shape& shape) {
  Node* node = new (SmallBlocks::take(sizeof(Node))) Node(dtype, shape);
  node->bytes_allocated = sizeof(Node);
  node->value = std::move(value);
  return Tensor::adopt(node);
}

void release(Node* node) noexcept {
  if (node != nullptr && node->refs.drop()) destroy(node);
}

void forget_history(Node& node) noexcept {
  for (Node* input : node.inputs()) release(input);
  node.input_count = 0;
  node.op = nullptr;
  node.origin = {};
  node.constant = false;
}

const std::string* intern(const std::string& name) {
  static std::mutex mutex;
  static auto* const names = new std::set<std::string>;
  const std::lock_guard lock(mutex);
  return &*names->insert(name).first;
}

}  // namespace chainrule
