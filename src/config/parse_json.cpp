#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/keys.h"
#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

/// Reads characters and tells how many were read: events of the parser come without their place.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  const char** read = nullptr;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    *read = ++at;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
  bool operator!=(const CountingIterator& other) const { return at != other.at; }
};

/// Builds the value from the events of the parser.
class JsonBuilder {
 public:
  JsonBuilder(std::string_view text, const Place& start)
      : text_(text), lines_(text, start), read_(text.data()) {}

  CountingIterator begin() { return {text_.data(), &read_}; }
  CountingIterator end() { return {text_.data() + text_.size(), &read_}; }
  Value take() { return std::move(root_); }

  bool null() { return leaf(Value()); }
  bool boolean(bool value) { return leaf(Value(value)); }
  bool number_integer(std::int64_t value) { return leaf(Value(value)); }
  bool number_unsigned(std::uint64_t value) { return leaf(Value(value)); }
  bool number_float(double value, const std::string&) { return leaf(Value(value)); }
  bool string(std::string& value) { return leaf(Value(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // not in text
  bool start_array(std::size_t) { return open(Value::Kind::list); }
  bool start_object(std::size_t) { return open(Value::Kind::table); }
  bool end_array() { return close(); }
  bool end_object() { return close(); }
  bool key(std::string& key) {
    open_.back().table.push_back({std::move(key), Value(), token_place()});
    return true;
  }

  bool parse_error(std::size_t, const std::string& token, const nlohmann::detail::exception& error) {
    const auto read = static_cast<std::size_t>(read_ - text_.data());
    const std::string why = reason(error.what());
    throw mistake(223, lines_.at(read == 0 ? 0 : read - 1), "this is not JSON: ", why, ".",
                  why == "invalid literal" ? hint(token) : "");
  }

 private:
  /// Where the token that was just read begins: behind the last one and what separates them.
  Place token_place() {
    const std::size_t begin = std::min(text_.find_first_not_of(" \t\r\n,:]}", end_of_last_), text_.size());
    end_of_last_ = static_cast<std::size_t>(read_ - text_.data());
    return lines_.at(begin);
  }

  bool leaf(Value value) {
    value.place = token_place();
    put(std::move(value));
    return true;
  }

  bool open(Value::Kind kind) {
    Value value;
    value.kind = kind;
    value.place = token_place();
    check_depth(static_cast<int>(open_.size()) + 1, value.place);
    open_.push_back(std::move(value));
    return true;
  }

  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    check_keys(done.table);
    put(std::move(done));
    return true;
  }

  void put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().kind == Value::Kind::list) {
      open_.back().list.push_back(std::move(value));
    } else {
      open_.back().table.back().value = std::move(value);
    }
  }

  /// What the parser has to say, without its own account of the place.
  static std::string reason(std::string_view message) {
    const std::size_t dash = message.find(" - ");
    if (dash == std::string_view::npos) {
      const std::size_t name = message.find("] ");
      return std::string(message.substr(name == std::string_view::npos ? 0 : name + 2));
    }
    message.remove_prefix(dash + 3);
    return std::string(message.substr(0, message.find("; last read")));
  }

  /// What may have been meant by a word that JSON does not have.
  static std::string hint(std::string_view token) {
    const auto has = [&](std::string_view word) { return token.find(word) != std::string_view::npos; };
    if (has("N") || has("I")) return " JSON has no NaN and infinities: write \"nan\", \"inf\".";
    if (has("'")) return " JSON has double quotes only.";
    return has("/") ? " JSON has no comments." : "";
  }

  std::string_view text_;
  Lines lines_;
  const char* read_;
  std::size_t end_of_last_ = 0;
  std::vector<Value> open_;
  Value root_;
};

}  // namespace

Value parse_json(std::string_view text, std::string_view source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Place start = start_of(source);
  check_source(text, start);
  JsonBuilder builder(text, start);
  nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder);
  return builder.take();
}

}  // namespace chainrule::config
