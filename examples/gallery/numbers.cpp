#include "gallery/numbers.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "gallery/lessons.h"

namespace gallery {
namespace {

constexpr std::string_view kOfNumbers = "0123456789.+-eE";

bool is_start(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

/// The rest of the paragraph behind a label, or behind "this > and this after it".
std::string_view behind(std::string_view output, std::string_view label) {
  for (std::string_view left = label; !left.empty();) {
    const std::size_t end = left.find(" > ");
    const std::string_view part = left.substr(0, end);
    const std::size_t at = output.find(part);
    if (at == std::string_view::npos) {
      throw std::runtime_error("\"" + std::string(label) + "\" was not printed");
    }
    output.remove_prefix(at + part.size());
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 3);
  }
  return output.substr(0, output.find("\n\n"));
}

/// Half of the last digit that is written.
double half_digit(std::string_view number) {
  const std::size_t e = number.find_first_of("eE");
  const std::string_view mantissa = number.substr(0, e);
  const std::size_t dot = mantissa.find('.');
  const auto decimals = dot == std::string_view::npos ? 0 : static_cast<int>(mantissa.size() - dot - 1);
  const int power = e == std::string_view::npos ? 0 : std::atoi(std::string(number.substr(e + 1)).c_str());
  return 0.5 * std::pow(10.0, power - decimals);
}

bool holds(const std::string& bound, const std::string& wanted, const std::string& printed) {
  const double want = std::strtod(wanted.c_str(), nullptr), is = std::strtod(printed.c_str(), nullptr);
  if (bound == ">=") return is >= want;
  if (bound == "<=") return is <= want;
  return std::fabs(is - want) <= half_digit(wanted) * (1 + 1e-9) + 1e-15 * std::fabs(want);
}

}  // namespace

std::vector<std::string> numbers_after(std::string_view output, std::string_view label, std::size_t count) {
  std::vector<std::string> numbers;
  std::string_view rest = behind(output, label);
  for (char before = ' '; numbers.size() < count && !rest.empty();) {
    if (!is_start(rest) || std::isalnum(static_cast<unsigned char>(before))) {  // x2 is a name
      before = rest[0];
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(rest.find_first_not_of(kOfNumbers), rest.size());
    std::string_view number = rest.substr(0, end);
    if (number.back() == '.') number.remove_suffix(1);  // of the sentence
    numbers.emplace_back(number);
    rest.remove_prefix(end);
  }
  if (numbers.size() < count) {
    throw std::runtime_error("\"" + std::string(label) + "\" is not followed by " + std::to_string(count) +
                             " numbers");
  }
  return numbers;
}

std::vector<std::string> wrong_numbers(std::string_view table, std::string_view output) {
  std::vector<std::string> wrong;
  bool is_empty = true;
  for (const std::string& line : lines_of(table)) {
    if (trimmed(line).empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = parts_of(line);
    if (parts.size() != 3 || parts[2].empty()) {
      throw std::runtime_error("\"" + line + "\" is not label | numbers | source");
    }
    is_empty = false;
    std::istringstream words(parts[1]);
    std::vector<std::string> bounds, wanted;
    for (std::string word, bound; words >> word;) {
      if (word == ">=" || word == "<=") {
        bound = word;
      } else {
        bounds.push_back(std::exchange(bound, "")), wanted.push_back(word);
      }
    }
    const std::vector<std::string> printed = numbers_after(output, parts[0], wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (holds(bounds[i], wanted[i], printed[i])) continue;
      wrong.push_back(parts[0] + " " + printed[i] + ", need " + bounds[i] + (bounds[i].empty() ? "" : " ") +
                      wanted[i] + " (" + parts[2] + ")");
    }
  }
  if (is_empty) throw std::runtime_error("no number is compared");
  return wrong;
}

}  // namespace gallery
