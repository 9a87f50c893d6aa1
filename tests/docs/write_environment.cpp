// Writes docs/environment.md from the table of variables.
#include "core/environment.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Variables of the environment

<!-- Written from src/core/environment.h by `cmake --build --preset release --target environment_docs`; a test compares. Do not edit. -->

What the library reads: each once, when it is first needed, but folders at each `load`. An empty variable counts as
unset. A value that is not allowed is an error ([E003](errors.md)) that names the variable, the value and what is
allowed; of variables that belong to other programs too, marked with *, it is passed over.

| variable | values | what it is |
|---|---|---|
)";

std::string environment_markdown() {
  std::ostringstream out;
  out << kHead;
  for (const environment::Variable& variable : environment::kVariables) {
    out << "| `" << variable.name << (variable.is_ours ? "`" : "` *") << " | "
        << environment::allowed(variable) << " | " << variable.doc << " |\n";
  }
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) {
  return write_page(argc, argv, chainrule::environment_markdown, "environment_docs");
}
