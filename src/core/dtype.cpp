#include "chainrule/dtype.h"

#include <ostream>

namespace chainrule {

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

}  // namespace chainrule
