#include "serve/page.h"

#include <string_view>

#include "core/text.h"
#include "serve/listen.h"

namespace chainrule::serve {
namespace {

// Made of web/serve by CMake.
constexpr std::string_view kPage =
#include "page_html.inc"
    ;
constexpr std::string_view kStyle =
#include "page_css.inc"
    ;
constexpr std::string_view kChart =
#include "chart_js.inc"
    ;
constexpr std::string_view kScript =
#include "page_js.inc"
    ;
constexpr std::string_view kEnglish =
#include "en_json.inc"
    ;
constexpr std::string_view kChinese =
#include "zh_json.inc"
    ;
constexpr std::string_view kJapanese =
#include "ja_json.inc"
    ;

void replace(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

std::string headers(std::string_view scripts) {
  return cat("Content-Security-Policy: default-src 'none'; ", scripts,
             "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'\r\n");
}

}  // namespace

std::string page(const std::string& nonce) {
  std::string text(kPage);
  replace(text, "@STYLE@", kStyle);
  replace(text, "@SCRIPT@", cat(kChart, kScript));
  replace(text, "@NONCE@", nonce);
  replace(text, "@WORDS@", cat("{\"en\": ", kEnglish, ", \"zh\": ", kChinese, ", \"ja\": ", kJapanese, "}"));
  return text;
}

std::string page_headers(const std::string& nonce) {
  return headers(cat("script-src 'nonce-", nonce, "'; connect-src 'self'; "));
}

std::string report_headers() { return headers(""); }

std::string random_nonce() { return random_token(); }

}  // namespace chainrule::serve
