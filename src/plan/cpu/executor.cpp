#include "plan/cpu/executor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/interruption.h"
#include "core/reused.h"
#include "plan/cpu/fusion.h"

namespace chainrule {
namespace {

/// The arena of this thread: plans run one after the other and share it.
struct ThreadArena {
  Buffer memory;
  std::size_t bytes = 0;
  void clear() {}
};

/// The shape with another first size.
Shape with_first(const Shape& shape, std::int64_t size) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes{};
  std::copy(shape.begin(), shape.end(), sizes.begin());
  sizes[0] = size;
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(shape.ndim())));
}

/// Adds the time it exists to a number, if there is one.
class Timer {
 public:
  explicit Timer(double* seconds) : seconds_(seconds) {
    if (seconds_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  ~Timer() {
    if (seconds_ == nullptr) return;
    *seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  double* seconds_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

Executor::Executor(Program program) : program_(std::move(program)), memory_(program_.storages.size()) {
  for (const Instruction& instruction : program_.instructions) jobs_.push_back(job_of(instruction));
  seconds_.resize(jobs_.size());
  for (const Strip& strip : program_.strips) {
    pieces_.emplace_back();
    for (std::int32_t i = strip.begin; i < strip.end; ++i) {
      for (const std::int32_t s : program_.instructions[i].steps) {
        const std::int32_t output = program_.steps[s].output;
        if (program_.storage_of(output).place != Place::piece) continue;
        pieces_.back().emplace_back(program_.values[output].storage, program_.row_bytes(output));
      }
    }
  }
}

Executor::Job Executor::job_of(const Instruction& instruction) const {
  if (const Elementwise* elementwise = instruction.elementwise()) return Fusions(elementwise->fusions);
  KernelCall call;
  call.step = &program_.steps[instruction.steps[0]];
  for (const std::int32_t input : call.step->inputs) {
    call.inputs.push_back({nullptr, program_.values[input].dtype, program_.values[input].shape});
    call.input_storages.push_back(program_.values[input].storage);
  }
  call.product = instruction.product();
  call.result = program_.steps[instruction.steps.back()].output;
  if (std::holds_alternative<Pair>(instruction.kind))
    call.also = std::exchange(call.result, call.step->output);
  const Value& output = program_.values[call.result];
  call.output = {nullptr, output.dtype, output.shape};
  call.split = instruction.split;
  call.kept = instruction.kept;
  return call;
}

void Executor::run(std::span<void* const> leaves, std::span<void* const> results,
                   std::span<Node* const> nodes) {
  const Reused<ThreadArena> arena;
  if (arena->bytes < program_.arena_bytes) {
    arena->memory = {};
    arena->bytes = 0;  // should there be no memory
    arena->memory = Buffer::allocate(program_.arena_bytes);
    arena->bytes = program_.arena_bytes;
  }
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    memory_[program_.values[program_.leaves[i]].storage] = leaves[i];
  }
  for (std::size_t i = 0; i < results.size(); ++i) memory_[program_.results[i]] = results[i];
  if (arena_ != arena->memory.data()) {
    arena_ = static_cast<std::byte*>(arena->memory.data());
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      if (program_.storages[i].place == Place::arena) memory_[i] = arena_ + program_.storages[i].offset;
    }
  }
  if (timed_) std::fill(seconds_.begin(), seconds_.end(), 0);
  auto strip = program_.strips.begin();
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    ask_interruption();
    if (strip != program_.strips.end() && static_cast<std::int32_t>(i) == strip->begin) {
      run_strip(*strip, nodes);
      i = static_cast<std::size_t>(strip++->end) - 1;
      continue;
    }
    const Timer timer(timed_ ? &seconds_[i] : nullptr);
    if (KernelCall* const call = std::get_if<KernelCall>(&jobs_[i])) {
      run_whole(*call, nodes);
    } else {
      run_whole(*std::get_if<Fusions>(&jobs_[i]), nodes);
    }
  }
}

void Executor::run_whole(Fusions fusions, std::span<Node* const>) {
  if (fusions.size() == 1) return fusions[0]->run(memory_, 0, fusions[0]->count());
  Fusion::run_all(fusions, memory_);
}

void Executor::run_whole(KernelCall& call, std::span<Node* const> nodes) {
  const Step& step = *call.step;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    call.inputs[i].data = memory_[call.input_storages[i]];
  }
  call.output.data = memory_[program_.values[call.result].storage];
  void* also = call.also < 0 ? nullptr : memory_[program_.values[call.also].storage];
  run_row(*step.row, step.attribute(), {call.inputs, call.output, epilogue_of(call, 0), {}, also},
          nodes[step.node]->origin, Kernels::fast);
}

Epilogue Executor::epilogue_of(const KernelCall& call, std::int64_t row) const {
  if (call.product == nullptr) return {};
  const Product& e = *call.product;
  const auto place = [this](std::int32_t value) -> const void* {
    return value < 0 ? nullptr : memory_[program_.values[value].storage];
  };
  const void* mask = row == 0 || e.mask < 0 ? place(e.mask) : row_of(e.mask, row);
  return {place(e.bias), e.relu, mask, place(e.base), place(e.scale)};
}

void* Executor::row_of(std::int32_t value, std::int64_t row) const {
  const auto at = reinterpret_cast<std::uintptr_t>(memory_[program_.values[value].storage]);
  return reinterpret_cast<void*>(at + static_cast<std::size_t>(row) * program_.row_bytes(value));
}

void Executor::run_strip(const Strip& strip, std::span<Node* const> nodes) {
  for (std::int64_t begin = 0; begin < strip.rows; begin += strip.piece) {
    ask_interruption();
    const std::int64_t end = std::min(strip.rows, begin + strip.piece);
    place_pieces(strip, begin);
    for (std::int32_t i = strip.begin; i < strip.end; ++i) {
      const Timer timer(timed_ ? &seconds_[i] : nullptr);
      std::visit([&](auto& job) { run_piece(job, strip, begin, end, nodes); }, jobs_[i]);
    }
  }
}

// Where the first row of the whole would lie, so that rows have one number in pieces and in wholes. Added up
// as integers: no such memory need exist.
void Executor::place_pieces(const Strip& strip, std::int64_t begin) {
  for (const auto& [storage, row_bytes] :
       pieces_[static_cast<std::size_t>(&strip - program_.strips.data())]) {
    const auto at = reinterpret_cast<std::uintptr_t>(arena_ + program_.storages[storage].offset);
    memory_[storage] = reinterpret_cast<void*>(at - static_cast<std::size_t>(begin) * row_bytes);
  }
}

void Executor::run_piece(Fusions fusions, const Strip& strip, std::int64_t begin, std::int64_t end,
                         std::span<Node* const>) {
  const Fusion& fusion = *fusions[0];  // in a strip there is but one
  const std::int64_t row = fusion.count() / strip.rows;
  fusion.run(memory_, begin * row, end * row);
}

void Executor::run_piece(KernelCall& call, const Strip& strip, std::int64_t begin, std::int64_t end,
                         std::span<Node* const> nodes) {
  const Step& step = *call.step;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    ConstArray& input = call.inputs[i];
    if ((call.split.inputs >> i & 1) == 0) {
      input.data = memory_[call.input_storages[i]];
    } else {
      input.data = row_of(step.inputs[i], begin);
      input.shape = with_first(program_.values[step.inputs[i]].shape, end - begin);
    }
  }
  if (call.split.adds_up) {
    call.output.data = memory_[program_.values[call.result].storage];
  } else {
    call.output.data = row_of(call.result, begin);
    call.output.shape = with_first(program_.values[call.result].shape, end - begin);
  }
  const Piece piece{begin == 0, end == strip.rows, call.kept < 0 ? nullptr : memory_[call.kept]};
  void* also = call.also < 0 ? nullptr : row_of(call.also, begin);
  run_row(*step.row, step.attribute(), {call.inputs, call.output, epilogue_of(call, begin), piece, also},
          nodes[step.node]->origin, Kernels::fast);
}

}  // namespace chainrule
