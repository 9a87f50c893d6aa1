#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/program.h"

namespace chainrule {

/// Which instructions of a program write and read each piece of memory, as the program stands when the table
/// is made.
class Uses {
 public:
  explicit Uses(const Program& program);

  /// The instruction that writes a storage; -1 for a leaf.
  std::int32_t writer(std::int32_t storage) const { return writers_[storage]; }
  /// Those that read it, in order, each once; not the one that writes it.
  std::span<const std::int32_t> readers(std::int32_t storage) const { return readers_[storage]; }
  /// The last of them; -1 if there is none.
  std::int32_t last_reader(std::int32_t storage) const {
    return readers_[storage].empty() ? -1 : readers_[storage].back();
  }

 private:
  std::vector<std::int32_t> writers_;
  std::vector<std::vector<std::int32_t>> readers_;
};

/// What an instruction's elementwise steps make for nobody but it needs no memory.
void hide_inner_results(Program& program, const Uses& uses, const Instruction& instruction);

}  // namespace chainrule
