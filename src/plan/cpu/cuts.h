#pragma once

#include <cstdint>
#include <vector>

#include "plan/program.h"

namespace chainrule {

/// How an instruction can be cut along the first axis: into how many rows, which values it cuts and which it
/// takes whole.
struct Cut {
  std::int64_t rows = 0;                               // 0: not at all
  std::vector<std::int32_t> pieces = {}, wholes = {};  // values; a result that adds up is a whole
  Split split = {};                                    // of a kernel
};

Cut cut_of(const Program& program, const Instruction& instruction);

}  // namespace chainrule
