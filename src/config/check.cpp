// Settings that a program gave, against their ranges.
#include "config/numbers.h"
#include "config/objects.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

void check_fields(const Fields& fields, std::string_view owner) {
  for (const Field& field : fields.all()) {
    const Label label{field.name, owner};
    switch (field.kind) {
      case Field::Kind::integer:
        static_cast<void>(integer_of(field, label, Value(*static_cast<const std::int64_t*>(field.target))));
        break;
      case Field::Kind::number:
        static_cast<void>(number_of(field, label, Value(*static_cast<const double*>(field.target))));
        break;
      case Field::Kind::integers:
        if (word_of(field) != nullptr) break;
        for (const std::int64_t x : *static_cast<const std::vector<std::int64_t>*>(field.target))
          static_cast<void>(integer_of(field, label, Value(x)));
        break;
      case Field::Kind::numbers:
        for (const double x : *static_cast<const std::vector<double>*>(field.target))
          static_cast<void>(number_of(field, label, Value(x)));
        break;
      case Field::Kind::object:
      case Field::Kind::objects:
        for (std::size_t i = 0; i < field.count(field.target); ++i) {
          if (Configurable* object = field.get(field.target, i)) check(*object);
        }
        break;
      case Field::Kind::group:
        check_fields(fields_of(field), field.name);
        break;
      case Field::Kind::groups:
        for (std::size_t i = 0; i < field.count(field.target); ++i)
          check_fields(fields_of(field, field.target, i), field.name);
        break;
      default:
        break;
    }
  }
}

}  // namespace

void check(const Settings& of) { check_fields(of.fields, of.name); }

}  // namespace chainrule::config
