#include "config/values.h"

#include <bit>
#include <cmath>

#include "core/text.h"

namespace chainrule::config {

std::uint64_t RandomValues::bits() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 2685821657736338717u;
}

std::string RandomValues::text() {
  using namespace std::string_view_literals;
  static constexpr std::string_view kPieces[] = {"a",
                                                 "B",
                                                 "_",
                                                 "7",
                                                 "-",
                                                 ".",
                                                 "\"",
                                                 "'",
                                                 "\\",
                                                 "\n",
                                                 "\t",
                                                 "\0"sv,
                                                 "\x1F",
                                                 "\x7F",
                                                 " ",
                                                 "#",
                                                 ",",
                                                 "=",
                                                 "(",
                                                 "]",
                                                 "{",
                                                 "true",
                                                 "none",
                                                 "inf",
                                                 "nan",
                                                 "\xC3\xBC",
                                                 "\xE2\x82\xAC",
                                                 "\xF0\x9F\x98\x80",
                                                 "1e5",
                                                 "\"\"\"",
                                                 "/"};
  std::string made;
  for (std::uint64_t i = below(6); i > 0; --i) made += kPieces[below(std::size(kPieces))];
  return made;
}

double RandomValues::number() {
  for (;;) {
    const double any = std::bit_cast<double>(bits());
    const double made =
        below(2) ? any : static_cast<double>(static_cast<std::int64_t>(below(2001)) - 1000) / 8;
    if (!without_.not_finite) {
      if (below(8) == 0) return std::nan("");
      if (below(8) == 0) return below(2) ? INFINITY : -INFINITY;
    }
    if (std::isfinite(made)) return below(16) == 0 ? -0.0 : made;
  }
}

Value RandomValues::value(int depth) {
  const std::uint64_t kinds = depth > 0 ? 9 : 6;
  for (;;) {
    switch (below(kinds)) {
      case 0:
        if (!without_.null) return Value();
        break;
      case 1:
        return Value(below(2) == 0);
      case 2:
        return Value(static_cast<std::int64_t>(bits() >> below(64)) * (below(2) ? 1 : -1));
      case 3:
        if (!without_.seed) return Value(bits() | (std::uint64_t{1} << 63));
        break;
      case 4:
        return Value(number());
      case 5:
        return Value(text());
      case 6: {
        std::vector<Value> elements;
        for (std::uint64_t i = below(5); i > 0; --i) elements.push_back(value(depth - 1));
        return Value::of_list(std::move(elements));
      }
      case 7:
        return table(depth);
      default: {
        if (without_.call) break;
        Value named = table(depth);
        std::vector<Value> positional;
        for (std::uint64_t i = below(4); i > 0; --i) positional.push_back(value(depth - 1));
        return Value::of_call(cat("f", below(10)), std::move(positional), std::move(named.table));
      }
    }
  }
}

Value RandomValues::table(int depth) {
  std::vector<Entry> entries;
  for (std::uint64_t i = below(5); i > 0; --i) {
    const std::string key = below(2) ? cat("k", i) : cat(text(), i);
    entries.push_back({key, value(depth - 1)});
  }
  return Value::of_table(std::move(entries));
}

}  // namespace chainrule::config
