#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "plan/program.h"
#include "plan/rules.h"

namespace chainrule {

/// Makes steps of the nodes of a trace, in their order. A step that is there already is not made again; what
/// an operation knows of itself (OpRow::simplify) and the rules that join several (rules.h) give other forms.
class Simplifier {
 public:
  explicit Simplifier(const Trace& trace) : trace_(trace) {}

  Program run();

  /// @name For rules.
  /// @{
  const Value& value(std::int32_t v) const { return p_.values[v]; }
  /// The step that computes a value, maybe with another shape; null for a leaf.
  const Step* maker(std::int32_t v) const { return value(v).step < 0 ? nullptr : &p_.steps[value(v).step]; }
  /// The same, null also if it has another shape.
  const Step* maker_as_it_is(std::int32_t v) const;
  /// The value of a step: of a new one, or of one that there is. Steps and values move.
  std::int32_t add(Step step, const Meta& meta);
  /// @}

 private:
  std::int32_t add_value(DType dtype, const Shape& shape, std::int32_t step, Literal literal);
  std::int32_t add_new(Step step, const Meta& meta);
  /// Lets the operation change what it takes. Returns the input that it is, if it is one.
  std::optional<std::int32_t> simplify_by_itself(Step& step, const Meta& meta) const;
  void keep(std::int32_t node);
  void remove_dead();

  const Trace& trace_;
  Program p_;
  std::vector<std::int32_t> value_of_node_;
  std::map<std::vector<std::uint64_t>, std::int32_t> known_;  // values, by operation, attributes and inputs
  ReluMasks relu_masks_;
  MaskedUnpools masked_unpools_;
};

}  // namespace chainrule
