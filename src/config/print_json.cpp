#include <cmath>

#include "config/print.h"
#include "config/words.h"
#include "core/text.h"

namespace chainrule::config {
namespace {

class JsonPrinter {
 public:
  explicit JsonPrinter(int indent) : indent_(indent) {}

  void value(const Value& value) {
    switch (value.kind) {
      case Value::Kind::null:
        made_ += "null";
        break;
      case Value::Kind::number:
        made_ += std::isfinite(value.number) ? fractional(value.number) : quoted(to_text(value));
        break;
      case Value::Kind::text:
        made_ += quoted(value.text);
        break;
      case Value::Kind::list:
        list(value.list);
        break;
      case Value::Kind::table:
        table("", value.table);
        break;
      case Value::Kind::call:
        value.list.empty() ? table(value.text, value.table) : void(made_ += quoted(to_text(value)));
        break;
      default:
        made_ += to_text(value);
    }
  }

  std::string take() { return std::move(made_) + (indent_ > 0 ? "\n" : ""); }

 private:
  void list(const std::vector<Value>& elements) {
    bool flat = true;  // without lists and tables inside
    for (const Value& element : elements) flat &= element.kind < Value::Kind::list;
    begin('[');
    for (const Value& element : elements) {
      flat ? separate_flat() : separate();
      value(element);
    }
    end(']', !flat);
  }

  void table(std::string_view type, const std::vector<Entry>& entries) {
    begin('{');
    if (!type.empty()) {
      key(kType);
      made_ += quoted(type);
    }
    for (const Entry& entry : entries) {
      key(entry.key);
      value(entry.value);
    }
    end('}', !first_);
  }

  void key(std::string_view key) {
    separate();
    made_ += quoted(key) + ": ";
  }

  void begin(char bracket) {
    made_ += bracket;
    ++level_;
    first_ = true;
  }
  void end(char bracket, bool own_line) {
    --level_;
    if (own_line && indent_ > 0) line_break();
    made_ += bracket;
    first_ = false;
  }
  void separate() {
    if (!first_) made_ += indent_ > 0 ? "," : ", ";
    if (indent_ > 0) line_break();
    first_ = false;
  }
  void separate_flat() {
    if (!first_) made_ += ", ";
    first_ = false;
  }
  void line_break() {
    made_ += '\n';
    made_.append(static_cast<std::size_t>(indent_ * level_), ' ');
  }

  std::string made_;
  int indent_, level_ = 0;
  bool first_ = true;
};

}  // namespace

std::string to_json(const Value& value, int indent) {
  JsonPrinter printer(indent);
  printer.value(value);
  return printer.take();
}

}  // namespace chainrule::config
