#include "serve/http.h"

#include <algorithm>
#include <charconv>

#include "core/text.h"

namespace chainrule::serve {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The next line, without its end, which is taken off the text. There is one.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

int refuse_first(std::string_view line, Request& request) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  const std::string_view method = line.substr(0, first), path = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || !is_visible(path) || !path.starts_with('/')) return 400;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return version.starts_with("HTTP/") ? 505 : 400;
  if (method != "GET" && method != "HEAD" && method != "POST") return 405;
  request.method = method, request.path = path;
  return 0;
}

/// What the lines after the first say.
struct Head {
  std::size_t length = 0;
  int lengths = 0;
};

int refuse_line(std::string_view line, Request& request, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
    return 400;
  if (name == "transfer-encoding") return 501;
  if (name == "host") request.host = value, ++request.hosts;
  if (name == "origin") request.origin = value;
  if (name == "content-type") request.content_type = lower(value);
  if (name == "sec-fetch-site") request.fetch_site = value;
  if (name != "content-length") return 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), head.length);
  if (error == std::errc::result_out_of_range) return 413;
  if (error != std::errc() || end != value.data() + value.size() || ++head.lengths > 1) return 400;
  return head.length > kMostBody ? 413 : 0;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 301:
      return "Moved Permanently";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Bad Request";
  }
}

/// "localhost" of "localhost:8080", "[::1]" of "[::1]:8080"; "" for what is no host.
std::string_view name_in(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') + 1 : std::min(host.find(':'), host.size());
  const std::string_view port = host.substr(end);
  const bool is_port = port.empty() || (port[0] == ':' && port.size() <= 6 &&
                                        port.find_first_not_of("0123456789", 1) == std::string_view::npos);
  return is_port ? host.substr(0, end) : std::string_view();
}

/// Numbers, which no name server gives out, or this machine.
bool is_this_machine(std::string_view host, std::string_view bound) {
  const std::string name = lower(name_in(host));
  if (name.empty()) return false;
  if (name == "localhost" || name == bound) return true;
  const bool is_v6 = name.starts_with('[') &&
                     name.find_first_not_of("0123456789abcdef:.", 1) == name.size() - 1 && name.back() == ']';
  return is_v6 || (std::count(name.begin(), name.end(), '.') == 3 &&
                   name.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

Parsed parse(std::string_view bytes, Request& request) {
  const std::size_t end = bytes.substr(0, kMostHead).find("\r\n\r\n");
  if (end == std::string_view::npos) return {false, bytes.size() >= kMostHead ? 431 : 0};
  request = {};
  Head head;
  std::string_view lines = bytes.substr(0, end + 2);
  if (const int refused = refuse_first(take_line(lines), request)) return {true, refused};
  while (!lines.empty()) {
    if (const int refused = refuse_line(take_line(lines), request, head)) return {true, refused};
  }
  const std::string_view body = bytes.substr(end + 4);
  if (request.method != "POST" && head.length > 0) return {true, 400};
  if (body.size() < head.length) return {};
  request.body = body.substr(0, head.length);
  return {true, 0};
}

std::string wire(const Response& response, bool with_body) {
  std::string text = cat("HTTP/1.1 ", response.status, " ", reason_of(response.status), "\r\n");
  text += cat("Content-Type: ", response.type, "\r\nContent-Length: ", response.body.size(), "\r\n");
  text +=
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\nConnection: close\r\n";
  text += response.headers + "\r\n";
  return with_body ? text + response.body : text;
}

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differs |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differs == 0;
}

Response refusal(const Request& request, std::string_view bound) {
  if (request.hosts != 1 || !is_this_machine(request.host, bound))
    return {.status = 403, .body = "Open the address as chainrule train printed it.\n"};
  const bool is_ours = request.origin.empty() || request.origin == cat("http://", request.host);
  const std::string& site = request.fetch_site;
  const bool is_here = site.empty() || site == "same-origin";
  if (!is_ours || (request.method == "POST" && !is_here))
    return {.status = 403, .body = "Only the page itself may ask for that.\n"};
  if (request.method == "POST" && !request.content_type.starts_with("application/json"))
    return {.status = 415, .body = "What is posted is JSON: Content-Type: application/json.\n"};
  return {.status = 0};
}

}  // namespace chainrule::serve
