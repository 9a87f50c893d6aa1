#include "one_process.h"

#include <cstdlib>

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::cli {

void require_one_process() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* ranks = std::getenv(name);
    if (ranks == nullptr || std::atoi(ranks) < 2) continue;
    throw ValueError(602, cat("[train] ", ranks,
                              " ranks were started, but this chainrule was built without MPI. Install "
                              "libopenmpi-dev, and build it again."));
  }
}

}  // namespace chainrule::cli
