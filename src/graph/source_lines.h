#pragma once

#include <string>

#include "chainrule/location.h"

namespace chainrule {

/// From now on no message of this process names a line of source: those of a tool tell its users nothing.
void hide_source_lines();

/// "train.cpp:41"; "" if it is not known, or hidden.
std::string line_text(Location where);

}  // namespace chainrule
