// What every operation gives, by its fast and its reference kernel, as checksums: natively and in a browser's
// build they must be the same. With names of operations: the numbers that their fast kernels give.
#include <cstdio>
#include <string>
#include <vector>

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

template <class Print>
void for_each_case(const OpRow& row, Print print) {
  for (const DType floating : {f32, f64}) {
    int number = 0;
    for (const OpCase& c : cases_of(row, floating)) {
      std::printf("%s %s %d", std::string(row.info.name).c_str(), floating == f32 ? "f32" : "f64", ++number);
      print(c);
      std::printf("\n");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    for_each_case(*find_op(argv[i]), [](const OpCase& c) {
      for (const double value : run_with(c, draw_inputs(c, 1), Kernels::fast).to_vector())
        std::printf(" %.17g", value);
    });
  }
  if (argc > 1) return 0;
  for (const OpRow* row : op_table()) {
    for_each_case(*row, [](const OpCase& c) {
      std::printf(" %s %s", checksum(c, Kernels::fast).c_str(), checksum(c, Kernels::reference).c_str());
    });
  }
}
