// Every schedule at known steps, by plain formulas.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <numbers>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::optim {
namespace {

using Formula = std::function<double(double step)>;

double cosine_of(double step, double lr, double length, double end) {
  return step >= length ? end : end + (lr - end) * (1 + std::cos(std::numbers::pi * step / length)) / 2;
}

/// With 20 steps an epoch. A schedule without a formula fails the test below.
const std::map<std::string, Formula> kFormulas = {
    {"constant(0.3)", [](double) { return 0.3; }},
    {"step(0.8, 0.5, steps=30, epochs=0)", [](double s) { return 0.8 * std::pow(0.5, std::floor(s / 30)); }},
    {"step(0.8, 0.25, epochs=2)", [](double s) { return 0.8 * std::pow(0.25, std::floor(s / 40)); }},
    {"multi_step(0.8, 0.5, steps=[10, 30], epochs=[])",
     [](double s) { return s < 10   ? 0.8
                           : s < 30 ? 0.4
                                    : 0.2; }},
    {"multi_step(0.8, 0.1, [1, 2.5], steps=60)",
     [](double s) { return 0.8 * std::pow(0.1, (s >= 20) + (s >= 50) + (s >= 60)); }},
    {"step(0.8, 0.5, steps=30)", [](double s) { return 0.8 * std::pow(0.5, std::floor(s / 30)); }},
    {"step(0.8, 0.5, epochs=1, steps=10)", [](double s) { return 0.8 * std::pow(0.5, std::floor(s / 30)); }},
    {"exponential(0.8, 0.5, steps=30)", [](double s) { return 0.8 * std::exp2(-s / 30); }},
    {"inverse_time(0.8, 2, steps=30)", [](double s) { return 0.8 / (1 + s / 15); }},
    {"polynomial(0.8, steps=100)", [](double s) { return s < 100 ? 0.8 * (1 - s / 100) : 0; }},
    {"polynomial(0.8, 5, power=2, end=0.1)",
     [](double s) { return s < 100 ? 0.1 + 0.7 * (1 - s / 100) * (1 - s / 100) : 0.1; }},
    {"cosine_restarts(0.2, steps=30, end=0.1)",
     [](double s) { return cosine_of(std::fmod(s, 30), 0.2, 30, 0.1); }},
    {"cosine_restarts(0.2, 1, growth=2)",  // 20 steps, 40, 80, 160
     [](double s) {
       double length = 20;
       for (; s >= length; length *= 2) s -= length;
       return cosine_of(s, 0.2, length, 0);
     }},
    {"cosine_restarts(0.2, steps=10, growth=1.5)",
     [](double s) {
       double start = 0, length = 10;
       for (; s >= start + length; length *= 1.5) start += length;
       return cosine_of(s - start, 0.2, length, 0);
     }},
    {"one_cycle(0.5, steps=100)",
     [](double s) {
       if (s >= 100) return 0.5 / 250000;
       return s < 30 ? cosine_of(s, 0.02, 30, 0.5) : cosine_of(s - 30, 0.5, 70, 0.5 / 250000);
     }},
    {"one_cycle(0.5, 5, rise=0.5, start_share=0.1, end_share=0.01)",
     [](double s) { return s < 50 ? cosine_of(s, 0.05, 50, 0.5) : cosine_of(s - 50, 0.5, 50, 0.005); }},
    {"cosine(0.2, steps=100, end=0.05)", [](double s) { return cosine_of(s, 0.2, 100, 0.05); }},
    {"cosine(0.2, 1.5, steps=7)", [](double s) { return cosine_of(s, 0.2, 37, 0); }},
    {"warm_up(steps=9, then=constant(0.5))", [](double s) { return s >= 9 ? 0.5 : 0.5 * (s + 1) / 10; }},
    {"warm_up(1, then=cosine(0.4, 5))",
     [](double s) { return cosine_of(s, 0.4, 100, 0) * (s >= 20 ? 1 : (s + 1) / 21); }},
};
constexpr std::int64_t kEpoch = 20;

Shared<Schedule> make(std::string_view text) {
  return config::make<Schedule>(config::parse_text(text, "schedule"));
}

TEST(ScheduleTable, HasAFormulaOfEachSchedule) {
  for (const std::string& name : registry<Schedule>().names()) {
    const auto is_of_it = [&](const auto& row) { return row.first.substr(0, row.first.find('(')) == name; };
    EXPECT_TRUE(std::any_of(kFormulas.begin(), kFormulas.end(), is_of_it)) << name << " has no formula here";
  }
}

TEST(Schedules, FollowTheirFormulas) {
  for (const auto& [text, formula] : kFormulas) {
    const Shared<Schedule> schedule = make(text);
    for (std::int64_t step = 0; step < 150; ++step) {
      EXPECT_NEAR(schedule->at(step, kEpoch), formula(static_cast<double>(step)), 1e-15)
          << text << " at " << step;
    }
  }
}

TEST(Schedules, AreReadAndWritten) {
  for (const auto& [text, formula] : kFormulas) {
    const Shared<Schedule> schedule = make(text);
    const std::string said = config::describe(*schedule);
    EXPECT_EQ(config::describe(*make(said)), said) << text;
    EXPECT_EQ(make(said)->at(33, kEpoch), schedule->at(33, kEpoch)) << text;
    const config::Value all = config::write(*schedule);
    EXPECT_EQ(config::write(*config::make<Schedule>(config::parse_toml(config::to_toml(all), "a"))), all);
    EXPECT_EQ(config::write(*config::make<Schedule>(config::parse_json(config::to_json(all), "a"))), all);
  }
}

// Whatever counts in epochs must know their length; whatever does not, must not need it.
TEST(Schedules, InEpochsNeedTheirLength) {
  for (const auto& [text, formula] : kFormulas) {
    const Shared<Schedule> schedule = make(text);
    bool counts_epochs = false;
    for (const config::Leaf& leaf : config::leaves(*schedule)) {
      counts_epochs =
          counts_epochs || (leaf.name.ends_with("epochs") && leaf.value != "0.0" && leaf.value != "[]");
    }
    try {
      schedule->at(3, 0);
      EXPECT_FALSE(counts_epochs) << text;
    } catch (const ValueError& error) {
      EXPECT_TRUE(counts_epochs) << text;
      EXPECT_EQ(error.code(), 260) << text;
    }
  }
}

// The rise ends where the schedule that follows goes on: steps of equal height, none at the seam.
TEST(Schedules, ThatTakeTimeNeedALength) {
  for (const Rate& rate : {cosine(0.1, steps(0)), Rate(Cosine{}), polynomial(0.1, steps(0)),
                           cosine_restarts(0.1, steps(0)), one_cycle(0.1, steps(0))}) {
    const std::string name(rate->info().name);
    EXPECT_EQ(message_of([&] { rate.at(0); }), "[" + name +
                                                   "] it is 0 steps long; need at least 1. Give it steps or "
                                                   "epochs: \"" +
                                                   name + "(0.1, steps=1000)\". (E269)");
  }
}

TEST(Schedules, HaveEpochsOfTheirOwnWhereNoLengthIsGiven) {
  EXPECT_EQ(make("step(0.8, 0.5)")->at(199, 20), 0.8);
  EXPECT_EQ(make("step(0.8, 0.5)")->at(200, 20), 0.4);
  EXPECT_EQ(exponential(0.8, 0.5).at(20, 20), 0.4);
  EXPECT_EQ(inverse_time(0.8, 1).at(20, 20), 0.4);
}

TEST(Schedules, WarmUpIsContinuous) {
  const Rate rate = warm_up(steps(50), 0.5);
  for (std::int64_t step = 1; step < 60; ++step) {
    const double height = rate.at(step) - rate.at(step - 1);
    EXPECT_NEAR(height, step <= 50 ? 0.5 / 51 : 0, 1e-15) << step;
  }
  EXPECT_GT(rate.at(0), 0);
}

TEST(Schedules, RefuseNumbersBelowZero) {
  for (const char* text :
       {"constant(-0.1)", "step(-1)", "step(factor=-1)", "step(epochs=-1)", "step(steps=-3)", "cosine(-1)",
        "cosine(end=-0.1)", "cosine(steps=-1)", "warm_up(steps=-1)", "warm_up(then=constant(-1))",
        "multi_step(-1)", "multi_step(steps=[-1])", "exponential(factor=-1)", "inverse_time(decay=-1)",
        "polynomial(power=-1)", "cosine_restarts(growth=0.5)", "one_cycle(rise=2)"}) {
    try {
      make(text);
      ADD_FAILURE() << text;
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 228) << text;
    }
  }
}

TEST(Schedules, AreFunctionsToo) {
  EXPECT_EQ(config::describe(*step_decay(0.8, 0.5, epochs(3)).handle()), "step(0.8, 0.5, epochs=3.0)");
  EXPECT_EQ(config::describe(*cosine(0.2, steps(5)).handle()), "cosine(0.2, steps=5)");
  EXPECT_EQ(config::describe(*warm_up(steps(5), 0.25).handle()), "warm_up(steps=5, then=0.25)");
  EXPECT_EQ(config::describe(*multi_step(0.8, 0.5, {3, 5}).handle()),
            "multi_step(0.8, 0.5, epochs=[3.0, 5.0])");
  EXPECT_EQ(config::describe(*exponential(0.8, 0.5).handle()), "exponential(0.8, 0.5)");
  EXPECT_EQ(config::describe(*inverse_time(0.8, 2, steps(9)).handle()), "inverse_time(0.8, 2.0, steps=9)");
  EXPECT_EQ(config::describe(*polynomial(0.8, steps(9), 2).handle()), "polynomial(0.8, steps=9, power=2.0)");
  EXPECT_EQ(config::describe(*cosine_restarts(0.8, steps(9), 2).handle()),
            "cosine_restarts(0.8, steps=9, growth=2.0)");
  EXPECT_EQ(config::describe(*one_cycle(0.8, steps(9)).handle()), "one_cycle(0.8, steps=9)");
  EXPECT_EQ(Rate(0.25).at(1000), 0.25);
  EXPECT_EQ(Rate(1).at(0), 1);
}

/// One from outside of this tree.
struct Triangle {
  static constexpr Info kInfo{.name = "triangle", .doc = "Up and down."};
  double lr = 1;
  double at(std::int64_t step, std::int64_t) const {
    return lr * static_cast<double>(std::abs(step % 10 - 5));
  }
};

TEST(Schedules, OfTheUser) {
  const nn::Parameter p(tensor({0}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = Triangle{.lr = 2}});
  for (const double expected : {10, 8, 6, 4, 2, 0, 2}) {
    EXPECT_EQ(sgd.lr(), expected);
    const double before = p.value().item();
    sgd.step(sum(p.value()));
    EXPECT_EQ(p.value().item(), before - expected);
  }
  EXPECT_THROW(Optimizer({{"p", p}}, Sgd{}, {.lr = Triangle{.lr = -1}}).step(sum(p.value())), ValueError);
}

TEST(Schedules, CountEpochsAsTheOptimizerIsTold) {
  const nn::Parameter p(tensor({0}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = step_decay(1, 0.5, epochs(1))});
  EXPECT_THROW(sgd.step(sum(p.value())), ValueError);
  EXPECT_EQ(p.value().item(), 0);
  sgd.set_steps_per_epoch(2);
  for (const double expected : {1.0, 1.0, 0.5, 0.5, 0.25}) {
    EXPECT_EQ(sgd.lr(), expected);
    sgd.step(sum(p.value()));
  }
  EXPECT_EQ(p.value().item(), -3.25);
}

}  // namespace
}  // namespace chainrule::optim
