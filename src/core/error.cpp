#include "chainrule/error.h"

#include <cstdio>

#include "core/utf8.h"

namespace chainrule {
namespace {

std::string with_code(int code, const std::string& message) {
  char suffix[16];
  std::snprintf(suffix, sizeof(suffix), " (E%03d)", code);
  return as_utf8(message) + suffix;  // bytes of files and names may stand in it
}

}  // namespace

Error::Error(int code, const std::string& message)
    : std::runtime_error(with_code(code, message)), code_(code) {}

}  // namespace chainrule
