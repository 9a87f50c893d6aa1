// Operators that hold graphs. Conditions and counts are read while the graph is built.
#include <algorithm>

#include "core/text.h"
#include "onnx/numbers.h"
#include "onnx/program.h"

namespace chainrule::onnx {
namespace {

/// Of all turns of all loops together: loops inside one another multiply.
constexpr std::int64_t kMostOperations = 1 << 20;

Tensors run_graph(const Call& c, const Program::Block& graph, const Tensors& inputs) {
  Run& run = *c.around.run;
  run.operations += static_cast<std::int64_t>(graph.steps.size()) + 1;
  if (run.operations > kMostOperations) {
    throw ValueError(530, cat(c.where(), " and what is around it run more than ", kMostOperations,
                              " operations. Mistrust the file, or give inputs that take fewer turns."));
  }
  return c.around.program->run(graph, run, inputs);
}

Tensors choose(const Call& c) {
  return run_graph(c, Program::body(c, c.number_at(0) != 0 ? "then_branch" : "else_branch"), {});
}

Tensors loop(const Call& c) {
  const Program::Block& body = Program::body(c, "body");
  const std::int64_t most = c.has(0) ? c.integer_at(0) : INT64_MAX;
  bool goes_on = c.has(1) ? c.number_at(1) != 0 : true;
  Tensors state(
      c.inputs().begin() + std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(c.input_count())),
      c.inputs().end());
  if (body.outputs.size() < state.size() + 1) throw c.error("its body gives fewer values than it takes.");
  std::vector<Tensors> scanned(body.outputs.size() - state.size() - 1);
  for (std::int64_t i = 0; goes_on && i < most; ++i) {
    Tensors in{scalar(i, i64), from_data(std::vector<bool>{goes_on}, Shape{})};
    in.insert(in.end(), state.begin(), state.end());
    const Tensors out = run_graph(c, body, in);
    if (!out[0].is_empty() && out[0].numel() != 1)
      throw c.error(cat("its condition has the shape ", out[0].shape(), "; need one number."));
    if (!out[0].is_empty()) goes_on = out[0].to_vector<double>()[0] != 0;
    for (std::size_t s = 0; s < state.size(); ++s) state[s] = out[s + 1];
    for (std::size_t s = 0; s < scanned.size(); ++s) scanned[s].push_back(out[1 + state.size() + s]);
  }
  for (const Tensors& each : scanned) {
    if (each.empty()) throw c.error("no turns: the shape of what it collects is not known.");
    state.push_back(stack(each));
  }
  return state;
}

Tensors scan(const Call& c) {
  if (c.opset() < 9) throw c.error("an old form; need opset 9 or newer.");
  const Program::Block& body = Program::body(c, "body");
  const std::int64_t count = c.integer("num_scan_inputs");
  const auto inputs = static_cast<std::int64_t>(c.input_count());
  if (count < 1 || count > inputs) throw c.error("num_scan_inputs does not fit.");
  const auto states = static_cast<std::size_t>(inputs - count), scans = static_cast<std::size_t>(count);
  if (body.outputs.size() < states) throw c.error("its body gives fewer values than it takes.");
  const std::size_t outputs = body.outputs.size() - states;
  const auto list = [&](std::string_view name, std::size_t size) {
    std::vector<std::int64_t> values = c.integers(name, std::vector<std::int64_t>(size, 0));
    if (values.size() != size) throw c.error(cat(name, " does not fit."));
    return values;
  };
  const auto in_axes = list("scan_input_axes", scans), in_back = list("scan_input_directions", scans);
  const auto out_axes = list("scan_output_axes", outputs), out_back = list("scan_output_directions", outputs);
  Tensors state(c.inputs().begin(), c.inputs().begin() + static_cast<std::ptrdiff_t>(states));
  const auto axis_of = [&](std::size_t s) { return c.axis_of(in_axes[s], c[states + s].ndim()); };
  const std::int64_t steps = c[states].shape()[axis_of(0)];
  if (steps < 1) throw c.error("no steps: the shape of what it collects is not known.");
  std::vector<Tensors> scanned(outputs);
  for (std::int64_t i = 0; i < steps; ++i) {
    Tensors in = state;
    for (std::size_t s = 0; s < scans; ++s)
      in.push_back(select(c[states + s], in_back[s] != 0 ? steps - 1 - i : i, axis_of(s)));
    const Tensors out = run_graph(c, body, in);
    for (std::size_t s = 0; s < states; ++s) state[s] = out[s];
    for (std::size_t s = 0; s < outputs; ++s) scanned[s].push_back(out[states + s]);
  }
  for (std::size_t s = 0; s < outputs; ++s) {
    if (out_back[s] != 0) std::reverse(scanned[s].begin(), scanned[s].end());
    state.push_back(stack(scanned[s], c.axis_of(out_axes[s], scanned[s][0].ndim() + 1)));
  }
  return state;
}

constexpr Operator kRows[] = {
    {"If", 1, 1, choose, 0b1, 0, false, "The condition is read while the graph is built."},
    {"Loop", 0, -1, loop, 0b11, 0, false, "Unrolled, as often as its condition says for these inputs."},
    {"Scan", 1, -1, scan, 0, 0, false, "Unrolled."},
};

}  // namespace

std::span<const Operator> control_operators() { return kRows; }

}  // namespace chainrule::onnx
