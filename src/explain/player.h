#pragma once

namespace chainrule::explain {

/// How a page steps: buttons, slider and keys. Its own script, behind this one, calls
///     start({last, from, show}, step)
/// with the last step's number, what the first one is called, what shows a step, and the step to begin with.
extern const char* const kPlayerScript;

}  // namespace chainrule::explain
