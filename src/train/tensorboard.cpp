// The handler that writes event files.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "chainrule/error.h"
#include "chainrule/train/handlers.h"
#include "core/text.h"
#include "train/event_file.h"

namespace chainrule::train {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// TensorBoard groups by what stands before the first '/': "test/accuracy".
std::string tag_of(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return name;
}

/// "events.out.tfevents.1700000000.host.123.0"
std::string file_name() {
  static int counter = 0;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') host = {'h', 'o', 's', 't'};
  return cat("events.out.tfevents.", static_cast<std::int64_t>(now()), '.', host.data(), '.', getpid(), '.',
             counter++);
}

class TensorBoard final : public Handler {
 public:
  explicit TensorBoard(std::string folder) : folder_(std::move(folder)) {}
  ~TensorBoard() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  void call(Trainer&) override {}
  void begin(Trainer& trainer) override {
    if (file_ != nullptr || !trainer.writes()) return;
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    path_ = cat(folder_, '/', file_name());
    file_ = std::fopen(path_.c_str(), "abx");
    if (file_ == nullptr) fail();
    append(event_header(now()));
  }
  void reported(Trainer& trainer, const Report& report) override {
    if (!trainer.writes()) return;
    const double time = now();
    std::string events = scalar_event(time, report.step, "loss", report.loss) +
                         scalar_event(time, report.step, "lr", report.lr);
    for (const Measure& measure : report.metrics) {
      if (measure.matrix.empty())
        events += scalar_event(time, report.step, tag_of(measure.name), measure.value);
    }
    for (const nn::NamedParameter& one : trainer.net().parameters()) {
      events +=
          histogram_event(time, report.step, tag_of(one.name), one.parameter.value().to_vector<double>());
    }
    append(events);
  }

 private:
  [[noreturn]] void fail() const {
    throw FileError(83, cat("[write] ", path_, ": ", std::strerror(errno),
                            ". Check that the folder can be written to and has room."));
  }
  void append(const std::string& bytes) {
    errno = 0;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size() || std::fflush(file_) != 0) fail();
  }

  std::string folder_, path_;
  std::FILE* file_ = nullptr;
};

}  // namespace

Shared<Handler> tensorboard(std::string folder) {
  return Shared<Handler>(new TensorBoard(std::move(folder)));
}

}  // namespace chainrule::train
