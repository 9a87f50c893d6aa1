#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "autodiff/probe.h"

// The functions that generated tests go through.
namespace chainrule::testing {

/// A composed function, or an operation.
struct TestedFunction {
  std::string name;  // of an operation: op_matmul
  std::vector<ComposedCall> calls;
  std::vector<OpCase> cases;  // probes refer to them
  const ElementwiseFunction* elementwise = nullptr;

  std::vector<Probe> probes() const {
    std::vector<Probe> made;
    for (const ComposedCall& call : calls) made.push_back(probe(call));
    for (const OpCase& c : cases) made.push_back(probe(c));
    if (elementwise != nullptr) made.push_back(probe(*elementwise));
    return made;
  }
};
inline std::ostream& operator<<(std::ostream& out, const TestedFunction& f) { return out << f.name; }

inline void add_operations(std::vector<TestedFunction>& all, bool elementwise) {
  for (const OpRow* row : op_table()) {
    if (row->info.elementwise != elementwise) continue;
    all.push_back({"op_" + std::string(row->info.name), {}, cases_of(*row, DType::f64)});
  }
}

/// All of them but the elementwise ones.
inline std::vector<TestedFunction> functions_of_arrays() {
  std::vector<TestedFunction> all;
  for (const ComposedFunction& f : composed_functions()) all.push_back({std::string(f.name), f.calls, {}});
  add_operations(all, false);
  return all;
}

inline std::vector<TestedFunction> functions_of_elements() {
  std::vector<TestedFunction> all;
  for (const ElementwiseFunction& f : elementwise_functions())
    all.push_back({std::string(f.name), {}, {}, &f});
  add_operations(all, true);
  return all;
}

}  // namespace chainrule::testing
