// The live page of a training: what it shows, and what is done with what is asked for on it.
#include "live.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "json_text.h"
#include "live_commands.h"
#include "live_numbers.h"
#include "live_samples.h"
#include "machine.h"
#include "output.h"
#include "serve/page.h"
#include "serve/server.h"

namespace chainrule::cli {
namespace {

using namespace std::chrono_literals;

constexpr double kShare = 0.02;  // of the time, for what is looked at beside the training

class LiveTraining final : public Live {
 public:
  LiveTraining(const LiveOptions& options, Training& training, std::string name, Progress& progress,
               const train::InterruptGuard& interrupts, Shared<train::Handler> keeper)
      : options_(options),
        training_(training),
        progress_(progress),
        interrupts_(interrupts),
        keeper_(std::move(keeper)),
        samples_(training),
        commands_(options.is_control, static_cast<bool>(keeper_)),
        server_({.host = options.host, .port = options.port}) {
    const std::string nonce = serve::random_nonce();
    server_.put("", "text/html; charset=utf-8", serve::page(nonce), serve::page_headers(nonce));
    server_.put("info", "application/json", json_text(about(name), -1));
    server_.on_post("control", [this](const std::string& body) { return commands_.post(body); });
    show("waiting", training.trainer());
  }

  const std::string& address() const override { return server_.address(); }
  bool is_watched() const override { return server_.is_watched(); }

  void begin(train::Trainer& trainer) override {
    first_step_ = seen_step_ = trainer.steps_done();
    first_second_ = seen_second_ = trainer.seconds();
  }
  void call(train::Trainer& trainer) override {
    curve_.add(trainer.steps_done(), trainer.state().loss);
    if (options_.is_control) obey(trainer);
    if (server_.is_watched() && messages_.is_due()) show("training", trainer);
  }
  void reported(train::Trainer&, const train::Report&) override { messages_.soon(); }
  void ending(train::Trainer& trainer) override {
    if (server_.is_watched()) show("measuring", trainer);
  }

  void show_report(const std::string& html) override {
    const std::string headers = serve::report_headers();
    server_.put("report", "text/html; charset=utf-8", html, headers);
    server_.put("", "text/html; charset=utf-8", html, headers);
    show("ended", training_.trainer());
    server_.wait_for_listeners(3s);
    if (!options_.is_kept || interrupts_.signal() != 0) return;
    progress_.line(fmt::format("page      the report stays at {} until Ctrl-C", address()));
    while (interrupts_.signal() == 0) std::this_thread::sleep_for(50ms);
  }
  void tell_failure(const std::string& message) override {
    note_ = message;
    show("failed", training_.trainer());
    server_.wait_for_listeners(2s);
  }

 private:
  Json about(const std::string& name) const {
    const Experiment& of = training_.experiment();
    std::int64_t numbers = 0;
    for (const nn::NamedParameter& each : training_.net().parameters())
      numbers += each.parameter.value().numel();
    return {{"name", name},
            {"data", training_.data().described},
            {"net", config::describe(training_.net())},
            {"parameters", numbers},
            {"loss", config::describe(*of.loss)},
            {"optimizer", config::describe(*of.optimizer.rule)},
            {"seed", of.seed},
            {"batch_size", of.train.batch_size},
            {"steps", training_.steps()},
            {"machine", machine()},
            {"settings", config::to_toml(config::write(of))},
            {"control", options_.is_control},
            {"checkpoints", static_cast<bool>(keeper_)},
            {"samples", samples_.inputs()}};
  }

  /// Tells the page where the training stands.
  void show(std::string_view state, train::Trainer& trainer) {
    if (details_.is_due()) {
      details_.time([&] { layers_ = layers_of(training_), predictions_ = samples_.predictions(); });
      details_step_ = trainer.steps_done();
    }
    messages_.time([&] {
      std::string line = json_text(message(state, trainer), -1);
      line.pop_back();
      server_.publish(line);
    });
  }

  Json message(std::string_view state, const train::Trainer& trainer) {
    const std::int64_t step = trainer.steps_done();
    measure_rate(step, trainer.seconds());
    const double left = rate_ > 0 ? static_cast<double>(training_.steps() - step) / rate_ : 0;
    return {{"state", state},
            {"note", note_},
            {"step", step},
            {"steps", training_.steps()},
            {"epoch", trainer.state().epoch},
            {"loss", step > first_step_ ? Json(trainer.state().loss) : Json()},
            {"lr", training_.optimizer().lr(std::max<std::int64_t>(0, training_.optimizer().steps() - 1))},
            {"seconds", trainer.seconds()},
            {"rate", rate_},
            {"left", left},
            {"curve", curve_.json()},
            {"reports", json_of(trainer.history())},
            {"details_step", details_step_},
            {"layers", layers_},
            {"predictions", predictions_}};
  }

  /// Steps a second, over about the last second.
  void measure_rate(std::int64_t step, double seconds) {
    if (seconds - seen_second_ < 1 && rate_ > 0) return;
    if (seconds <= seen_second_ || step <= seen_step_) return;
    rate_ = static_cast<double>(step - seen_step_) / (seconds - seen_second_);
    if (seconds - seen_second_ >= 1) seen_step_ = step, seen_second_ = seconds;
  }

  /// Does what was asked for; while it is paused, waits for it.
  void obey(train::Trainer& trainer) {
    if (is_stepping_) is_paused_ = true, is_stepping_ = false, details_.soon(), show("paused", trainer);
    for (;;) {
      const auto command = commands_.take(is_paused_ ? 100ms : 0ms);
      if (command) obey(*command, trainer);
      if (interrupts_.signal() != 0) return trainer.stop("interrupted");
      if (!command && !is_paused_) return;
      if (is_paused_ && server_.is_watched() && messages_.is_due()) show("paused", trainer);
    }
  }

  void obey(const LiveCommand& command, train::Trainer& trainer) {
    using enum LiveCommand::Kind;
    const bool was_paused = is_paused_;
    switch (command.kind) {
      case pause:
        is_paused_ = true;
        if (!was_paused) say(fmt::format("paused after step {}", trainer.steps_done()));
        details_.soon();
        break;
      case go_on:
        is_paused_ = false;
        if (was_paused) say("goes on");
        break;
      case step:
        is_paused_ = false, is_stepping_ = true;
        break;
      case lr:
        set_lr(command.value, trainer);
        break;
      case checkpoint:
        keeper_->call(trainer);
        say(fmt::format("checkpoint of step {} written", trainer.steps_done()));
        break;
      case stop:
        is_paused_ = false;
        trainer.stop("stopped on the page");
        break;
    }
    messages_.soon();
  }

  /// By a scale, so that a schedule keeps its form.
  void set_lr(double lr, train::Trainer& trainer) {
    optim::Optimizer& optimizer = trainer.optimizer();
    const double scale = optimizer.lr_scale();
    const double planned = scale > 0 ? optimizer.lr() / scale : 0;
    if (planned <= 0) return say("the schedule's learning rate is 0 here: it cannot be scaled");
    optimizer.set_lr_scale(lr / planned);
    say(fmt::format("learning rate {:.6g} from step {} on", lr, trainer.steps_done()));
  }

  void say(const std::string& what) {
    note_ = what;
    progress_.line("page      " + what);
  }

  LiveOptions options_;
  Training& training_;
  Progress& progress_;
  const train::InterruptGuard& interrupts_;
  Shared<train::Handler> keeper_;
  Samples samples_;
  LiveCommands commands_;
  LossCurve curve_;
  Sparing messages_{250ms, kShare}, details_{1s, kShare};
  Json layers_, predictions_;
  std::int64_t details_step_ = 0, first_step_ = 0, seen_step_ = 0;
  double first_second_ = 0, seen_second_ = 0, rate_ = 0;
  bool is_paused_ = false, is_stepping_ = false;
  std::string note_;
  serve::Server server_;  // last: its thread uses what stands above
};

}  // namespace

Shared<Live> serve_live(const LiveOptions& options, Training& training, const std::string& name,
                        Progress& progress, const train::InterruptGuard& interrupts,
                        Shared<train::Handler> keeper) {
  return Shared<Live>(new LiveTraining(options, training, name, progress, interrupts, std::move(keeper)));
}

}  // namespace chainrule::cli
