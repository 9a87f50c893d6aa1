#include "core/memory.h"

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule {

void throw_no_memory(std::size_t bytes) {
  const bool is_known = bytes < SIZE_MAX;
  throw MemoryError(148, cat("[memory] ", is_known ? cat(bytes) : std::string("more than 2^63"),
                             " bytes cannot be had. Make the tensors smaller, or compute them in parts."));
}

}  // namespace chainrule
