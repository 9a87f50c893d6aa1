// The live page of chainrule train --serve: what it shows, what may be asked for on it, and that a training
// is the same with it as without.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/live.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Words& endless() {
  static const Words words{"train",   "--data",  small_set(), "--steps", "100000000", "--train.report_every",
                           "1000000", "--serve", "0"};
  return words;
}

/// What is sent to who listens, one after the other.
class Events {
 public:
  explicit Events(const ServedRun& run) : client_(run.port()) {
    client_.send("GET " + run.path() + "events HTTP/1.1\r\nHost: " + run.host() + "\r\n\r\n");
  }
  /// The next one; null at the end.
  Json next() {
    for (;;) {
      const std::size_t at = text_.find("data: "), end = text_.find("\n\n", at);
      if (at != std::string::npos && end != std::string::npos) {
        const Json message = Json::parse(text_.substr(at + 6, end - at - 6));
        text_.erase(0, end + 2);
        return message;
      }
      const std::string more = client_.receive("\n\n", 30'000);
      if (more.empty()) return {};
      text_ += more;
    }
  }
  /// The next one of which it holds.
  template <class F>
  Json next_that(F holds) {
    for (int i = 0; i < 200; ++i) {
      const Json message = next();
      if (message.is_null() || holds(message)) return message;
    }
    return {};
  }

 private:
  Client client_;
  std::string text_;
};

Json info_of(const ServedRun& run) { return Json::parse(body_of(get(run, run.path() + "info"))); }

int ask(const ServedRun& run, const std::string& body) {
  return status_of(post(run, run.path() + "control", body,
                        "Content-Type: application/json\r\nOrigin: http://" + run.host() + "\r\n"));
}

TEST(LivePage, IsWholeAndAsksNobodyElse) {
  ServedRun run(endless());
  const std::string answer = get(run, run.path()), page = body_of(answer);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_NE(answer.find("Content-Security-Policy: default-src 'none';"), std::string::npos);
  EXPECT_NE(page.find("<!DOCTYPE html>"), std::string::npos);
  for (const char* never :
       {"http://", "https://", "//cdn", "@WORDS@", "@NONCE@", "@SCRIPT@", "@STYLE@", "innerHTML"}) {
    const std::size_t at = page.find(never);
    const bool is_name = at != std::string::npos && page.compare(at, 25, "http://www.w3.org/2000/sv") == 0;
    EXPECT_TRUE(at == std::string::npos || is_name) << never;
  }
  for (const char* title : {"Curves", "曲线", "曲線"})
    EXPECT_NE(page.find(title), std::string::npos) << title;
  EXPECT_EQ(status_of(get(run, run.path().substr(0, 33))), 301);
  const std::string head =
      answer_to(run.port(), "HEAD " + run.path() + " HTTP/1.1\r\nHost: " + run.host() + "\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_EQ(body_of(head), "");
  for (const char* host : {"localhost:99", "127.0.0.1", "[::1]:8080", "192.168.1.7"}) {
    EXPECT_EQ(
        status_of(answer_to(run.port(), "GET " + run.path() + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")),
        200)
        << host;
  }
}

TEST(LivePage, ShowsImagesOfClasses) {
  ServedRun run(endless());
  const Json info = info_of(run);
  EXPECT_EQ(info["samples"]["kind"], "images");
  EXPECT_EQ(info["samples"]["rows"].size(), 12u);
  EXPECT_EQ(info["samples"]["rows"][0]["image"].get<std::string>().rfind("data:image/png;base64,iVBOR", 0),
            0u);
  EXPECT_EQ(info["control"], false);
  Events events(run);
  const Json now = events.next_that([](const Json& each) { return each["details_step"] > 0; });
  ASSERT_FALSE(now.is_null());
  EXPECT_EQ(now["state"], "training");
  EXPECT_EQ(now["layers"].size(), 4u);
  for (const Json& layer : now["layers"]) EXPECT_GT(layer["gradient"], 0) << layer;
  EXPECT_EQ(now["predictions"].size(), 12u);
  EXPECT_LE(now["curve"]["step"].size(), 600u);
  EXPECT_EQ(now["curve"]["step"].back(), now["step"]);
  EXPECT_EQ(now["curve"]["step"].size(), now["curve"]["loss"].size());
  const Json later = events.next_that([](const Json& each) { return each["rate"] > 0; });
  EXPECT_GT(later["step"], now["step"]);
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 130);
}

/// A run on a table.
ServedRun cars(const TemporaryFolder& folder, const Words& more = {}) {
  std::ofstream file(folder / "cars.csv");
  file << "weight,origin,mpg\n";
  for (int i = 0; i < 40; ++i)
    file << 2000 + 13 * i << "," << (i % 3 == 0 ? "usa" : "japan") << "," << 40 - i << "\n";
  file.close();
  return ServedRun(Words{"train", "--data", "cars.csv", "--target", "mpg", "--net", "mlp([4, 1])", "--steps",
                         "100000000", "--train.report_every", "1000000", "--serve=0"} +
                       more,
                   folder.string());
}

TEST(LivePage, ShowsTables) {
  const TemporaryFolder folder;
  ServedRun run = cars(folder);
  const Json samples = info_of(run)["samples"];
  EXPECT_EQ(samples["kind"], "rows");
  const std::string input = samples["rows"][0]["input"];
  EXPECT_EQ(input.rfind("weight 2", 0), 0u) << input;
  EXPECT_NE(input.find(", origin="), std::string::npos) << input;
  Events events(run);
  const Json now = events.next_that([](const Json& each) { return each["details_step"] > 1000; });
  ASSERT_FALSE(now.is_null());
  // It has learnt the straight line: what it says is near the truth.
  EXPECT_NEAR(std::stod(now["predictions"][0]["said"].get<std::string>()),
              std::stod(samples["rows"][0]["truth"].get<std::string>()), 20);
}

TEST(LivePage, ShowsHowATextGoesOn) {
  const TemporaryFolder folder;
  std::ofstream file(folder / "text.txt");
  for (int i = 0; i < 200; ++i) file << "the cat sat on the mat " << i << "\n";
  file.close();
  ServedRun run({"train", "--data", "text.txt", "--data.text.length", "8", "--net",
                 "char_rnn(embedding=3, hidden=4)", "--steps", "100000000", "--serve"},
                folder.string());
  const Json samples = info_of(run)["samples"];
  EXPECT_EQ(samples["kind"], "text");
  EXPECT_EQ(samples["rows"][0]["input"].get<std::string>().size(), 8u);
  Events events(run);
  const Json now = events.next();
  EXPECT_EQ(now["predictions"].size(), 3u) << now;
  EXPECT_EQ(now["predictions"][0]["said"].get<std::string>().size(), 60u) << now;
}

TEST(LivePage, ChangesNoBit) {
  const TemporaryFolder folder;
  const Words words{
      "train",    "--data", small_set(), "--net", "sequential([affine(20), relu, dropout(0.3), affine(4)])",
      "--epochs", "150",    "--seed",    "7",     "--optimizer",
      "adam",     "--json"};
  const Json alone = Json::parse(run_tool(words).out);
  ServedRun run(words + Words{"--serve", "0", "--serve-control"});
  {
    Events events(run);
    for (int i = 0; i < 50; ++i) get(run, run.path() + "info");
    while (events.next().value("state", "ended") != "ended") {
    }
  }
  EXPECT_EQ(run.wait(), 0) << run.said();
  const std::string& said = run.said();
  const Json served = Json::parse(said.substr(said.find("\n{\n") + 1));
  EXPECT_EQ(served["parameters_fnv1a"], alone["parameters_fnv1a"]);
  EXPECT_EQ(served["final_loss"], alone["final_loss"]);
}

TEST(LivePage, ObeysWhatMayBeAsked) {
  const TemporaryFolder folder;
  const std::string kept = folder / "run";
  ServedRun run(endless() + Words{"--serve-control", "--out", kept});
  EXPECT_EQ(info_of(run)["control"], true);
  Events events(run);
  EXPECT_EQ(ask(run, R"({"do": "pause"})"), 202);
  const auto is_paused = [](const Json& each) { return each["state"] == "paused"; };
  const Json paused = events.next_that(is_paused);
  ASSERT_FALSE(paused.is_null());
  EXPECT_EQ(events.next_that(is_paused)["step"], paused["step"]) << "it stands";
  const std::int64_t step = paused["step"];
  EXPECT_EQ(ask(run, R"({"do": "step"})"), 202);
  const Json stepped =
      events.next_that([&](const Json& each) { return is_paused(each) && each["step"] > step; });
  EXPECT_EQ(stepped["step"], step + 1);
  EXPECT_EQ(ask(run, R"({"do": "lr", "value": 0.025})"), 202);
  EXPECT_EQ(ask(run, R"({"do": "checkpoint"})"), 202);
  EXPECT_TRUE(run.waits_for("checkpoint of step " + std::to_string(step + 1) + " written"));
  EXPECT_TRUE(std::filesystem::exists(kept + "/checkpoint-a.safetensors"));
  EXPECT_EQ(ask(run, R"({"do": "continue"})"), 202);
  const Json faster = events.next_that([&](const Json& each) { return each["step"] > step + 1; });
  EXPECT_NEAR(faster["lr"], 0.025, 1e-12);
  EXPECT_EQ(ask(run, R"({"do": "stop"})"), 202);
  const Json ended = events.next_that([](const Json& each) { return each["state"] == "ended"; });
  EXPECT_FALSE(ended.is_null());
  EXPECT_EQ(body_of(get(run, run.path() + "report")), read_file(kept + "/report.html"));
}

// The learning rate that was set is that of the run, also when it goes on without a page.
TEST(LivePage, KeepsTheLearningRateInCheckpoints) {
  const TemporaryFolder folder;
  const std::string kept = folder / "run";
  ServedRun run(endless() + Words{"--serve-control", "--out", kept});
  EXPECT_EQ(ask(run, R"({"do": "lr", "value": 0.025})"), 202);
  EXPECT_TRUE(run.waits_for("learning rate 0.025 from step"));
  EXPECT_EQ(ask(run, R"({"do": "stop"})"), 202);
  EXPECT_EQ(run.wait(), 0) << run.said();
  const std::int64_t done = Json::parse(read_file(kept + "/result.json"))["steps"];
  const Outcome more = run_tool({"train", "--resume", kept, "--steps", std::to_string(done + 1), "-q"});
  EXPECT_EQ(more.code, 0) << more.err;
  const std::string history = read_file(kept + "/history.jsonl");
  const std::string last = history.substr(history.rfind('\n', history.size() - 2) + 1);
  EXPECT_NEAR(Json::parse(last)["lr"], 0.025, 1e-12) << last;
}

TEST(LivePage, WorksForARunThatGoesOn) {
  const TemporaryFolder folder;
  const std::string kept = folder / "run";
  EXPECT_EQ(run_tool({"train", "--data", small_set(), "--steps", "10", "-q", "--out", kept}).code, 0);
  ServedRun run({"train", "--resume", kept, "--steps", "100000000", "--serve"});
  Events events(run);
  const Json now = events.next_that([](const Json& each) { return each["step"] > 10; });
  EXPECT_EQ(now["reports"]["step"][0], 2) << now["reports"];
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 143);
}

TEST(LivePage, StaysAsTheReportIfItIsKept) {
  ServedRun run({"train", "--data", small_set(), "--steps", "10", "--serve", "--serve-keep"});
  EXPECT_TRUE(run.waits_for("the report stays at http://127.0.0.1:"));
  const std::string page = get(run, run.path());
  EXPECT_NE(page.find("<h2 id=\"curves\">"), std::string::npos) << page;
  EXPECT_TRUE(run.is_running());
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 0) << run.said();
}

TEST(LivePage, SaysThatATrainingFailed) {
  const TemporaryFolder folder;
  ServedRun run = cars(folder, {"--serve-control", "--optimizer", "sgd"});
  Events events(run);
  events.next();
  EXPECT_EQ(ask(run, R"({"do": "lr", "value": 1e6})"), 202);
  const Json failed = events.next_that([](const Json& each) { return each["state"] == "failed"; });
  ASSERT_FALSE(failed.is_null());
  EXPECT_NE(failed["note"].get<std::string>().find("(E080)"), std::string::npos) << failed["note"];
  EXPECT_EQ(run.wait(), 5);
}

TEST(LivePage, NeedsAPortThatIsFree) {
  ServedRun run(endless());
  const std::string port = std::to_string(run.port());
  const Outcome taken = run_tool({"train", "--data", small_set(), "--serve", port});
  EXPECT_EQ(taken.code, 2);
  EXPECT_EQ(taken.err,
            "chainrule: [serve] port " + port +
                " of 127.0.0.1 is in use already, by another run perhaps. Name another, or 0 for any "
                "that is free. (E394)\n");
}

}  // namespace
}  // namespace chainrule::cli
