#include "plan/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "chainrule/error.h"
#include "core/text.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Of a half: numbers that differ a little may round to neighbours.
double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 1e-9;
    case DType::f32:
      return 1e-4;
    case DType::f16:
      return 2e-3;
    case DType::bf16:
      return 2e-2;
    default:
      return 0;
  }
}

/// What is added up: terms that cancel leave an error of their own size, not of the result's.
bool adds(const OpRow& row) {
  return &row == &row_of_Sum() || &row == &row_of_Add() || &row == &row_of_Sub();
}

double largest_finite(const ConstArray& array) {
  if (!is_floating(array.dtype)) return 0;
  return with_floating(array.dtype, [&]<class T>(std::type_identity<T>) {
    double largest = 0;
    const T* x = static_cast<const T*>(array.data);
    for (std::int64_t i = 0; i < array.shape.numel(); ++i) {
      if (std::isfinite(x[i])) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
    }
    return largest;
  });
}

/// @param allowed  what f32 numbers on the way to it, or its own, allow.
/// @param terms    how large the numbers are that it is the sum of, or 1.
/// @throws ValueError E048
void compare(const Node& node, double allowed, double terms, const void* result, const void* reference) {
  with_any_type(node.dtype, [&]<class T>(std::type_identity<T>) {
    const T* got = static_cast<const T*>(result);
    const T* wanted = static_cast<const T*>(reference);
    const std::int64_t n = node.shape.numel();
    double largest = terms;
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

Reference::Reference(const Trace& trace, std::span<void* const> leaves) : trace_(trace) {
  std::size_t at = 0;
  for (const Node* node : trace.nodes) {
    std::vector<ConstArray> inputs;
    allowed_.push_back(tolerance(node->dtype));
    for (const Node* input : node->inputs()) {
      const std::int32_t number = trace.inputs[at++];
      const bool is_leaf = number < 0;
      inputs.push_back({is_leaf ? leaves[~number] : values_[number], input->dtype, input->shape});
      const double of_input = is_leaf ? tolerance(input->dtype) : allowed_[number];
      if (has_gradient(node->dtype)) allowed_.back() = std::max(allowed_.back(), of_input);
    }
    terms_.push_back(1);
    if (adds(*node->op)) {
      for (const ConstArray& input : inputs) terms_.back() = std::max(terms_.back(), largest_finite(input));
    }
    if (node->op->info.view) {
      values_.push_back(inputs[0].data);
      continue;
    }
    made_.push_back(Buffer::allocate(node->bytes()));
    values_.push_back(made_.back().data());
    run_row(*node->op, node->attributes(), {inputs, {made_.back().data(), node->dtype, node->shape}},
            node->origin, Kernels::reference);
  }
}

void Reference::copy_to(const Program& program, std::span<void* const> results) const {
  for (const Kept& kept : program.kept) {
    const Storage& storage = program.storage_of(kept.value);
    if (storage.place == Place::leaf) continue;
    std::memcpy(results[storage.number], values_[kept.node], trace_.nodes[kept.node]->bytes());
  }
}

void Reference::verify(const Program& program, std::span<void* const> leaves,
                       std::span<void* const> results) const {
  for (const Kept& kept : program.kept) {
    const Storage& storage = program.storage_of(kept.value);
    const void* result = storage.place == Place::leaf ? leaves[storage.number] : results[storage.number];
    compare(*trace_.nodes[kept.node], allowed_[kept.node], terms_[kept.node], result, values_[kept.node]);
  }
}

}  // namespace chainrule
