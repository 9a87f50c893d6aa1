// check-errors: E221
// Recursive descent over the grammar
//
//     text      = arguments                one value; several, or a comma behind one, are a list; with names
//     a table arguments = [ argument { "," argument } [ "," ] ] argument  = [ ( word | string ) "=" ] value
//     value     = word | string | word "(" arguments ")" | "[" arguments "]" | "{" arguments "}"
#include <charconv>
#include <limits>

#include "config/keys.h"
#include "config/scanner.h"

namespace chainrule::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

template <class Number>
bool read_whole(std::string_view word, Value& value) {
  Number number{};
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  if (stop != end || error != std::errc()) return false;
  value = Value(number);
  return true;
}

/// An integer, else a number; false if it is neither.
bool read_number(std::string_view word, Value& value) {
  if (word.starts_with('+')) word.remove_prefix(1);
  const bool negative = word.starts_with('-');
  const std::string_view digits = word.substr(negative ? 1 : 0);
  if (digits == "inf") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    value = Value(negative ? -kInfinity : kInfinity);
    return true;
  }
  if (digits.empty() || is_letter(digits[0]) || digits[0] == '+') return false;
  return read_whole<std::int64_t>(word, value) || read_whole<std::uint64_t>(word, value) ||
         read_whole<double>(word, value);
}

/// What a word without quotes says.
Value value_of(std::string_view word, const Place& place) {
  Value value;
  if (word == "true" || word == "false") {
    value = Value(word == "true");
  } else if (word == "nan") {
    value = Value(std::numeric_limits<double>::quiet_NaN());
  } else if (!read_number(word, value) && word != "none") {
    if (!is_letter(word[0]))
      throw mistake(221, place, "'", word, "' is neither a word nor a number that a double holds. ",
                    "Put texts in quotes.");
    value = Value(word);
  }
  return value;
}

class TextParser {
 public:
  TextParser(std::string_view text, const Place& start) : scan_(text, start) {}

  Value all() {
    Value made;
    made.place = scan_.place();
    if (scan_.at_end()) throw mistake(221, made.place, "the text is empty. Need a value.");
    const bool comma = arguments(made, '\0');
    if (made.list.size() == 1 && made.table.empty() && !comma) return Value(std::move(made.list[0]));
    if (!made.list.empty() && !made.table.empty())
      throw mistake(221, made.table[0].place, "a value with a name stands beside one without. Need (...) or ",
                    "[...] around what belongs together.");
    made.kind = made.table.empty() ? Value::Kind::list : Value::Kind::table;
    return made;
  }

 private:
  /// Up to the bracket that closes, or the end. Returns whether there was a comma.
  bool arguments(Value& made, char close) {
    const auto closed = [&] { return close == '\0' ? scan_.at_end() : scan_.take(close); };
    bool comma = false;
    while (!closed()) {
      if (close != '\0' && scan_.at_end())
        throw mistake(221, made.place, "a bracket is never closed. Need '", close, "' at the end.");
      argument(made);
      if (closed()) break;
      if (scan_.at_end()) continue;
      if (!scan_.take(','))
        throw scan_.unexpected(close == '\0' ? "',' or the end" : cat("',' or '", close, "'"));
      comma = true;
    }
    check_keys(made.table);
    return comma;
  }

  void argument(Value& made) {
    const Place place = scan_.place();
    Value value = this->value();
    const bool named = value.kind == Value::Kind::text && scan_.take('=');
    if (named) {
      made.table.push_back({std::move(value.text), this->value(), place});
    } else if (made.table.empty()) {
      made.list.push_back(std::move(value));
    } else {
      throw mistake(221, place, "a value without a name follows one with a name. Need it before, or a name.");
    }
  }

  Value value() {
    const Place place = scan_.place();
    check_depth(++depth_, place);
    Value value = bare_value(place);
    --depth_;
    value.place = place;
    return value;
  }

  Value bare_value(const Place& place) {
    const char next = scan_.next();
    if (next == '"' || next == '\'') return Value(scan_.string());
    Value made;
    made.place = place;
    if (scan_.take('[')) {
      arguments(made, ']');
      if (!made.table.empty()) throw mistake(221, made.table[0].place, "a list has no names. Need {...}.");
      made.kind = Value::Kind::list;
    } else if (scan_.take('{')) {
      arguments(made, '}');
      if (!made.list.empty())
        throw mistake(221, made.list[0].place, "a table needs names, as in {lr = 0.1}.");
      made.kind = Value::Kind::table;
    } else {
      const std::string_view word = scan_.word();
      if (word.empty()) throw scan_.unexpected("a value");
      if (!is_letter(word[0]) || !scan_.take('(')) return value_of(word, place);
      arguments(made, ')');
      made.kind = Value::Kind::call;
      made.text = word;
    }
    return made;
  }

  Scanner scan_;
  int depth_ = 0;
};

}  // namespace

Value parse_text_at(std::string_view text, const Place& start) {
  check_source(text, start);
  return TextParser(text, start).all();
}

Value parse_within(const Value& text) {
  Place start = text.place;
  if (start.column == 0) start.line = text.text.find('\n') == std::string::npos ? 0 : 1;
  ++start.column;  // behind the quote, or the first of a text that has no place
  return parse_text_at(text.text, start);
}

Value parse_text(std::string_view text, std::string_view source) {
  return parse_text_at(text, start_of(source, text.find('\n') != std::string_view::npos));
}

}  // namespace chainrule::config
