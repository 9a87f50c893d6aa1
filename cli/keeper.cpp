#include "keeper.h"

#include <fmt/format.h>

#include <utility>

#include "chainrule/error.h"
#include "output.h"

namespace chainrule::cli {
namespace {

class Forgiving final : public train::Handler {
 public:
  Forgiving(Shared<train::Handler> keeper, std::string folder, bool& is_kept)
      : keeper_(std::move(keeper)), folder_(std::move(folder)), is_kept_(is_kept) {}

  void begin(train::Trainer& trainer) override { keeper_->begin(trainer); }
  void call(train::Trainer& trainer) override {
    attempt([&] { keeper_->call(trainer); });
  }
  void reported(train::Trainer& trainer, const train::Report& report) override {
    attempt([&] { keeper_->reported(trainer, report); });
  }
  void ending(train::Trainer& trainer) override {
    attempt([&] { keeper_->ending(trainer); });
  }
  void end(train::Trainer& trainer) override { keeper_->end(trainer); }
  NamedTensors state() const override { return keeper_->state(); }
  void restore(const NamedTensors& state) override { keeper_->restore(state); }

 private:
  template <class F>
  void attempt(F write) {
    if (!is_kept_) return;
    try {
      write();
    } catch (const FileError& error) {
      is_kept_ = false;
      warn(
          fmt::format("{} Training goes on, and {} is not written to any more: --resume {} goes on from the "
                      "last checkpoint that it has.",
                      error.what(), folder_, folder_));
    }
  }

  Shared<train::Handler> keeper_;
  std::string folder_;
  bool& is_kept_;
};

}  // namespace

Shared<train::Handler> forgiving(Shared<train::Handler> keeper, std::string folder, bool& is_kept) {
  return Shared<train::Handler>(new Forgiving(std::move(keeper), std::move(folder), is_kept));
}

}  // namespace chainrule::cli
