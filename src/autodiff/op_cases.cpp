#include "autodiff/op_cases.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "chainrule/ops.h"

namespace chainrule {
namespace {

/// Shapes that an elementwise operation meets: equal, broadcast both ways, empty, one element, odd tails,
/// long.
std::vector<std::vector<Shape>> elementwise_shapes(int arity) {
  if (arity == 1) return {{{}}, {{1}}, {{0}}, {{7}}, {{33}}, {{3, 5}}, {{2, 3, 4}}, {{40000}}};
  return {{{}, {}},        {{1}, {1}},          {{0}, {0}},       {{7}, {7}},        {{33}, {33}},
          {{3, 5}, {5}},   {{3, 5}, {3, 1}},    {{5}, {3, 5}},    {{3, 1}, {1, 5}},  {{2, 3, 4}, {}},
          {{}, {2, 3, 4}}, {{2, 1, 4}, {3, 1}}, {{2, 0}, {1, 1}}, {{100, 50}, {50}}, {{40000}, {40000}}};
}

Domain domain_of(const OpRow& row, std::size_t input) {
  return input == 0 ? row.info.domain : row.info.second_domain;
}

}  // namespace

std::string OpCase::to_string() const {
  std::ostringstream out;
  out << row->info.name << "(";
  for (const SampleInput& input : sample.inputs) {
    out << Meta{is_floating(input.dtype) ? floating : input.dtype, input.shape} << " ";
  }
  row->print(sample.attributes.data(), out);
  out << ")";
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const OpCase& c) { return out << c.to_string(); }

namespace {

/// Of an elementwise operation, which lists no samples: settings of zero.
std::vector<std::byte> zero_attributes(const OpRow& row) {
  return std::vector<std::byte>(std::max<std::size_t>(1, row.attribute_bytes));
}

}  // namespace

std::vector<OpCase> cases_of(const OpRow& row, DType floating, bool wanting_error) {
  std::vector<OpCase> cases;
  if (row.samples) {
    for (Sample& sample : row.samples()) {
      if ((sample.error != 0) == wanting_error) cases.push_back({&row, std::move(sample), floating});
    }
    return cases;
  }
  if (wanting_error) {
    if (row.info.arity == 2) cases.push_back({&row, {zero_attributes(row), {{{3}}, {{4}}}, 11}, floating});
    return cases;
  }
  for (const std::vector<Shape>& shapes : elementwise_shapes(row.info.arity)) {
    Sample sample{zero_attributes(row), {}, 0};
    for (std::size_t i = 0; i < shapes.size(); ++i)
      sample.inputs.push_back({shapes[i], DType::f64, domain_of(row, i)});
    cases.push_back({&row, std::move(sample), floating});
  }
  return cases;
}

Tensors draw_inputs(const OpCase& c, std::uint64_t seed) {
  Random random(seed);
  Tensors inputs;
  for (const SampleInput& input : c.sample.inputs) {
    std::vector<double> values(static_cast<std::size_t>(input.shape.numel()));
    for (double& value : values) {
      const Domain& domain = input.domain;
      value = random.uniform(domain.low, domain.high);
      if (domain.grid > 0) value = domain.low + domain.grid * std::floor((value - domain.low) / domain.grid);
      if (!is_floating(input.dtype)) value = std::floor(value);
    }
    const Tensor drawn = from_data(values, input.shape);
    const Tensor prepared = input.prepare ? input.prepare(drawn) : drawn;
    inputs.push_back(detach(cast(prepared, is_floating(input.dtype) ? c.floating : input.dtype)));
  }
  return inputs;
}

Tensor call(const OpCase& c, const Tensors& inputs) {
  return apply_row(*c.row, c.sample.attributes.data(), inputs, Location::current());
}

Tensor run_with(const OpCase& c, const Tensors& inputs, Kernels kernels) {
  evaluate(inputs);
  const Tensor result = call(c, inputs);
  run_node(*result.node(), kernels);
  return result;
}

}  // namespace chainrule
