// Damaged and hostile files of one format, by libFuzzer:  fuzz_npy -max_total_time=60 FOLDER
//
// CMakeLists.txt beside this file says how it is built. Nothing may happen but an Error.
#include <cstddef>
#include <cstdint>

#include "chainrule/error.h"
#include "formats.h"

namespace {

const chainrule::fuzz::Format& chosen() {
  for (const chainrule::fuzz::Format& format : chainrule::fuzz::formats()) {
    if (format.name == CHAINRULE_FORMAT) return format;
  }
  __builtin_trap();
}

}  // namespace

/// Memory that cannot be had is an Error, too.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const chainrule::fuzz::Format& format = chosen();
  try {
    format.read({reinterpret_cast<const char*>(data), size});
  } catch (const chainrule::Error&) {
  }
  return 0;
}
