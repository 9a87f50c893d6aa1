#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chainrule::train {

/// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, as iSCSI has it (RFC 3720).
std::uint32_t crc32c(std::string_view bytes);

/// Records of TensorBoard's event files, bytes to append: protocol buffers with their lengths and checksums.
/// @{
/// The first one of a file.
std::string event_header(double time);
/// @param time  seconds since 1970. @param tag  "test/accuracy"
std::string scalar_event(double time, std::int64_t step, std::string_view tag, double value);
/// How numbers are spread over 30 bins from the smallest to the largest. Those that are not finite are left
/// out.
std::string histogram_event(double time, std::int64_t step, std::string_view tag,
                            std::span<const double> numbers);
/// @}

}  // namespace chainrule::train
