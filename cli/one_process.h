#pragma once

namespace chainrule::cli {

/// What a tool without MPI asks first. @throws ValueError  if mpirun started several processes (E602).
void require_one_process();

}  // namespace chainrule::cli
