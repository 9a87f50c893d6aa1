#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace chainrule::cli {

/// Whether the tool was built with libcurl.
bool can_download();

/// Called now and then with how many bytes are there, and how many there will be (0: not known).
using OnBytes = std::function<void(std::int64_t done, std::int64_t total)>;

/// Fetches a URL (http, https) into a file, going on where an earlier try stopped, if the server can. A
/// connection that breaks is tried again a few times; what has come stays in the file.
/// @param part  the file that grows.
/// Returns what went wrong, "" if the file is there whole.
std::string download(const std::string& url, const std::string& part, const OnBytes& on_bytes);

}  // namespace chainrule::cli
