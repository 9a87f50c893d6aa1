#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "chainrule/chainrule.h"
#include "ops/op.h"
#include "plan/program.h"

// What the tests of plans share.
namespace chainrule {

inline Tensor drawn(const Shape& shape, std::uint64_t seed) {
  return detach(normal(shape, {.seed = seed}, 0, 0.3));
}

inline Trace trace_of(const std::vector<Tensor>& outputs) {
  std::vector<Node*> nodes;
  for (const Tensor& output : outputs) nodes.push_back(output.node());
  Tracer tracer;
  tracer.start(nodes);
  Trace trace;
  tracer.next(trace);
  return trace;
}

/// The program for a graph of which only the outputs are held.
inline Program program_of(const std::vector<Tensor>& outputs) { return compile(trace_of(outputs)); }

class Programs : public ::testing::Test {
 protected:
  void SetUp() override {
    if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  }
};

}  // namespace chainrule
