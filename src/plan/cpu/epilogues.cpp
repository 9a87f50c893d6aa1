// Matrix products that finish their results themselves: bias and relu, the mask of a gradient through relu,
// or an optimizer's update.
#include <algorithm>
#include <optional>

#include "plan/cpu/fusion.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

class Finisher {
 public:
  explicit Finisher(Program& program) : p_(program), uses_(program) {}

  void run() {
    for (Instruction& instruction : p_.instructions) {
      if (!std::holds_alternative<Call>(instruction.kind)) continue;
      const Step& step = p_.steps[instruction.steps[0]];
      const bool is_batch = step.row == &row_of_Matmul() && p_.values[step.output].shape.ndim() != 2;
      if (!step.row->cpu->takes_epilogue || is_batch) continue;
      const auto readers = uses_.readers(p_.values[step.output].storage);
      if (p_.storage_of(step.output).place != Place::arena || readers.size() != 1) continue;
      Instruction& rest = p_.instructions[readers[0]];
      if (rest.elementwise() == nullptr) continue;
      const std::optional<Product> product = finish(step, rest);
      if (!product) continue;
      // The product takes the place of what followed it: all that either reads is there by then.
      rest.steps.insert(rest.steps.begin(), instruction.steps[0]);
      rest.kind = *product;
      p_.storage_of(step.output).place = Place::block;
      instruction.steps.clear();
    }
    std::erase_if(p_.instructions, [](const Instruction& i) { return i.steps.empty(); });
  }

 private:
  /// The product that does what follows it as well, if there is one.
  std::optional<Product> finish(const Step& product, const Instruction& rest) const {
    if (const auto found = finish_with_relu(product, rest)) return found;
    if (const auto found = finish_with_mask(product, rest)) return found;
    return finish_with_update(product, rest);
  }

  const Step* step(const Instruction& rest, std::size_t i, const OpRow& row) const {
    const Step& found = p_.steps[rest.steps[i]];
    return found.row == &row ? &found : nullptr;
  }
  const Value& value(std::int32_t v) const { return p_.values[v]; }
  bool is_inner(const Step& step) const { return p_.storage_of(step.output).place == Place::block; }

  /// [b = y + bias;] m = b <= 0; where(m, 0, b).
  std::optional<Product> finish_with_relu(const Step& product, const Instruction& rest) const {
    std::int32_t result = product.output, bias = -1;
    std::size_t next = 0;
    const Shape& shape = value(result).shape;
    if (const Step* add = step(rest, 0, row_of_Add())) {
      const bool is_first = add->inputs[0] == result;
      bias = add->inputs[is_first ? 1 : 0];
      if (!is_first && add->inputs[1] != result) return std::nullopt;
      if (!has_one_number_for_each(value(bias).shape, shape)) return std::nullopt;
      result = add->output;
      next = 1;
      if (rest.steps.size() == 1) return Product{.bias = bias};
      if (!is_inner(*add)) return std::nullopt;
    }
    if (rest.steps.size() != next + 2) return std::nullopt;
    const Step *mask = step(rest, next, row_of_LessEqual()), *where = step(rest, next + 1, row_of_Where());
    if (mask == nullptr || where == nullptr || !is_inner(*mask)) return std::nullopt;
    if (mask->inputs[0] != result || where->inputs[0] != mask->output || where->inputs[2] != result)
      return std::nullopt;
    if (value(mask->inputs[1]).literal != Literal::zero) return std::nullopt;
    if (value(where->inputs[1]).literal != Literal::zero) return std::nullopt;
    return Product{.bias = bias, .relu = true};
  }

  /// Whether a bias goes along axis 1 of a result and is repeated along the others: columns, or channels.
  static bool has_one_number_for_each(const Shape& bias, const Shape& result) {
    const int lead = result.ndim() - bias.ndim();
    return lead <= 1 && bias.numel() == result[1] && bias[1 - lead] == result[1];
  }

  /// m = h <= 0; where(m, 0, y): a gradient that comes back through relu. It may be y seen with another
  /// shape.
  std::optional<Product> finish_with_mask(const Step& product, const Instruction& rest) const {
    if (rest.steps.size() != 2 || product.row != &row_of_Matmul()) return std::nullopt;
    const Step *mask = step(rest, 0, row_of_LessEqual()), *where = step(rest, 1, row_of_Where());
    if (mask == nullptr || where == nullptr || !is_inner(*mask) || where->inputs[0] != mask->output)
      return std::nullopt;
    if (value(mask->inputs[1]).literal != Literal::zero) return std::nullopt;
    if (value(where->inputs[1]).literal != Literal::zero) return std::nullopt;
    const Value &y = value(where->inputs[2]), &h = value(mask->inputs[0]);
    if (y.storage != value(product.output).storage || h.storage == y.storage) return std::nullopt;
    if (h.shape != y.shape || h.dtype != y.dtype) return std::nullopt;
    return Product{.mask = mask->inputs[0]};
  }

  /// base - scale * y: gradient descent, as one step or two.
  std::optional<Product> finish_with_update(const Step& product, const Instruction& rest) const {
    if (value(product.output).shape.ndim() != 2) return std::nullopt;
    if (const Step* descend = step(rest, 0, row_of_Descend())) {
      if (rest.steps.size() != 1 || descend->inputs[2] != product.output) return std::nullopt;
      return update(descend->inputs[0], descend->inputs[1], product);
    }
    if (rest.steps.size() != 2) return std::nullopt;
    const Step *mul = step(rest, 0, row_of_Mul()), *sub = step(rest, 1, row_of_Sub());
    if (mul == nullptr || sub == nullptr || !is_inner(*mul) || sub->inputs[1] != mul->output)
      return std::nullopt;
    const bool is_second = mul->inputs[1] == product.output;
    if (!is_second && mul->inputs[0] != product.output) return std::nullopt;
    return update(sub->inputs[0], mul->inputs[is_second ? 0 : 1], product);
  }

  std::optional<Product> update(std::int32_t base, std::int32_t scale, const Step& product) const {
    if (value(scale).shape.numel() != 1 || base == product.output) return std::nullopt;
    if (value(base).shape != value(product.output).shape) return std::nullopt;
    return Product{.base = base, .scale = scale};
  }

  Program& p_;
  const Uses uses_;
};

}  // namespace

void add_epilogues(Program& program) { Finisher(program).run(); }

}  // namespace chainrule
