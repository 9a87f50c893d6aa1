#include "config/kinds.h"

namespace chainrule {
namespace {

template <class... Rows>
Registry filled(std::string_view kind) {
  Registry made(kind);
  (made.add<Rows>(), ...);
  return made;
}

}  // namespace

template <>
Registry& registry<Schedule>() {
  static Registry rows = [] {
    Registry made = filled<Constant, Cosine, Warmup>("schedule");
    made.set_number_row("constant");
    return made;
  }();
  return rows;
}

template <>
Registry& registry<Rule>() {
  static Registry rows = filled<Sgd, Adam>("optimizer");
  return rows;
}

template <>
Registry& registry<Layer>() {
  static Registry rows = filled<Relu, Conv2d, Sequential>("layer");
  return rows;
}

}  // namespace chainrule
