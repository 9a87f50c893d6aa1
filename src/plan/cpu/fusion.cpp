#include "plan/cpu/fusion.h"

#include <algorithm>
#include <map>

namespace chainrule {
namespace {

// A block has as many elements as let all that it touches stay in the first cache, within these bounds.
constexpr std::int64_t kBlockBytes = 32 << 10, kMinBlock = 256, kMaxBlock = 1024;
constexpr std::int64_t kLongRun = 128;  // elements from which on a run is not put together with others
constexpr std::int64_t kPiece = 4096;   // elements that a reduction takes at once, if so few can be

}  // namespace

std::optional<BlockReduction> block_reduction(const Program& program, const Step& step) {
  const auto reduces_block = step.row->cpu->reduces_block;
  if (reduces_block == nullptr) return std::nullopt;
  const Value& from = program.values[step.inputs[0]];
  BlockReduction found;
  if (!reduces_block(step.attribute(), {from.dtype, from.shape}, found)) return std::nullopt;
  return found;
}

Fusion::Fusion(const Program& program, const std::vector<std::int32_t>& steps) {
  const Shape& shape = program.values[program.steps[steps[0]].output].shape;
  count_ = shape.numel();
  std::map<std::int32_t, std::int32_t> last_reader;  // by storage
  for (const std::int32_t s : steps) {
    for (const std::int32_t input : program.steps[s].inputs) last_reader[program.values[input].storage] = s;
  }
  std::vector<std::uint32_t> free;  // slots
  for (const std::int32_t s : steps) {
    const Step& step = program.steps[s];
    if (step.row->cpu->run_block == nullptr) {
      add_reduction(program, step);
      continue;
    }
    const Value& output = program.values[step.output];
    Part part{
        step.row->cpu->run_block, step.attribute(), {.dtype = program.values[step.inputs.back()].dtype}};
    for (const std::int32_t input : step.inputs) part.operands[part.count++] = operand_of(program, input);
    if (program.storages[output.storage].place == Place::block) {
      part.output = {Operand::inner, take_slot(size_of(output.dtype), free)};
    } else {
      part.output = {Operand::result, static_cast<std::uint32_t>(results_.size())};
      results_.push_back({output.storage, size_of(output.dtype)});
    }
    known_.emplace_back(output.storage, part.output);
    parts_.push_back(part);
    for (const std::int32_t input : step.inputs) {
      const auto last = last_reader.find(program.values[input].storage);
      if (last == last_reader.end() || last->second != s) continue;
      if (const Operand& read = operand_of(program, input); read.kind == Operand::inner)
        free.push_back(read.number);
      last_reader.erase(last);  // it may be read twice
    }
  }
  find_loops(program, shape);
  plan_pieces();
  plan_blocks();
  place_operands();
}

void Fusion::add_reduction(const Program& program, const Step& step) {
  const Value& from = program.values[step.inputs[0]];
  const auto block = block_reduction(program, step);
  size_ = block->size;
  inner_ = block->inner;
  reductions_.push_back(
      {block->op, from.dtype, operand_of(program, step.inputs[0]), program.values[step.output].storage});
}

/// A place in the scratch memory for what lives inside a block: one that is free, or a new one.
std::uint32_t Fusion::take_slot(std::size_t size, std::vector<std::uint32_t>& free) {
  const auto fits = [&](std::uint32_t slot) { return slots_[slot].size == size; };
  if (const auto found = std::find_if(free.begin(), free.end(), fits); found != free.end()) {
    const std::uint32_t slot = *found;
    free.erase(found);
    return slot;
  }
  slots_.push_back({size});
  return static_cast<std::uint32_t>(slots_.size()) - 1;
}

Fusion::Operand Fusion::operand_of(const Program& program, std::int32_t value) {
  const Value& v = program.values[value];
  for (const auto& [storage, operand] : known_) {
    if (storage == v.storage) return operand;
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (input_values_[i] == value) return {Operand::input, static_cast<std::uint32_t>(i)};
  }
  inputs_.push_back({v.storage, size_of(v.dtype)});
  input_values_.push_back(value);
  return {Operand::input, static_cast<std::uint32_t>(inputs_.size()) - 1};
}

// Axes along which every input goes on as inside them make one longer loop.
void Fusion::find_loops(const Program& program, const Shape& shape) {
  const std::size_t n = inputs_.size();
  std::vector<std::int64_t> inside(n, 1), strides(n);
  for (int axis = shape.ndim() - 1; axis >= 0; --axis) {
    const std::int64_t size = shape[axis];
    for (std::size_t i = 0; i < n; ++i) {
      const Shape& own_shape = program.values[input_values_[i]].shape;
      const int own = axis - (shape.ndim() - own_shape.ndim());
      const std::int64_t own_size = own < 0 ? 1 : own_shape[own];
      strides[i] = own_size == 1 ? 0 : inside[i];
      inside[i] *= own_size;
    }
    if (size == 1) continue;
    bool goes_on = !loops_.empty();
    for (std::size_t i = 0; goes_on && i < n; ++i) {
      const std::int64_t inner = inputs_[i].strides.back();
      goes_on = strides[i] == 0 ? inner == 0 : inner != 0 && strides[i] == inner * loops_.back();
    }
    if (goes_on) {
      loops_.back() *= size;
      continue;
    }
    loops_.push_back(size);
    for (std::size_t i = 0; i < n; ++i) inputs_[i].strides.push_back(strides[i]);
  }
  if (loops_.empty()) {
    loops_.push_back(1);
    for (Input& input : inputs_) input.strides.push_back(0);
  }
  for (Input& input : inputs_) {
    input.is_scalar = std::all_of(input.strides.begin(), input.strides.end(), [](auto s) { return s == 0; });
    input.is_whole = !input.is_scalar && loops_.size() == 1;
    if (loops_.size() == 1) continue;
    std::int64_t whole = 1;
    input.is_whole = true;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      input.is_whole = input.is_whole && input.strides[i] == whole;
      whole *= loops_[i];
    }
  }
}

/// A piece: whole runs, or a power of two of the tree's blocks.
void Fusion::plan_pieces() {
  if (reductions_.empty()) return;
  if (inner_ == 1) {
    takes_runs_ = size_ <= kPiece;
    piece_ = takes_runs_ ? kPiece / size_ * size_ : kPiece;
  } else {
    std::int64_t rows = kernels::kBlockRows;
    while (2 * rows * inner_ <= kPiece) rows *= 2;
    piece_ = rows * inner_;
  }
  for (const Reduction& reduction : reductions_) {
    if (reduction.operand.kind == Operand::inner) slots_[reduction.operand.number].holds_piece = true;
  }
}

void Fusion::plan_blocks() {
  if (count_ == 0) return;
  const std::int64_t run = loops_[0];
  repeats_ = loops_.size() > 1 && run < kLongRun;
  std::size_t touched = 0;  // bytes for an element
  for (const Input& input : inputs_) touched += input.is_scalar ? 0 : input.size;
  for (const Result& result : results_) touched += result.size;
  for (const Slot& slot : slots_) touched += slot.size;
  const std::int64_t fitting = kBlockBytes / static_cast<std::int64_t>(touched) / kMinBlock * kMinBlock;
  const std::int64_t block = std::clamp(fitting, kMinBlock, kMaxBlock);
  if (repeats_) {
    block_ = std::min(count_, std::max<std::int64_t>(1, block / run) * run);
  } else {
    block_ = std::min(run, block);
  }
  const auto reserve = [this](std::size_t size, std::int64_t elements) {
    const std::size_t offset = scratch_bytes_;
    scratch_bytes_ += (bytes(elements, size) + 63) / 64 * 64;
    return offset;
  };
  for (Slot& slot : slots_) slot.offset = reserve(slot.size, slot.holds_piece ? piece_ : block_);
  for (Input& input : inputs_) {
    input.is_repeated = repeats_ && !input.is_whole && !input.is_scalar;
    if (input.is_repeated) input.offset = reserve(input.size, block_);
  }
}

/// What of the parts' blocks is the same in every run.
void Fusion::place_operands() {
  const std::array<std::size_t, 3> first{0, inputs_.size(), inputs_.size() + results_.size()};  // by kind
  for (Part& part : parts_) {
    part.output_place = first[part.output.kind] + part.output.number;
    for (std::size_t i = 0; i < part.count; ++i) {
      const Operand& operand = part.operands[i];
      part.places[i] = first[operand.kind] + operand.number;
      if (operand.kind != Operand::input) continue;
      const Input& input = inputs_[operand.number];
      part.block.is_scalar[i] = input.is_scalar || (!input.is_repeated && input.strides[0] == 0);
    }
  }
}

}  // namespace chainrule
