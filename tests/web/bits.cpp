// What every operation gives, by its fast and its reference kernel, as checksums: natively and in a browser's
// build they must be the same.
#include <cstdio>
#include <string>

#include "autodiff/op_cases.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "ops/op.h"

using namespace chainrule;

namespace {

std::string checksum(const OpCase& c, Kernels kernels) {
  try {
    return io::Fnv1a().add(run_with(c, draw_inputs(c, 1), kernels)).hex();
  } catch (const Error& error) {
    return "E" + std::to_string(error.code());
  }
}

}  // namespace

int main() {
  for (const OpRow* row : op_table()) {
    for (const DType floating : {f32, f64}) {
      int number = 0;
      for (const OpCase& c : cases_of(*row, floating)) {
        std::printf("%s %s %d %s %s\n", std::string(row->info.name).c_str(), floating == f32 ? "f32" : "f64",
                    ++number, checksum(c, Kernels::fast).c_str(), checksum(c, Kernels::reference).c_str());
      }
    }
  }
}
