#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// As much of HTTP/1.1 (RFC 9112) as a live page needs: GET and POST, a body of known length, and one request
// a connection. Whatever is more or malformed is refused, and nothing that is kept grows with what a client
// sends.
namespace chainrule::serve {

inline constexpr std::size_t kMostHead = 16 * 1024;  ///< bytes of a request's lines
inline constexpr std::size_t kMostBody = 4 * 1024;   ///< and of what follows them

struct Request {
  std::string method, path;  ///< the path as it came: nothing is decoded, a query is part of it
  std::string host, origin, content_type, fetch_site;
  std::string body;
  int hosts = 0;  ///< how many lines Host there were
};

struct Response {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string headers = {};  ///< more of them, each a line with its end
};

/// What has come of a request so far.
struct Parsed {
  bool is_complete = false;
  int refused = 0;  ///< a status from 400 on: it will never be one
};
/// Reads as far as the bytes go. @param request  is whole if the result says so.
Parsed parse(std::string_view bytes, Request& request);

/// As it goes over the wire, with what keeps browsers from doing more with it than show it.
/// @param with_body  not for HEAD.
std::string wire(const Response& response, bool with_body = true);

/// Equal; in a time that tells nothing of where they differ.
bool same_secret(std::string_view a, std::string_view b);

/// A refusal that says why, or status 0: whether the request comes from the page itself. Names of hosts that
/// are not this machine are refused, since another site may let its name stand for 127.0.0.1; and what is
/// posted must come from the page, as JSON, which no other site can send.
/// @param bound  the address that is listened at.
Response refusal(const Request& request, std::string_view bound);

}  // namespace chainrule::serve
