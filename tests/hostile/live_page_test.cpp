// The live page of a training against clients that are wrong, slow, many or of another site: what is refused,
// and that the training goes on as if they were not there.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/live.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;

/// A run that goes on for as long as it is needed.
ServedRun endless(std::vector<std::string> more = {}) {
  std::vector<std::string> words{"train",   "--data",    small_set(),
                                 "--steps", "100000000", "--train.report_every",
                                 "1000000", "--serve",   "0"};
  words.insert(words.end(), more.begin(), more.end());
  return ServedRun(words);
}

/// Whether it still steps: two messages of different steps come, the first of which may be old.
bool goes_on(const ServedRun& run) {
  Client client(run.port());
  client.send("GET " + run.path() + "events HTTP/1.1\r\nHost: " + run.host() + "\r\n\r\n");
  std::string text;
  for (std::int64_t first = -1, i = 0; i < 50; ++i) {
    text += client.receive("\n\n", 20'000);
    for (std::size_t end; (end = text.find("\n\n")) != std::string::npos; text.erase(0, end + 2)) {
      if (!text.starts_with("data: ")) continue;
      const std::int64_t step = Json::parse(text.substr(6, end - 6)).at("step");
      if (first >= 0 && step > first) return run.is_running();
      first = step;
    }
  }
  return false;
}

struct Wrong {
  const char* what;
  std::string request;
  int status;  // 0: the connection is closed without an answer
};

std::vector<Wrong> wrong_requests(const ServedRun& run) {
  const std::string page = run.path(), host = "Host: " + run.host() + "\r\n";
  const std::string control = "POST " + page + "control HTTP/1.1\r\n" + host;
  const std::string json = "Content-Type: application/json\r\n",
                    pause = "Content-Length: 15\r\n\r\n{\"do\": \"pause\"}";
  const std::string get = "GET " + page + " HTTP/1.1\r\n";
  return {
      {"no token", "GET / HTTP/1.1\r\n" + host + "\r\n", 404},
      {"a wrong token", "GET /00000000000000000000000000000000/ HTTP/1.1\r\n" + host + "\r\n", 404},
      {"half a token", "GET " + page.substr(0, 17) + "/ HTTP/1.1\r\n" + host + "\r\n", 404},
      {"a path that goes up", "GET " + page + "../../../etc/passwd HTTP/1.1\r\n" + host + "\r\n", 404},
      {"a path that goes up, encoded",
       "GET " + page + "%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + host + "\r\n", 404},
      {"a path with a zero", "GET " + page + std::string(1, '\0') + " HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a path of another server", "GET http://example.org/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"no host", get + "\r\n", 403},
      {"two hosts", get + host + host + "\r\n", 403},
      {"a name that another site lets stand for this machine", get + "Host: evil.example:80\r\n\r\n", 403},
      {"such a name that begins well", get + "Host: 127.0.0.1.evil.example\r\n\r\n", 403},
      {"such a name that ends well", get + "Host: evil.localhost\r\n\r\n", 403},
      {"another site that reads", get + host + "Origin: http://evil.example\r\n\r\n", 403},
      {"another site that posts", control + "Origin: http://evil.example\r\n" + json + pause, 403},
      {"another port that posts", control + "Origin: http://127.0.0.1:1\r\n" + json + pause, 403},
      {"no site that posts", control + "Origin: null\r\n" + json + pause, 403},
      {"another site by what the browser says", control + "Sec-Fetch-Site: cross-site\r\n" + json + pause,
       403},
      {"a form", control + "Content-Type: application/x-www-form-urlencoded\r\n" + pause, 415},
      {"a text", control + "Content-Type: text/plain\r\n" + pause, 415},
      {"a huge body", control + json + "Content-Length: 10000000000\r\n\r\n", 413},
      {"a length beyond all numbers", control + json + "Content-Length: 99999999999999999999999\r\n\r\n",
       413},
      {"a negative length", control + json + "Content-Length: -5\r\n\r\n", 400},
      {"two lengths", control + json + "Content-Length: 5\r\nContent-Length: 15\r\n\r\n{\"do\": \"pause\"}",
       400},
      {"chunks", control + json + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 501},
      {"a body of what has none", get + host + "Content-Length: 5\r\n\r\nhello", 400},
      {"another method", "DELETE " + page + " HTTP/1.1\r\n" + host + "\r\n", 405},
      {"a question before a post of another site", "OPTIONS " + page + "control HTTP/1.1\r\n" + host + "\r\n",
       405},
      {"a post to what is read",
       "POST " + page + "info HTTP/1.1\r\n" + host + json + "Content-Length: 2\r\n\r\n{}", 405},
      {"no HTTP", "hello\r\n\r\n", 400},
      {"HTTP of a day to come", "GET " + page + " HTTP/9.9\r\n" + host + "\r\n", 505},
      {"the hello of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400},
      {"a line without a colon", get + host + "what is this\r\n\r\n", 400},
      {"a line that goes on", get + host + "A: b\r\n c\r\n\r\n", 400},
      {"a line that never ends", get + host + "A: " + std::string(100'000, 'a'), 431},
      {"lines that never end",
       get + host +
           [] {
             std::string lines;
             for (int i = 0; i < 5000; ++i) lines += "A: b\r\n";
             return lines;
           }(),
       431},
      {"a path that never ends", "GET /" + std::string(1'000'000, 'a'), 431},
  };
}

TEST(HostileRequests, AreRefusedAndChangeNothing) {
  ServedRun run = endless({"--serve-control"});
  for (const Wrong& each : wrong_requests(run)) {
    const std::string answer = answer_to(run.port(), each.request);
    EXPECT_EQ(status_of(answer), each.status) << each.what << "\n" << answer.substr(0, 300);
    EXPECT_EQ(answer.find(run.path().substr(1, 32)), std::string::npos) << each.what << " tells the token";
  }
  EXPECT_TRUE(goes_on(run));
  EXPECT_EQ(status_of(get(run, run.path())), 200);
}

TEST(HostileRequests, AreRefusedAsCommandsToo) {
  ServedRun run = endless({"--serve-control"});
  const std::string path = run.path() + "control";
  for (const char* body :
       {"", "{", "[]", "null", "{}", R"({"do": 1})", R"({"do": "explode"})", R"({"do": "lr"})",
        R"({"do": "lr", "value": -1})", R"({"do": "lr", "value": "1"})", R"({"do": "lr", "value": 1e999})",
        R"({"do": "lr", "value": 0})", "\xff\xfe", "{\"do\": \"pause\"}}"}) {
    EXPECT_EQ(status_of(post(run, path, body)), 400) << body;
  }
  EXPECT_EQ(status_of(post(run, path, std::string(4000, '['))), 400);
  EXPECT_EQ(status_of(post(run, path, std::string(5000, ' '))), 413);
  EXPECT_EQ(status_of(post(run, path, R"({"do": "checkpoint"})")), 409) << "there is no folder";
  EXPECT_TRUE(goes_on(run));
}

TEST(HostileRequests, CannotCommandAPageThatOnlyShows) {
  ServedRun run = endless();
  EXPECT_EQ(status_of(post(run, run.path() + "control", R"({"do": "stop"})")), 403);
  EXPECT_TRUE(goes_on(run));
}

// Whoever never reads, asks half a question, or comes a thousand times: none is waited for.
TEST(SlowAndManyClients, AreNotWaitedFor) {
  ServedRun run = endless();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {  // they listen, and never read
    clients.emplace_back(run.port());
    clients.back().send("GET " + run.path() + "events HTTP/1.1\r\nHost: " + run.host() + "\r\n\r\n");
  }
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(run.port());
    clients.back().send("GET " + run.path());
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(status_of(get(run, run.path() + "info")), 200) << i;
  clients.clear();
  EXPECT_TRUE(goes_on(run));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 130) << run.said();
}

TEST(SlowAndManyClients, MayCloseTheirSideAfterTheQuestion) {
  ServedRun run = endless();
  Client client(run.port());
  client.send("GET " + run.path() + " HTTP/1.1\r\nHost: " + run.host() + "\r\n\r\n");
  client.says_no_more();
  EXPECT_NE(client.receive().find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace chainrule::cli
