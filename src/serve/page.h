#pragma once

#include <string>

namespace chainrule::serve {

/// The page, whole: it asks no other site for anything. web/serve has its text, and its words in three
/// languages.
/// @param nonce  says to the browser which script is the page's own.
std::string page(const std::string& nonce);
/// What the page may do: run that script, and ask this server.
std::string page_headers(const std::string& nonce);
/// The same for a page that has no script.
std::string report_headers();

std::string random_nonce();

}  // namespace chainrule::serve
