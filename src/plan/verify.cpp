// CHAINRULE_MODE=verify.
#include "plan/verify.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "core/text.h"
#include "ops/op.h"

namespace chainrule {
namespace {

double tolerance(DType dtype) { return dtype == DType::f64 ? 1e-9 : dtype == DType::f32 ? 1e-4 : 0; }

/// @param allowed  what f32 numbers on the way to it, or its own, allow.
/// @throws ValueError E048
void compare(const Node& node, double allowed, const void* reference) {
  with_type(node.dtype, [&]<class T>(std::type_identity<T>) {
    const T* got = node.array().as<T>();
    const T* wanted = static_cast<const T*>(reference);
    const std::int64_t n = node.shape.numel();
    double largest = 1;
    for (std::int64_t i = 0; i < n; ++i) {
      const double size = std::abs(static_cast<double>(wanted[i]));
      if (std::isfinite(size)) largest = std::max(largest, size);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const auto a = static_cast<double>(got[i]), b = static_cast<double>(wanted[i]);
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      if (std::abs(a - b) <= allowed * largest) continue;
      throw ValueError(
          48, cat("[verify] ", node.op->info.name, " ", node.shape, " ", name_of(node.dtype), ": element ", i,
                  " is ", a, " by the plan and ", b, " by the reference.", node.origin.to_string()));
    }
  });
}

}  // namespace

void verify(const Trace& trace) {
  std::vector<Buffer> values;
  std::vector<double> allowed;  // by node: a result is no more exact than what it was made from
  std::size_t at = 0;
  for (const Node* node : trace.nodes) {
    std::vector<ConstArray> inputs;
    allowed.push_back(tolerance(node->dtype));
    for (const Node* input : node->inputs()) {
      const std::int32_t number = trace.inputs[at++];
      const Buffer& value = number < 0 ? input->value : values[static_cast<std::size_t>(number)];
      inputs.push_back({value.data(), input->dtype, input->shape});
      const double of_input =
          number < 0 ? tolerance(input->dtype) : allowed[static_cast<std::size_t>(number)];
      if (is_floating(node->dtype)) allowed.back() = std::max(allowed.back(), of_input);
    }
    if (node->op->info.view) {
      const std::int32_t number = trace.inputs[at - 1];
      values.push_back(number < 0 ? node->inputs()[0]->value : values[static_cast<std::size_t>(number)]);
      continue;
    }
    values.push_back(Buffer::allocate(node->bytes()));
    run_row(*node->op, node->attributes(), {inputs, {values.back().data(), node->dtype, node->shape}},
            node->origin, Kernels::reference);
  }
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.kept[i]) compare(*trace.nodes[i], allowed[i], values[i].data());
  }
}

}  // namespace chainrule
