#pragma once

#include "chainrule/location.h"

namespace chainrule::python {

/// The line of the Python program that called: the innermost frame outside of the package. Lives for ever.
Location caller();

/// The folder whose files are the package's own.
void set_package_folder(const char* folder);

}  // namespace chainrule::python
