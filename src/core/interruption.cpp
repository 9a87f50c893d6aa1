#include "core/interruption.h"

namespace chainrule {

constinit thread_local Interruption interruption = nullptr;

}  // namespace chainrule
