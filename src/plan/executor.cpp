#include "plan/executor.h"

#include <chrono>

#include "core/reused.h"
#include "plan/fusion.h"

namespace chainrule {
namespace {

/// The arena of this thread: plans run one after the other and share it.
struct ThreadArena {
  Buffer memory;
  std::size_t bytes = 0;
  void clear() {}
};

}  // namespace

Executor::Executor(Program program) : program_(std::move(program)), memory_(program_.storages.size()) {
  for (const Instruction& instruction : program_.instructions) {
    Call call;
    if (instruction.fusion) {
      call.fusion = instruction.fusion.get();
    } else {
      call.step = &program_.steps[instruction.steps[0]];
      for (const std::int32_t input : call.step->inputs) {
        call.inputs.push_back({nullptr, program_.values[input].dtype, program_.values[input].shape});
      }
      const Value& output = program_.values[call.step->output];
      call.output = {nullptr, output.dtype, output.shape};
    }
    calls_.push_back(std::move(call));
  }
  seconds_.resize(calls_.size());
}

void Executor::run(std::span<void* const> leaves, std::span<void* const> results,
                   std::span<Node* const> nodes) {
  const Reused<ThreadArena> arena;
  if (arena->bytes < program_.arena_bytes) {
    arena->memory = {};
    arena->memory = Buffer::allocate(program_.arena_bytes);
    arena->bytes = program_.arena_bytes;
  }
  for (std::size_t i = 0; i < memory_.size(); ++i) {
    const Storage& storage = program_.storages[i];
    const auto number = static_cast<std::size_t>(storage.number);
    switch (storage.place) {
      case Place::leaf:
        memory_[i] = leaves[number];
        break;
      case Place::result:
        memory_[i] = results[number];
        break;
      case Place::arena:
        memory_[i] = static_cast<std::byte*>(arena->memory.data()) + storage.offset;
        break;
      case Place::block:
        break;
    }
  }
  if (!timed_) {
    for (Call& call : calls_) run_call(call, nodes);
    return;
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    run_call(calls_[i], nodes);
    seconds_[i] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
}

void Executor::run_call(Call& call, std::span<Node* const> nodes) {
  if (call.fusion != nullptr) return call.fusion->run(memory_);
  const Step& step = *call.step;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    call.inputs[i].data = memory_[program_.values[step.inputs[i]].storage];
  }
  call.output.data = memory_[program_.values[step.output].storage];
  run_row(*step.row, step.attribute(), {call.inputs, call.output}, nodes[step.node]->origin, Kernels::fast);
}

}  // namespace chainrule
