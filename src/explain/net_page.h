#pragma once

namespace chainrule::explain {

/// What the page of a net looks like, and how it steps.
extern const char* const kNetPageStyle;
extern const char* const kNetPageScript;

}  // namespace chainrule::explain
