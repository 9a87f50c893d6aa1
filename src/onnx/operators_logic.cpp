// Comparisons, booleans, choices.
#include <cmath>
#include <limits>

#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensors less(const Call& c) { return {c[0] < c[1]}; }
Tensors less_equal(const Call& c) { return {c[0] <= c[1]}; }
Tensors greater(const Call& c) { return {c[0] > c[1]}; }
Tensors greater_equal(const Call& c) { return {c[0] >= c[1]}; }
Tensors equal_of(const Call& c) { return {equal(c[0], c[1])}; }
Tensors both(const Call& c) { return {logical_and(c[0], c[1])}; }
Tensors either(const Call& c) { return {logical_or(c[0], c[1])}; }
Tensors one_of(const Call& c) { return {logical_xor(c[0], c[1])}; }
Tensors negated(const Call& c) { return {logical_not(c[0])}; }
Tensors chosen(const Call& c) { return {where(c[0], c[1], c[2])}; }
Tensors is_nan(const Call& c) { return {not_equal(c[0], c[0])}; }
Tensors is_infinite(const Call& c) {
  Tensor found = equal(c[0] * 0, 1);  // nowhere
  if (c.flag("detect_positive", true)) found = logical_or(found, equal(c[0], kInfinity));
  if (c.flag("detect_negative", true)) found = logical_or(found, equal(c[0], -kInfinity));
  return {found};
}

constexpr Operator kRows[] = {
    {"And", 2, 2, both},          {"Equal", 2, 2, equal_of},
    {"Greater", 2, 2, greater},   {"GreaterOrEqual", 2, 2, greater_equal},
    {"IsInf", 1, 1, is_infinite}, {"IsNaN", 1, 1, is_nan},
    {"Less", 2, 2, less},         {"LessOrEqual", 2, 2, less_equal},
    {"Not", 1, 1, negated},       {"Or", 2, 2, either},
    {"Where", 3, 3, chosen},      {"Xor", 2, 2, one_of},
};

}  // namespace

std::span<const Operator> logic_operators() { return kRows; }

}  // namespace chainrule::onnx
