#include "chainrule/data.h"
namespace chainrule::data {
Dataset make_digits(std::uint64_t, std::int64_t, std::int64_t) { return {}; }
}  // namespace chainrule::data
