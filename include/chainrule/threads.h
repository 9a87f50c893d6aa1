#pragma once

namespace chainrule {

/// Threads that the program will use, the calling one included. Set by, in this order: `set_num_threads`,
/// `CHAINRULE_NUM_THREADS`, `OMP_NUM_THREADS`, and else min(CPU affinity, cgroup quota). The environment is
/// read once. @throws ValueError  if `CHAINRULE_NUM_THREADS` is not a number from 1 to 1024 (E003).
int num_threads();
/// Takes effect at the next operation; safe at any time, from any thread.
/// @throws ValueError  for a count below 1 or above 1024 (E002).
void set_num_threads(int count);

}  // namespace chainrule
