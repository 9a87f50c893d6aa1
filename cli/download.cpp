#include "download.h"

#ifndef CHAINRULE_HAS_CURL

namespace chainrule::cli {

bool can_download() { return false; }
std::string download(const std::string&, const std::string&, const OnBytes&) { return "not built in"; }

}  // namespace chainrule::cli

#else

#include <curl/curl.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

namespace chainrule::cli {
namespace {

constexpr int kTries = 4;
constexpr long kTimeoutSeconds = 30;  // to connect, and without a byte
constexpr long kFound = 200, kPartial = 206, kBeyondTheEnd = 416;

/// One answer of a server, written behind what the file has, or in its place where the server begins anew.
struct Transfer {
  CURL* curl;
  const std::string& path;
  std::int64_t had;
  const OnBytes& on_bytes;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{nullptr, std::fclose};
  int write_error = 0;

  bool open() {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != kPartial) had = 0;
    file.reset(std::fopen(path.c_str(), status == kPartial ? "ab" : "wb"));
    if (file == nullptr) write_error = errno;
    return file != nullptr;
  }
};

std::size_t write_piece(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.file == nullptr && !transfer.open()) return 0;
  const std::size_t written = std::fwrite(bytes, size, count, transfer.file.get());
  if (written != count) transfer.write_error = errno;
  return written * size;
}

int tell(void* user, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.on_bytes && total > 0) transfer.on_bytes(transfer.had + now, transfer.had + total);
  return 0;
}

struct Answer {
  std::string problem;
  bool may_be_tried_again = false;
};

Answer ask(const std::string& url, const std::string& part, const OnBytes& on_bytes) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(part, ignored);
  const std::int64_t had = ignored ? 0 : static_cast<std::int64_t>(size);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (curl == nullptr) return {"libcurl does not start"};
  Transfer transfer{curl.get(), part, had, on_bytes};
  char detail[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  const std::string range = std::to_string(had) + "-";
  set(CURLOPT_URL, url.c_str());
  if (had > 0) set(CURLOPT_RANGE, range.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_CONNECTTIMEOUT, kTimeoutSeconds);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, kTimeoutSeconds);
  set(CURLOPT_USERAGENT, "chainrule/" CHAINRULE_VERSION);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(detail));
  set(CURLOPT_WRITEFUNCTION, write_piece);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, tell);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (transfer.file != nullptr && std::fclose(transfer.file.release()) != 0) transfer.write_error = errno;
  if (transfer.write_error != 0) return {fmt::format("{}: {}", part, std::strerror(transfer.write_error))};
  if (code == CURLE_OK && (status == kFound || status == kPartial)) return {};
  if (status == kBeyondTheEnd) return {};  // it was whole already; its checksum tells
  if (code == CURLE_HTTP_RETURNED_ERROR) return {fmt::format("the server answers {}", status), status >= 500};
  if (code == CURLE_OK) return {fmt::format("the server answers {}", status)};
  const bool is_name = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT ||
                       code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_COULDNT_CONNECT;
  return {*detail != '\0' ? detail : curl_easy_strerror(code), !is_name};
}

}  // namespace

bool can_download() { return true; }

std::string download(const std::string& url, const std::string& part, const OnBytes& on_bytes) {
  for (int tried = 1;; ++tried) {
    const Answer answer = ask(url, part, on_bytes);
    if (answer.problem.empty() || !answer.may_be_tried_again || tried == kTries) return answer.problem;
    std::this_thread::sleep_for(std::chrono::milliseconds(200 << tried));
  }
}

}  // namespace chainrule::cli

#endif
