#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/op_cases.h"
#include "chainrule/random.h"
#include "ops/composed.h"

// Random graphs made of everything the library can compute, and what must hold for each of them.
namespace chainrule::fuzz {

/// What a graph is made of: one sample of an operation, or one call of a composed function.
struct Part {
  std::string name;
  std::function<Tensor(std::span<const Tensor>)> call;
  std::vector<SampleInput> inputs;
  bool differentiable = true;
  const OpRow* row = nullptr;  // of an operation
};

/// Every sample of the rows that is small enough.
std::vector<Part> parts_of(std::span<const OpRow* const> rows);
/// Those of the whole table, and every call of every composed function.
std::vector<Part> all_parts();

/// A scalar function of a few f64 leaves: parts that feed one another. Where a part needs another shape than
/// there is, elements are taken at random; where it needs numbers from its domain, they are squeezed into it.
class RandomGraph {
 public:
  /// Equal seeds give equal graphs. `parts` must live as long.
  RandomGraph(std::span<const Part> parts, std::uint64_t seed);

  const Tensors& leaves() const { return leaves_; }
  /// The graph on leaves of the same shapes, f32 or f64.
  Tensor operator()(std::span<const Tensor> leaves) const;
  /// Whether a part of it is of this operation.
  bool has(const OpRow* row) const;
  /// A line for each leaf and each part.
  std::string to_string() const;

 private:
  /// Where an input of a part comes from.
  struct Feed {
    int source = -1;       // a value's number; -1: `constant`
    Tensor constant;       // numbers for inputs that are not floating
    Tensor indices;        // which elements of the source; empty: all, it has the right shape
    bool squeeze = false;  // into the domain
    const SampleInput* wanted = nullptr;
  };
  struct Step {
    const Part* part;
    std::vector<Feed> feeds;
  };

  bool try_step(const Part& part, Random& random);
  Feed choose_feed(const SampleInput& wanted, Random& random) const;
  Tensor run_step(const Step& step, const Tensors& values, DType floating) const;

  Tensors leaves_;
  std::vector<Step> steps_;
  Tensors values_;  // of the leaves and the steps, in f64, while the graph is made
  Tensors weights_;
};

/// What is wrong with a graph, or nothing: fast kernels against reference loops node by node in f32 and f64;
/// the graph run as a whole against node by node, on one and on two threads, bit for bit; the gradient and a
/// Hessian-vector product against central differences.
std::string find_fault(const RandomGraph& graph, std::uint64_t seed);

}  // namespace chainrule::fuzz
