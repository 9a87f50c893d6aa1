#include "vary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chainrule/error.h"
#include "keys.h"

namespace chainrule::cli {
namespace {

struct Range {
  double low = 0, high = 0;
  bool is_whole = false, is_logarithmic = false;
};

/// "0.001..0.1", "16..128", "1e-4..0.1 log"; false for anything else.
bool read_range(std::string_view text, Range& range) {
  if (text.ends_with(" log")) {
    range.is_logarithmic = true;
    text.remove_suffix(4);
  }
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return false;
  const auto read = [](std::string_view part, double& value) {
    const char* end = part.data() + part.size();
    const auto [stopped, error] = std::from_chars(part.data(), end, value);
    return error == std::errc() && stopped == end && std::isfinite(value);
  };
  const std::string_view low = text.substr(0, dots), high = text.substr(dots + 2);
  range.is_whole =
      (std::string(low) + std::string(high)).find_first_not_of("-0123456789") == std::string::npos;
  return read(low, range.low) && read(high, range.high);
}

}  // namespace

Varied::Varied(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw ValueError(350, fmt::format("[sweep] --vary '{}': need KEY=VALUES, such as lr=0.1,0.01 or "
                                        "'lr=1e-4..0.1 log' or 'net=mlp([32, 10]), mlp([64, 10])'.",
                                        text));
    }
    const std::string key = key_of(text.substr(0, equals)), values = text.substr(equals + 1);
    if (std::any_of(space_.begin(), space_.end(), [&](const auto& choice) { return choice.name == key; })) {
      throw ValueError(350, fmt::format("[sweep] --vary {} is there twice. Give all its values at once: "
                                        "--vary {}=0.1,0.01.",
                                        text.substr(0, equals), text.substr(0, equals)));
    }
    if (Range range; read_range(values, range)) {
      if (!(range.low < range.high) || (range.is_logarithmic && range.low <= 0)) {
        throw ValueError(350, fmt::format("[sweep] --vary '{}': need a smaller number before the dots than "
                                          "behind them{}.",
                                          text, range.is_logarithmic ? ", and above 0 for log" : ""));
      }
      ranges_.push_back(key);
      if (range.is_whole) whole_.push_back(key);
      space_.push_back(train::Choice(key, range.low, range.high, range.is_logarithmic));
      continue;
    }
    const config::Value value = config::parse_text(values, "--vary " + key);
    train::Choice choice(key, {value});
    if (value.kind == config::Value::Kind::list && !values.starts_with('[')) choice.values = value.list;
    space_.push_back(std::move(choice));
  }
}

bool Varied::has(std::string_view start) const {
  return std::any_of(space_.begin(), space_.end(),
                     [&](const train::Choice& choice) { return choice.name.starts_with(start); });
}

train::Point Varied::rounded(const train::Point& point) const {
  const auto is_among = [](const std::vector<std::string>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  std::vector<config::Entry> settings = point.settings();
  for (config::Entry& entry : settings) {
    if (entry.value.kind != config::Value::Kind::number) continue;
    if (is_among(whole_, entry.key)) {
      entry.value = config::Value(std::int64_t{std::llround(entry.value.number)});
    } else if (is_among(ranges_, entry.key)) {
      entry.value = config::Value(std::stod(fmt::format("{:.3g}", entry.value.number)));
    }
  }
  return train::Point(std::move(settings));
}

Experiment Varied::at(const train::Point& point, const Experiment& base) const {
  Experiment experiment = base;
  if (base.net) experiment.net = base.net->clone();  // parameters of its own
  const train::Point shown = rounded(point);
  for (const config::Entry& entry : shown.settings()) {
    apply(experiment, {entry.key, config::to_text(entry.value), "--vary " + entry.key});
  }
  return experiment;
}

train::Point Varied::first() const {
  std::vector<config::Entry> settings;
  for (const train::Choice& choice : space_) {
    settings.push_back({choice.name, choice.values.empty() ? config::Value(choice.low) : choice.values[0]});
  }
  return train::Point(std::move(settings));
}

}  // namespace chainrule::cli
