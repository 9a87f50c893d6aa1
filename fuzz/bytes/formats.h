#pragma once

#include <span>
#include <string_view>

// What reads files that come from anywhere.
namespace chainrule::fuzz {

/// One format: its name, and what reads bytes of it and looks at all that was read.
struct Format {
  std::string_view name;
  /// @throws Error  for bytes that are no such file: nothing else may happen.
  void (*read)(std::string_view bytes);
};

std::span<const Format> formats();

}  // namespace chainrule::fuzz
