#include "plan/cpu/cuts.h"

#include "plan/cpu/fusion.h"

namespace chainrule {
namespace {

// Of weights that are read again for each piece.
constexpr std::size_t kMaxWholeBytes = 256 * 1024;

Cut cut_of_elementwise(const Program& p, const Instruction& instruction) {
  const Shape& output = p.values[p.steps[instruction.steps[0]].output].shape;
  if (output.ndim() < 2 || output[0] < 2) return {};
  if (instruction.elementwise()->fusions[0]->blocks() % output[0] != 0)
    return {};  // the first axis is reduced
  Cut cut{.rows = output[0]};
  for (const std::int32_t s : instruction.steps) {
    const Step& step = p.steps[s];
    const Shape& made = p.values[step.output].shape;
    if (made.ndim() == 0 || made[0] != output[0]) return {};
    cut.pieces.push_back(step.output);
    for (const std::int32_t input : step.inputs) {
      const Shape& shape = p.values[input].shape;
      const bool is_cut = shape.ndim() == output.ndim() && shape[0] == output[0];
      (is_cut ? cut.pieces : cut.wholes).push_back(input);
    }
  }
  return cut;
}

/// Adds what a product does beside its step. Returns whether that can be done in pieces.
bool add_epilogue(const Program& p, const Product& product, Cut& cut) {
  if (product.base >= 0) return false;
  if (product.mask >= 0) {
    if (p.values[product.mask].shape[0] != cut.rows) return false;
    cut.pieces.push_back(product.mask);
  }
  if (product.bias >= 0) cut.wholes.push_back(product.bias);
  return true;
}

Cut cut_of_kernel(const Program& p, const Instruction& instruction) {
  const Step& first = p.steps[instruction.steps[0]];
  if (first.row->cpu->split == nullptr) return {};
  std::vector<Shape> shapes;
  for (const std::int32_t input : first.inputs) {
    shapes.push_back(p.values[input].shape);
    if (shapes.back().ndim() == 0) return {};
  }
  Cut cut{.split = first.row->cpu->split(first.attribute(), shapes)};
  if (cut.split.inputs == 0) return {};
  for (std::size_t i = 0; i < first.inputs.size(); ++i) {
    const bool is_cut = (cut.split.inputs >> i & 1) != 0;
    (is_cut ? cut.pieces : cut.wholes).push_back(first.inputs[i]);
    if (is_cut) cut.rows = shapes[i][0];
  }
  const Product* product = instruction.product();
  if (product != nullptr && !add_epilogue(p, *product, cut)) return {};
  if (cut.split.adds_up && instruction.steps.size() > 1) return {};
  for (const std::int32_t s : instruction.steps) {
    (cut.split.adds_up ? cut.wholes : cut.pieces).push_back(p.steps[s].output);
  }
  return cut;
}

}  // namespace

Cut cut_of(const Program& program, const Instruction& instruction) {
  Cut cut = instruction.elementwise() != nullptr ? cut_of_elementwise(program, instruction)
                                                 : cut_of_kernel(program, instruction);
  std::size_t whole_bytes = 0;
  for (const std::int32_t v : cut.wholes) whole_bytes += program.storage_of(v).bytes;
  if (cut.rows < 2 || whole_bytes > kMaxWholeBytes) return {};
  return cut;
}

}  // namespace chainrule
