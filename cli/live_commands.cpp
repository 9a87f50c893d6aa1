#include "live_commands.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

namespace chainrule::cli {
namespace {

constexpr std::size_t kMostWaiting = 32;
constexpr double kLargestRate = 1e6;

struct Named {
  std::string_view name;
  LiveCommand::Kind kind;
};
constexpr Named kNamed[] = {
    {"pause", LiveCommand::Kind::pause}, {"continue", LiveCommand::Kind::go_on},
    {"step", LiveCommand::Kind::step},   {"lr", LiveCommand::Kind::lr},
    {"stop", LiveCommand::Kind::stop},   {"checkpoint", LiveCommand::Kind::checkpoint}};

serve::Response refused(int status, std::string_view why) {
  return {.status = status, .type = "application/json", .body = nlohmann::json{{"error", why}}.dump() + "\n"};
}

}  // namespace

serve::Response LiveCommands::post(const std::string& body) {
  if (!is_allowed_) return refused(403, "the page only shows: start the training with --serve-control");
  const nlohmann::json asked = nlohmann::json::parse(body, nullptr, false);
  if (!asked.is_object() || !asked.contains("do") || !asked["do"].is_string())
    return refused(400, R"(need {"do": "pause"}, or continue, step, lr, checkpoint, stop)");
  const std::string name = asked["do"];
  const auto found = std::find_if(std::begin(kNamed), std::end(kNamed),
                                  [&](const Named& each) { return each.name == name; });
  if (found == std::end(kNamed)) return refused(400, "there are pause, continue, step, lr, checkpoint, stop");
  LiveCommand command{found->kind};
  if (command.kind == LiveCommand::Kind::checkpoint && !has_checkpoints_)
    return refused(409, "there is no folder for checkpoints: start the training with --out RUN");
  if (command.kind == LiveCommand::Kind::lr) {
    const auto value = asked.find("value");
    command.value = value != asked.end() && value->is_number() ? value->get<double>() : 0;
    if (!(command.value > 0 && command.value <= kLargestRate))
      return refused(400, "a learning rate is a number above 0 and at most 1e6");
  }
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == kMostWaiting) return refused(503, "too much is asked for at once");
  waiting_.push_back(command);
  came_.notify_one();
  return {.status = 202, .type = "application/json", .body = "{\"accepted\": true}\n"};
}

std::optional<LiveCommand> LiveCommands::take(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  if (most.count() > 0) came_.wait_for(lock, most, [this] { return !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  const LiveCommand command = waiting_.front();
  waiting_.pop_front();
  return command;
}

}  // namespace chainrule::cli
