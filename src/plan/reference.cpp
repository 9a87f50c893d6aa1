#include "plan/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/text.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Times as far as rounding moves the reference, a floating result may lie; another, as of a comparison of
/// numbers that are equal but for rounding, no farther than that.
constexpr double kShaken = 16;

/// A sum of more than this part of the largest number may have been above that on the way, in another order.
constexpr double kSafe = 1.0 / 64;

double largest_number(DType dtype) {
  return dtype == DType::f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}

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

/// Whether finite numbers of the inputs, added up or multiplied and added up, may be too large for the dtype.
bool may_overflow(const OpRow& row, std::span<const ConstArray> inputs, DType dtype) {
  double largest = 1, terms = 1;
  for (const ConstArray& input : inputs) {
    const double size = std::max(1.0, largest_finite(input));
    largest = adds(row) ? std::max(largest, size) : largest * size;
    terms = std::max(terms, static_cast<double>(input.shape.numel()));
  }
  return largest * terms >= kSafe * largest_number(dtype);
}

/// Not so where one is NaN.
bool stays_below(double limit, const ConstArray& array) {
  if (!is_floating(array.dtype)) return true;
  return with_floating(array.dtype, [&]<class T>(std::type_identity<T>) {
    const T* x = static_cast<const T*>(array.data);
    return std::all_of(x, x + array.shape.numel(),
                       [limit](T each) { return std::abs(static_cast<double>(each)) < limit; });
  });
}

/// Changes each number by up to a hundredth of what a result may differ: of its own size, or where it is made
/// of many, which may cancel, of the largest one's. Numbers that are only moved or chosen stay as they are.
void disturb(const Node& node, void* memory, Random& random) {
  if (!is_floating(node.dtype) || node.op->info.ulp.f64 == 0) return;
  const double largest = node.op->info.elementwise ? 0 : largest_finite({memory, node.dtype, node.shape});
  with_floating(node.dtype, [&]<class T>(std::type_identity<T>) {
    T* x = static_cast<T*>(memory);
    for (std::int64_t i = 0; i < node.shape.numel(); ++i) {
      const auto is = static_cast<double>(x[i]);
      const double size = std::max(std::abs(is), largest) * tolerance(node.dtype);
      if (is != 0) x[i] = static_cast<T>(is + size * random.uniform(-0.01, 0.01));
    }
  });
}

/// How far the reference's own numbers move when each operation's results are rounded in another way. Where
/// that is far, as for Adam's step along a gradient that is 0 but for rounding, no two ways to compute agree.
class Shaken {
 public:
  Shaken(const Trace& trace, std::span<void* const> leaves) : trace_(trace), leaves_(leaves) {}

  /// By how much element i of a node differs from what it is, the most of some tries; made at the first call.
  double at(std::size_t node, std::int64_t i, double is) {
    constexpr std::uint64_t kTries = 4;
    while (tries_.size() < kTries) {
      tries_.push_back(std::make_unique<Reference>(trace_, leaves_, tries_.size() + 1));
    }
    double most = 0;
    for (const auto& each : tries_) {
      with_any_type(trace_.nodes[node]->dtype, [&]<class T>(std::type_identity<T>) {
        const auto moved = static_cast<double>(static_cast<const T*>(each->value(node))[i]);
        if (std::isfinite(moved)) most = std::max(most, std::abs(moved - is));
      });
    }
    return most;
  }

 private:
  const Trace& trace_;
  std::span<void* const> leaves_;
  std::vector<std::unique_ptr<Reference>> tries_;
};

/// @param allowed     what f32 numbers on the way to it, or its own, allow.
/// @param terms       how large the numbers are that it is the sum of, or 1.
/// @param overflowed  whether a sum on the way to it, or its own, did or may have.
/// @throws ValueError E048
void compare(const Node& node, double allowed, double terms, bool overflowed, const void* result,
             const void* reference, const auto& shaken) {
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
      if (overflowed && !(is_floating(node.dtype) && std::isfinite(a) && std::isfinite(b))) continue;
      if (std::abs(a - b) <= (is_floating(node.dtype) ? kShaken : 1) * shaken(i, b)) continue;
      throw ValueError(
          48, cat("[verify] ", node.op->info.name, " ", node.shape, " ", name_of(node.dtype), ": element ", i,
                  " is ", a, " by the plan and ", b, " by the reference.", node.origin.to_string()));
    }
  });
}

}  // namespace

Reference::Reference(const Trace& trace, std::span<void* const> leaves, std::uint64_t shake) : trace_(trace) {
  Random random(shake);
  std::size_t at = 0;
  for (const Node* node : trace.nodes) {
    std::vector<ConstArray> inputs;
    allowed_.push_back(tolerance(node->dtype));
    overflowed_.push_back(0);
    for (const Node* input : node->inputs()) {
      const std::int32_t number = trace.inputs[at++];
      const bool is_leaf = number < 0;
      inputs.push_back({is_leaf ? leaves[~number] : values_[number], input->dtype, input->shape});
      const double of_input = is_leaf ? tolerance(input->dtype) : allowed_[number];
      if (!is_leaf && overflowed_[number]) overflowed_.back() = 1;
      if (has_gradient(node->dtype)) allowed_.back() = std::max(allowed_.back(), of_input);
    }
    const OpInfo& info = node->op->info;
    const bool is_sum = adds(*node->op) || !(info.elementwise || info.any_dtype || info.ulp.f64 == 0);
    const bool from_finite = std::all_of(
        inputs.begin(), inputs.end(), [](const ConstArray& input) { return stays_below(HUGE_VAL, input); });
    terms_.push_back(1);
    if (adds(*node->op)) {
      for (const ConstArray& input : inputs) terms_.back() = std::max(terms_.back(), largest_finite(input));
    }
    if (info.view) {
      values_.push_back(inputs[0].data);
      continue;
    }
    made_.push_back(Buffer::allocate(node->bytes()));
    values_.push_back(made_.back().data());
    run_row(*node->op, node->attributes(), {inputs, {made_.back().data(), node->dtype, node->shape}},
            node->origin, Kernels::reference);
    const ConstArray made{values_.back(), node->dtype, node->shape};
    const bool is_large = from_finite && !stays_below(kSafe * largest_number(node->dtype), made);
    if (is_sum && (is_large || may_overflow(*node->op, inputs, node->dtype))) overflowed_.back() = 1;
    if (shake != 0) disturb(*node, made_.back().data(), random);
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
  Shaken shaken(trace_, leaves);
  for (const Kept& kept : program.kept) {
    const Storage& storage = program.storage_of(kept.value);
    const void* result = storage.place == Place::leaf ? leaves[storage.number] : results[storage.number];
    const auto node = static_cast<std::size_t>(kept.node);
    compare(*trace_.nodes[node], allowed_[node], terms_[node], overflowed_[node] != 0, result, values_[node],
            [&](std::int64_t i, double is) { return shaken.at(node, i, is); });
  }
}

}  // namespace chainrule
