// Writes docs/ops.md from the table of operations.
#include <sstream>

#include "docs/page.h"
#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Operations

<!-- Written from src/ops/ by `cmake --build --preset release --target ops_docs`; a test compares. Do not edit. -->

Every operation has its derivatives as operations again, to any order, unless the table says why it has none. Inputs of
one operation have one dtype: the functions of `chainrule/ops.h` promote mixed ones as NumPy does, and make f64 of
integers where an operation takes floating numbers only. Shapes broadcast where the operation is marked elementwise.
"All eight" dtypes are also f16, bf16 and i32; other operations convert these first ([dtypes.md](dtypes.md)).

The largest error is in units in the last place (ULP) of the exact result: over every 127th f32 against double, over 10
million f64 of every magnitude against long double, by the kernels (AVX-512, AVX2, SSE4) and by the reference loops with
glibc 2.36. For operations with two inputs both are over random pairs. Tests hold every operation to it. "Exact" is
never rounded, as what only moves or chooses numbers, 0.5 is rounded to nearest. No error is stated for sums and
products, whose error grows with their length.

)";

constexpr std::string_view kComposedHead = R"(
## Functions made of operations

They have no kernel and no derivative of their own: both are those of the operations in the formula. Integers become f64
where the formula needs it. Their slopes at kinks stand in the public headers. First the elementwise ones:

| function | formula | largest error f32, f64 |
|---|---|---|
)";

/// A bar would end the table's cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? "\\|" : std::string(1, c);
  return escaped;
}

std::string error_cell(const Ulp& ulp) {
  if (ulp.f32 < 0) return "";
  if (ulp.f32 == 0 && ulp.f64 == 0) return "exact";
  std::ostringstream out;
  out << ulp.f32 << ", " << ulp.f64;
  return out.str();
}

/// Whether the operation takes its inputs with this dtype where its sample has floating ones.
bool takes(const OpRow& row, const Sample& sample, DType dtype) {
  std::vector<Meta> in;
  for (const SampleInput& input : sample.inputs)
    in.push_back({is_floating(input.dtype) ? dtype : input.dtype, input.shape});
  try {
    row.infer(sample.attributes.data(), in);
    return true;
  } catch (const DTypeError&) {
    return false;
  }
}

Sample sample_of(const OpRow& row) {
  if (row.samples) {
    for (Sample& sample : row.samples()) {
      if (sample.error == 0) return std::move(sample);
    }
  }
  return {std::vector<std::byte>(1), std::vector<SampleInput>(static_cast<std::size_t>(row.info.arity)), 0};
}

std::string dtypes_cell(const OpRow& row) {
  const Sample sample = sample_of(row);
  std::string names;
  int count = 0;
  for (const DType dtype : {DType::f32, DType::f64, DType::i64, DType::u8, DType::boolean}) {
    if (!takes(row, sample, dtype)) continue;
    names += std::string(count++ ? " " : "") + std::string(name_of(dtype));
  }
  return row.info.any_dtype ? "all eight" : count == 5 ? "all" : names;
}

/// @throws std::runtime_error  if something is not documented.
std::string ops_markdown() {
  std::ostringstream out;
  out << kHead
      << "| operation | what it gives | inputs | dtypes | elementwise | derivative | largest error f32, f64 "
         "|\n"
      << "|---|---|---|---|---|---|---|\n";
  for (const OpRow* row : op_table()) {
    const OpInfo& info = row->info;
    if (info.doc.empty()) throw std::runtime_error(std::string(info.name) + " has no documentation");
    out << "| " << info.name << " | " << cell(info.doc) << " | " << sample_of(*row).inputs.size() << " | "
        << dtypes_cell(*row) << " | " << (info.elementwise ? "yes" : "") << " | "
        << (row->vjp ? "yes" : "no: " + cell(row->not_differentiable)) << " | " << error_cell(info.ulp)
        << " |\n";
  }
  out << kComposedHead;
  for (const ElementwiseFunction& f : elementwise_functions()) {
    if (f.doc.empty()) throw std::runtime_error(std::string(f.name) + " has no documentation");
    out << "| " << f.name << " | " << cell(f.doc) << " | " << error_cell(f.ulp)
        << (f.cancels.empty() ? "" : " of the larger of x and the result: " + cell(f.cancels)) << " |\n";
  }
  out << "\n| other function | what it gives | checked as |\n|---|---|---|\n";
  for (const ComposedFunction& f : composed_functions()) {
    if (f.doc.empty()) throw std::runtime_error(std::string(f.name) + " has no documentation");
    out << "| " << f.name << " | " << cell(f.doc) << " |";
    const char* separator = " ";
    for (const ComposedCall& call : f.calls) {
      out << separator << "`" << cell(call.text) << "`"
          << (call.not_differentiable.empty() ? ""
                                              : " (no derivative: " + cell(call.not_differentiable) + ")");
      separator = ", ";
    }
    out << " |\n";
  }
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) { return write_page(argc, argv, chainrule::ops_markdown, "ops_docs"); }
