// Writes docs/op_errors.md, the worst errors over all generated cases:  write_op_errors [--check] FILE
#include <iomanip>
#include <regex>

#include "autodiff/probe.h"
#include "chainrule/ops.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Worst errors of operations and their derivatives

<!-- Written by `cmake --build --preset release --target op_errors_docs`; a test compares all but the numbers.
Do not edit. -->

Over every generated case of every operation (`tests/ops/`): the largest difference of a value computed by the fast
kernels in f32 and in f64 from the reference loops in f64, relative to the value or 1, and of a derivative in f64 along
a random direction from central differences with Richardson's extrapolation, relative to the derivative or 1.
Differences themselves are good to about 1e-10. The tests let 1e-8 pass; a planted error of a thousandth in any one
derivative is found by the random graphs. Measured with AVX-512 and glibc 2.36. The last digits depend on the machine's
C library, which the reference loops call.

| operation | cases | value f32 | value f64 | first order | second order | cases whose derivatives are not checked, and why |
|---|---|---|---|---|---|---|
)";

std::string number(double x) {
  std::ostringstream out;
  out << std::setprecision(1) << std::scientific << x;
  return x == 0 ? "0" : out.str();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

/// @throws std::runtime_error  if something is wrong: the table has no line for it.
void write_line(std::ostream& out, std::string_view name, const OpCheck& check) {
  if (!check.ok()) throw std::runtime_error(joined(check.failures));
  out << "| " << name << " | " << check.cases << " | " << number(check.value_error_f32) << " | "
      << number(check.value_error_f64) << " | ";
  if (check.first_order_error == 0 && !check.exemptions.empty()) {
    out << "| |";
  } else {
    out << number(check.first_order_error) << " | " << number(check.second_order_error) << " |";
  }
  out << " " << joined(check.exemptions) << " |\n";
}

std::string table() {
  std::ostringstream out;
  out << kHead;
  for (const OpRow* row : op_table()) write_line(out, row->info.name, check_op(*row));
  for (const ElementwiseFunction& f : elementwise_functions()) write_line(out, f.name, check_function(f));
  for (const ComposedFunction& f : composed_functions()) write_line(out, f.name, check_function(f));
  return out.str();
}

/// The page without what was measured: on another machine that is a little else.
std::string without_numbers(const std::string& page) {
  return std::regex_replace(page, std::regex(R"(\| (0|\d\.\de[-+]\d+) (?=\|))"), "| # ");
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) {
  return write_page(argc, argv, chainrule::table, "op_errors_docs", chainrule::without_numbers);
}
