// Fused instructions at work; how they are laid out is in fusion.cpp.
#include <algorithm>
#include <cstring>

#include "core/thread_pool.h"
#include "kernels/simd/gemm_scratch.h"
#include "plan/cpu/fusion.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxOperands = 4 * kMaxFusedSteps;
constexpr std::int64_t kMinTask = 1 << 14;  // elements times steps that are worth handing to another thread

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
  const std::int64_t end = begin + count;
  for (std::int64_t run = 0; begin < end; begin += run, to += bytes(run, input.size)) {
    run = std::min(end - begin, loops_[0] - begin % loops_[0]);
    const std::byte* at = from + bytes(place(input, begin), input.size);
    if (input.strides[0] == 0) {
      fill(to, at, run, input.size);
    } else {
      std::memcpy(to, at, bytes(run, input.size));
    }
  }
}

const std::byte* Fusion::run_part(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
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
    for (const Reduction& reduction : reductions_) {
      if (reduction.operand.kind != Operand::inner) continue;
      const Slot& slot = slots_[reduction.operand.number];
      inner[reduction.operand.number] = scratch + slot.offset + bytes(first - begin, slot.size);
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
  return scratch;
}

const std::byte* Fusion::elements(const Reduction& reduction, std::span<void* const> memory,
                                  const std::byte* scratch, std::int64_t begin) const {
  const std::uint32_t number = reduction.operand.number;
  if (reduction.operand.kind == Operand::inner) return scratch + slots_[number].offset;
  return static_cast<const std::byte*>(memory[results_[number].storage]) +
         bytes(begin, results_[number].size);
}

// Each piece gives the results of its runs.
void Fusion::run_runs(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
  const std::int64_t pieces = (end - begin + piece_ - 1) / piece_;
  const std::int64_t work = piece_ * static_cast<std::int64_t>(parts_.size());
  parallel_for(pieces, std::max<std::int64_t>(1, kMinTask / work), [&](std::int64_t b, std::int64_t e) {
    for (std::int64_t first = begin + b * piece_; b < e; ++b, first += piece_) {
      const std::int64_t last = std::min(end, first + piece_);
      const std::byte* scratch = run_part(memory, first, last);
      for (const Reduction& r : reductions_) {
        with_floating(r.dtype, [&]<class T>(std::type_identity<T>) {
          kernels::reduce_runs(r.op, reinterpret_cast<const T*>(elements(r, memory, scratch, first)),
                               (last - first) / size_, size_,
                               static_cast<T*>(memory[r.storage]) + first / size_);
        });
      }
    }
  });
}

// Each piece gives a row of accumulators; those of a block are put together at the end.
void Fusion::run_pieces(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
  thread_local kernels::Scratch thread_rows;
  const std::int64_t whole = size_ * inner_, pieces = (whole + piece_ - 1) / piece_;  // of a block
  const std::int64_t blocks = (end - begin) / whole, width = inner_ == 1 ? kernels::kLanes : inner_;
  const std::int64_t row_count = blocks * pieces;
  auto* rows = thread_rows.get<double>(static_cast<std::int64_t>(reductions_.size()) * row_count * width);
  const auto row_of = [&]<class T>(std::type_identity<T>, std::size_t reduction, std::int64_t row) {
    return reinterpret_cast<T*>(rows) + (static_cast<std::int64_t>(reduction) * row_count + row) * width;
  };
  const std::int64_t work = std::min(piece_, whole) * static_cast<std::int64_t>(parts_.size());
  parallel_for(row_count, std::max<std::int64_t>(1, kMinTask / work), [&](std::int64_t b, std::int64_t e) {
    for (; b < e; ++b) {
      const std::int64_t block = begin + b / pieces * whole;
      const std::int64_t first = block + b % pieces * piece_, last = std::min(block + whole, first + piece_);
      const std::byte* scratch = run_part(memory, first, last);
      for (std::size_t i = 0; i < reductions_.size(); ++i) {
        const Reduction& r = reductions_[i];
        with_floating(r.dtype, [&]<class T>(std::type_identity<T> type) {
          kernels::reduce_piece(r.op, reinterpret_cast<const T*>(elements(r, memory, scratch, first)),
                                (last - first) / inner_, inner_, row_of(type, i, b));
        });
      }
    }
  });
  for (std::size_t i = 0; i < reductions_.size(); ++i) {
    with_floating(reductions_[i].dtype, [&]<class T>(std::type_identity<T> type) {
      T* results = static_cast<T*>(memory[reductions_[i].storage]) + begin / size_;
      for (std::int64_t block = 0; block < blocks; ++block)
        kernels::reduce_rows(reductions_[i].op, row_of(type, i, block * pieces), pieces, inner_,
                             results + block * inner_);
    });
  }
}

void Fusion::run(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const {
  if (begin >= end) return;
  if (!reductions_.empty()) {
    return takes_runs_ ? run_runs(memory, begin, end) : run_pieces(memory, begin, end);
  }
  if (end - begin <= block_) {
    run_part(memory, begin, end);
    return;
  }
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
