#include "chainrule/nn/shards.h"

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::nn {
namespace {

constinit thread_local JoinedShards* joined = nullptr;

}  // namespace

JoinedShards::JoinedShards() : previous_(joined) { joined = this; }
JoinedShards::~JoinedShards() { joined = previous_; }

bool joins_shards() { return joined != nullptr; }

Tensor sum_over_shards(const Tensor& mine) {
  if (mine.dtype() != DType::f64) {
    throw DTypeError(609, cat("[sum_over_shards] takes f64, not ", name_of(mine.dtype()),
                              ": a sum over many rows needs its digits. Cast it first."));
  }
  return joined != nullptr ? joined->sum(mine) : mine;
}

}  // namespace chainrule::nn
