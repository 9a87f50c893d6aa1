#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace chainrule::cli {

/// A net with its sizes, inputs first: "mlp:784-128-10".
struct SizedNet {
  std::string net;         ///< "mlp([128, 10])"
  std::int64_t input = 0;  ///< 784, which the data must have
};

/// Nothing for what is written otherwise: "mlp([128, 10])".
/// @param source  how messages name the setting: "--net".
/// @throws ValueError  for a net that is not written so, or sizes that are none (E630).
std::optional<SizedNet> read_sized_net(const std::string& text, const std::string& source);

}  // namespace chainrule::cli
