#include "plan/uses.h"

namespace chainrule {

Uses::Uses(const Program& program)
    : writers_(program.storages.size(), -1), readers_(program.storages.size()) {
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const auto instruction = static_cast<std::int32_t>(i);
    for (const std::int32_t s : program.instructions[i].steps) {
      const Step& step = program.steps[s];
      for (const std::int32_t input : step.inputs) {
        const std::int32_t storage = program.values[input].storage;
        std::vector<std::int32_t>& readers = readers_[storage];
        const bool is_known = !readers.empty() && readers.back() == instruction;
        if (!is_known && writers_[storage] != instruction) readers.push_back(instruction);
      }
      writers_[program.values[step.output].storage] = instruction;
    }
  }
}

void hide_inner_results(Program& program, const Uses& uses, const Instruction& instruction) {
  for (const std::int32_t s : instruction.steps) {
    const Step& step = program.steps[s];
    Storage& storage = program.storage_of(step.output);
    const bool is_inner = uses.readers(program.values[step.output].storage).empty();
    if (is_inner && storage.place == Place::arena && step.row->cpu->run_block != nullptr) {
      storage.place = Place::block;
    }
  }
}

}  // namespace chainrule
