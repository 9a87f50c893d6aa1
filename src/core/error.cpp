#include "chainrule/error.h"

#include <cstdio>

namespace chainrule {
namespace {

std::string with_code(int code, const std::string& message) {
  char suffix[16];
  std::snprintf(suffix, sizeof(suffix), " (E%03d)", code);
  return message + suffix;
}

}  // namespace

Error::Error(int code, const std::string& message)
    : std::runtime_error(with_code(code, message)), code_(code) {}

}  // namespace chainrule
