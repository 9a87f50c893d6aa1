#include "plan/fusion.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "core/thread_pool.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule {
namespace {

// A block has as many elements as let all that it touches stay in the first cache, within these bounds.
constexpr std::int64_t kBlockBytes = 32 << 10, kMinBlock = 256, kMaxBlock = 1024;
constexpr std::size_t kMaxOperands = 4 * kMaxFusedSteps;
constexpr std::int64_t kLongRun = 128;      // elements from which on a run is not put together with others
constexpr std::int64_t kMinTask = 1 << 14;  // elements times steps that are worth handing to another thread

std::size_t bytes(std::int64_t elements, std::size_t size) {
  return static_cast<std::size_t>(elements) * size;
}

template <class T>
void fill(std::byte* to, const std::byte* value, std::int64_t count) {
  T number;
  std::memcpy(&number, value, sizeof(T));
  std::fill_n(reinterpret_cast<T*>(to), count, number);
}

void fill(std::byte* to, const std::byte* value, std::int64_t count, std::size_t size) {
  if (size == 4) return fill<std::uint32_t>(to, value, count);
  if (size == 8) return fill<std::uint64_t>(to, value, count);
  fill<std::uint8_t>(to, value, count);
}

}  // namespace

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
    const Value& output = program.values[step.output];
    Part part{step.row->run_block, step.attribute(), {.dtype = program.values[step.inputs.back()].dtype}};
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
  plan_blocks();
  place_operands();
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
  const auto reserve = [this](std::size_t size) {
    const std::size_t offset = scratch_bytes_;
    scratch_bytes_ += (bytes(block_, size) + 63) / 64 * 64;
    return offset;
  };
  for (Slot& slot : slots_) slot.offset = reserve(slot.size);
  for (Input& input : inputs_) {
    input.is_repeated = repeats_ && !input.is_whole && !input.is_scalar;
    if (input.is_repeated) input.offset = reserve(input.size);
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

std::int64_t Fusion::place(const Input& input, std::int64_t element) const {
  if (input.is_whole) return element;
  if (input.is_scalar || element == 0) return 0;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    at += element % loops_[i] * input.strides[i];
    element /= loops_[i];
  }
  return at;
}

/// Writes the input's elements for [begin, begin + count) of the result, run by run.
void Fusion::repeat(const Input& input, const std::byte* from, std::int64_t begin, std::int64_t count,
                    std::byte* to) const {
  const std::int64_t run = loops_[0];  // begin is a multiple of it
  for (std::int64_t done = 0; done < count; done += run, to += bytes(run, input.size)) {
    const std::byte* at = from + bytes(place(input, begin + done), input.size);
    if (input.strides[0] == 0) {
      fill(to, at, run, input.size);
    } else {
      std::memcpy(to, at, bytes(run, input.size));
    }
  }
}

void Fusion::run_part(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
  thread_local kernels::Scratch thread_scratch;
  std::byte* scratch = thread_scratch.get<std::byte>(static_cast<std::int64_t>(scratch_bytes_));
  std::array<std::byte*, kMaxOperands> at;  // of this block's operands: inputs, results, inner ones
  std::byte** const results = at.data() + inputs_.size();
  std::byte** const inner = results + results_.size();
  for (std::size_t i = 0; i < slots_.size(); ++i) inner[i] = scratch + slots_[i].offset;
  for (std::int64_t first = begin, count = 0; first < end; first += count) {
    count = std::min(block_, end - first);
    if (!repeats_ && loops_.size() > 1) count = std::min(count, loops_[0] - first % loops_[0]);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Input& input = inputs_[i];
      auto* from = static_cast<std::byte*>(memory[input.storage]);
      if (input.is_repeated) {
        at[i] = scratch + input.offset;
        repeat(input, from, first, count, at[i]);
      } else {
        at[i] = from + bytes(place(input, first), input.size);
      }
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      results[i] = static_cast<std::byte*>(memory[results_[i].storage]) + bytes(first, results_[i].size);
    }
    for (const Part& part : parts_) {
      Block block = part.block;
      for (std::size_t i = 0; i < part.count; ++i) block.inputs[i] = at[part.places[i]];
      block.output = at[part.output_place];
      block.count = count;
      part.run(part.attributes, block);
    }
  }
}

void Fusion::run(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
  if (begin >= end) return;
  if (end - begin <= block_) return run_part(memory, begin, end);
  const std::int64_t blocks = (end - begin + block_ - 1) / block_;
  const std::int64_t work = block_ * static_cast<std::int64_t>(parts_.size());
  parallel_for(blocks, std::max<std::int64_t>(1, kMinTask / work), [&](std::int64_t b, std::int64_t e) {
    run_part(memory, begin + b * block_, std::min(end, begin + e * block_));
  });
}

std::int64_t Fusion::next_block(std::int64_t element) const {
  return std::min(count_, (std::max<std::int64_t>(0, element) + block_ - 1) / block_ * block_);
}

// The elements of all are numbered through, one fusion's after the other's. Whoever gets a stretch of them
// computes the blocks that begin there.
void Fusion::run_all(std::span<const std::shared_ptr<const Fusion>> fusions, std::span<void* const> memory) {
  std::int64_t count = 0;
  for (const auto& fusion : fusions) count += fusion->count_;
  const auto steps = static_cast<std::int64_t>(fusions[0]->parts_.size());
  parallel_for(count, kMinTask / steps, [&](std::int64_t begin, std::int64_t end) {
    for (const auto& fusion : fusions) {
      fusion->run_part(memory, fusion->next_block(begin), fusion->next_block(end));
      begin -= fusion->count_;
      end -= fusion->count_;
    }
  });
}

}  // namespace chainrule
