#pragma once

#include <cstdint>
#include <string_view>

namespace chainrule::nn {

/// A number for a path, the same on every machine: FNV-1a (Fowler, Noll, Vo).
constexpr std::uint64_t number_of_path(std::string_view path, std::uint64_t from = 0xCBF29CE484222325u) {
  for (const char c : path) from = (from ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return from;
}

}  // namespace chainrule::nn
