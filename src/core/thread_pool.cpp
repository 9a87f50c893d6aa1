#include "core/thread_pool.h"

namespace chainrule {

int num_threads() { return 1; }
void set_num_threads(int) {}
void parallel_for(std::int64_t count, std::int64_t, RangeBody body) {
  if (count > 0) body.call(body.context, 0, count);
}

}  // namespace chainrule
