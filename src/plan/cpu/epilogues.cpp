// Matrix products that finish their results themselves: bias and relu, the mask of a gradient through relu,
// or an optimizer's update.
#include <algorithm>
#include <optional>

#include "plan/cpu/fusion.h"
#include "plan/program.h"

namespace chainrule {
namespace {

class Finisher {
 public:
  explicit Finisher(Program& program) : p_(program), readers_(program.storages.size()) {
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      for (const std::int32_t s : p_.instructions[i].steps) {
        for (const std::int32_t input : p_.steps[s].inputs) {
          std::vector<std::size_t>& readers = readers_[p_.values[input].storage];
          if (readers.empty() || readers.back() != i) readers.push_back(i);
        }
      }
    }
  }

  void run() {
    std::vector<char> is_gone(p_.instructions.size());
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      const Instruction& product = p_.instructions[i];
      const Step& step = p_.steps[product.steps[0]];
      const bool is_batch = step.row == &row_of_Matmul() && p_.values[step.output].shape.ndim() != 2;
      if (product.is_fused() || !step.row->takes_epilogue || is_batch) continue;
      const std::vector<std::size_t>& readers = readers_[p_.values[step.output].storage];
      if (p_.storage_of(step.output).place != Place::arena || readers.size() != 1) continue;
      Instruction& rest = p_.instructions[readers[0]];
      if (!rest.is_fused()) continue;
      if (!finish_with_relu(step, rest) && !finish_with_mask(step, rest) && !finish_with_update(step, rest))
        continue;
      // The product takes the place of what followed it: all that either reads is there by then.
      rest.steps.insert(rest.steps.begin(), product.steps[0]);
      rest.fusions.clear();
      p_.storage_of(step.output).place = Place::block;
      is_gone[i] = 1;
    }
    std::vector<Instruction> left;
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      if (!is_gone[i]) left.push_back(std::move(p_.instructions[i]));
    }
    p_.instructions = std::move(left);
  }

 private:
  const Step* step(const Instruction& rest, std::size_t i, const OpRow& row) const {
    const Step& found = p_.steps[rest.steps[i]];
    return found.row == &row ? &found : nullptr;
  }
  const Value& value(std::int32_t v) const { return p_.values[v]; }
  bool is_inner(const Step& step) const { return p_.storage_of(step.output).place == Place::block; }

  /// [b = y + bias;] m = b <= 0; where(m, 0, b).
  bool finish_with_relu(const Step& product, Instruction& rest) const {
    std::int32_t result = product.output, bias = -1;
    std::size_t next = 0;
    const Shape& shape = value(result).shape;
    if (const Step* add = step(rest, 0, row_of_Add())) {
      const bool is_first = add->inputs[0] == result;
      bias = add->inputs[is_first ? 1 : 0];
      if (!is_first && add->inputs[1] != result) return false;
      if (!has_one_number_for_each(value(bias).shape, shape)) return false;
      result = add->output;
      next = 1;
      if (rest.steps.size() == 1) {
        rest.epilogue.bias = bias;
        return true;
      }
      if (!is_inner(*add)) return false;
    }
    if (rest.steps.size() != next + 2) return false;
    const Step *mask = step(rest, next, row_of_LessEqual()), *where = step(rest, next + 1, row_of_Where());
    if (mask == nullptr || where == nullptr || !is_inner(*mask)) return false;
    if (mask->inputs[0] != result || where->inputs[0] != mask->output || where->inputs[2] != result)
      return false;
    if (value(mask->inputs[1]).literal != Literal::zero) return false;
    if (value(where->inputs[1]).literal != Literal::zero) return false;
    rest.epilogue.bias = bias;
    rest.epilogue.relu = true;
    return true;
  }

  /// Whether a bias goes along axis 1 of a result and is repeated along the others: columns, or channels.
  static bool has_one_number_for_each(const Shape& bias, const Shape& result) {
    const int lead = result.ndim() - bias.ndim();
    return lead <= 1 && bias.numel() == result[1] && bias[1 - lead] == result[1];
  }

  /// m = h <= 0; where(m, 0, y): a gradient that comes back through relu. It may be y seen with another
  /// shape.
  bool finish_with_mask(const Step& product, Instruction& rest) const {
    if (rest.steps.size() != 2 || product.row != &row_of_Matmul()) return false;
    const Step *mask = step(rest, 0, row_of_LessEqual()), *where = step(rest, 1, row_of_Where());
    if (mask == nullptr || where == nullptr || !is_inner(*mask) || where->inputs[0] != mask->output)
      return false;
    if (value(mask->inputs[1]).literal != Literal::zero) return false;
    if (value(where->inputs[1]).literal != Literal::zero) return false;
    const Value &y = value(where->inputs[2]), &h = value(mask->inputs[0]);
    if (y.storage != value(product.output).storage || h.storage == y.storage) return false;
    if (h.shape != y.shape || h.dtype != y.dtype) return false;
    rest.epilogue.mask = mask->inputs[0];
    return true;
  }

  /// base - scale * y: gradient descent, as one step or two.
  bool finish_with_update(const Step& product, Instruction& rest) const {
    if (value(product.output).shape.ndim() != 2) return false;
    if (const Step* descend = step(rest, 0, row_of_Descend())) {
      if (rest.steps.size() != 1 || descend->inputs[2] != product.output) return false;
      return finish_with(descend->inputs[0], descend->inputs[1], product, rest);
    }
    if (rest.steps.size() != 2) return false;
    const Step *mul = step(rest, 0, row_of_Mul()), *sub = step(rest, 1, row_of_Sub());
    if (mul == nullptr || sub == nullptr || !is_inner(*mul) || sub->inputs[1] != mul->output) return false;
    const bool is_second = mul->inputs[1] == product.output;
    if (!is_second && mul->inputs[0] != product.output) return false;
    return finish_with(sub->inputs[0], mul->inputs[is_second ? 0 : 1], product, rest);
  }

  bool finish_with(std::int32_t base, std::int32_t scale, const Step& product, Instruction& rest) const {
    if (value(scale).shape.numel() != 1 || base == product.output) return false;
    if (value(base).shape != value(product.output).shape) return false;
    rest.epilogue.scale = scale;
    rest.epilogue.base = base;
    return true;
  }

  Program& p_;
  std::vector<std::vector<std::size_t>> readers_;  // instructions, by storage
};

}  // namespace

void add_epilogues(Program& program) { Finisher(program).run(); }

}  // namespace chainrule
