// From a trace to a program: the passes, in their order.
#include "plan/program.h"

namespace chainrule {

Program compile(const Trace& trace) {
  Program program = simplify(trace);                           // each value once, if it is needed
  fuse(program);                                               // elementwise steps in one loop
  add_epilogues(program);                                      // what follows a product in its loop
  join_pairs(program);                                         // two steps that one kernel does in one pass
  join_reductions(program);                                    // sums in the loop that makes what they add
  cut_into_strips(program, put_updates_last(trace, program));  // pieces of a batch that stay in the cache
  join_alike(program);                                         // equal work on many arrays, such as updates
  find_takeovers(trace, program);                              // results over leaves that nobody needs
  assign_memory(program);                                      // arrays that share memory
  return program;
}

}  // namespace chainrule
