// What the C++ library of emscripten 3.1.6 lacks of C++20, seen by every file of this build before anything
// else.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <system_error>
#include <type_traits>
#include <version>

namespace std {  // NOLINT

#ifndef __cpp_lib_bit_cast
template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From) && is_trivially_copyable_v<To> && is_trivially_copyable_v<From>);
  return __builtin_bit_cast(To, from);
}
#endif

namespace ranges {

template <class R, class T, class P = std::identity>
auto find(R&& range, const T& value, P key = {}) {
  return std::find_if(std::begin(range), std::end(range),
                      [&](const auto& each) { return std::invoke(key, each) == value; });
}
template <class R, class F>
bool all_of(R&& range, F is) {
  return std::all_of(std::begin(range), std::end(range),
                     [&](const auto& each) { return std::invoke(is, each); });
}
template <class R, class F = std::less<>, class P = std::identity>
void stable_sort(R&& range, F less = {}, P key = {}) {
  std::stable_sort(std::begin(range), std::end(range), [&](const auto& a, const auto& b) {
    return std::invoke(less, std::invoke(key, a), std::invoke(key, b));
  });
}
template <class R, class F = std::equal_to<>, class P = std::identity>
auto adjacent_find(R&& range, F equal = {}, P key = {}) {
  return std::adjacent_find(std::begin(range), std::end(range), [&](const auto& a, const auto& b) {
    return std::invoke(equal, std::invoke(key, a), std::invoke(key, b));
  });
}

}  // namespace ranges

/// The number as printf has it in a format: what to_chars is defined by.
inline to_chars_result print_chars(char* first, char* last, const char* format, int precision, double value) {
  char text[400];
  const int size = snprintf(text, sizeof(text), format, precision, value);
  if (size < 0 || size >= static_cast<int>(sizeof(text)) || size > last - first) {
    return {last, errc::value_too_large};
  }
  memcpy(first, text, static_cast<size_t>(size));
  return {first + size, errc()};
}

inline to_chars_result to_chars(char* first, char* last, double value, chars_format format, int precision) {
  const char* const text = format == chars_format::fixed        ? "%.*f"
                           : format == chars_format::scientific ? "%.*e"
                                                                : "%.*g";
  return print_chars(first, last, text, precision, value);
}

/// The fewest digits that `reads` takes for the number again; plain or with an exponent, whichever is
/// shorter.
template <class Reads>
to_chars_result shortest_chars(char* first, char* last, double value, int most_digits, Reads reads) {
  if (!isfinite(value)) return print_chars(first, last, "%.*f", 0, value);
  char scientific[40];
  int digits = 1;
  for (; digits <= most_digits; ++digits) {
    snprintf(scientific, sizeof(scientific), "%.*e", digits - 1, value);
    if (reads(scientific)) break;
  }
  const int exponent = atoi(strchr(scientific, 'e') + 1);
  const int behind_point = max(0, digits - 1 - exponent);
  char plain[400];
  const int plain_size = snprintf(plain, sizeof(plain), "%.*f", behind_point, value);
  const bool is_plain = plain_size <= static_cast<int>(strlen(scientific));
  const char* const text = is_plain ? plain : scientific;
  const auto size = static_cast<ptrdiff_t>(strlen(text));
  if (size > last - first) return {last, errc::value_too_large};
  memcpy(first, text, static_cast<size_t>(size));
  return {first + size, errc()};
}
inline to_chars_result to_chars(char* first, char* last, double value) {
  return shortest_chars(first, last, value, 17,
                        [=](const char* text) { return strtod(text, nullptr) == value; });
}
inline to_chars_result to_chars(char* first, char* last, float value) {
  return shortest_chars(first, last, value, 9,
                        [=](const char* text) { return strtof(text, nullptr) == value; });
}

/// Decimal numbers, inf and nan; no sign + and no blanks before, as from_chars has it.
template <class T>
requires is_floating_point_v<T> from_chars_result from_chars(const char* first, const char* last, T& value) {
  const char* p = first;
  const auto take = [&](auto is) {
    while (p != last && is(*p)) ++p;
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (p != last && *p == '-') ++p;
  if (p != last && (is_digit(*p) || *p == '.')) {
    take(is_digit);
    if (p != last && *p == '.') ++p, take(is_digit);
    if (p != last && (*p == 'e' || *p == 'E')) {
      const char* const before = p++;
      if (p != last && (*p == '-' || *p == '+')) ++p;
      if (p == last || !is_digit(*p)) p = before;
      take(is_digit);
    }
  } else {
    take([](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });  // inf, infinity, nan
  }
  const string text(first, p);
  char* end = nullptr;
  T read;
  if constexpr (is_same_v<T, float>) {
    read = strtof(text.c_str(), &end);
  } else {
    read = static_cast<T>(strtod(text.c_str(), &end));
  }
  const char* const stop = first + (end - text.c_str());
  if (stop == first) return {first, errc::invalid_argument};
  if (isinf(read) && text.find('n') == string::npos && text.find('N') == string::npos) {
    return {stop, errc::result_out_of_range};
  }
  value = read;
  return {stop, errc()};
}

}  // namespace std

// Its vector cannot be made at compile time: what says constinit is made before main here.
#define constinit
