#pragma once

#include <string>

#include "chainrule/error.h"

namespace chainrule {

/// What the error says that a call throws.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace chainrule
