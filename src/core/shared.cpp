#include "chainrule/shared.h"

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule {

void throw_empty_handle(const char* what) {
  throw ValueError(10, cat("[", what, "] the ", what,
                           " is empty: it was default-constructed or moved from. Give it a value first."));
}

}  // namespace chainrule
