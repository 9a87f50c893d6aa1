// Writes docs/onnx.md from the tables of operators and of forms.
#include <sstream>

#include "docs/page.h"
#include "onnx/form.h"
#include "onnx/node_tests.h"
#include "onnx/operator.h"
#include "ops/op.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Nets in the format ONNX

<!-- Written from src/onnx/ by `cmake --build --preset release --target onnx_docs`; a test compares. Do not edit. -->

    #include <chainrule/onnx.h>                        // link chainrule::onnx

    save_onnx("lenet.onnx", net, images);              // a net; `images` is a batch of any size
    nn::OnnxNet net = load_onnx("mnist.onnx");         // a layer: predict, train, save again
    export_onnx("f.onnx", {y}, {x});                   // any graph

    chainrule export run1 --out net.onnx
    chainrule info net.onnx
    chainrule predict net.onnx digit.png

It is a component of its own, built where `libonnx-dev` and `libprotobuf-dev` are (`scripts/install-deps.sh onnx`);
`-DCHAINRULE_ONNX=ON` asks for it, `OFF` leaves it out. `find_package(chainrule COMPONENTS onnx)` finds it installed.

## Writing

Files are of opset 17, IR 8. The net is written as it infers: without dropout, with the stored statistics of batch norm,
or with batch norm put into the weights before it (`.fold = true`). Parameters keep their names; what depends on neither
an input nor a parameter is computed before. The batch is an axis named `N` of any size: the net is traced with batches
of 2, 3 and 5, and what differs between them is written as depending on N. `.batch = ""` keeps the sizes of the example.

The layers `rnn`, `lstm` and `gru` are RNN, LSTM and GRU there, with both directions, states and lengths. A sequence of
no steps keeps its state; ONNX Runtime 1.20 says 0. In a graph (`export_onnx`) loops are written step by step, for as
many steps as the example has.

Each file is checked by the format's own checker and shape inference, read again, and compared on 16 random inputs; the
largest difference is returned, and stands in the file's metadata beside the net's settings, its classes and its
scaling.

## Reading

A file becomes a layer with the inputs and outputs of the file. Floating initializers are parameters, and so are lists
of numbers in Constant nodes, where some programs keep all weights; statistics of batch norm are states. `set_value`,
`forward`, `optim::Optimizer` and `save_onnx` work as with any net. Sizes are known when a batch is there: shapes are
worked out, conditions are read and loops are unrolled while the graph is built.

- Opsets 1 to 17; before 7 without the old way to broadcast.
- int8, int16, int32, uint16, uint32 and uint64 become i64, float16 and bfloat16 become f32. So whole numbers do not
  wrap around at 8 or 32 bits.
- Numbers in files beside the model are read if they are inside its folder.
- No texts, no sequences, no optional values, no sparse tensors.
- A file comes from anywhere: names, sizes and types are checked before memory is taken ([errors](errors.md), E500 to
  E509, E524, E525 and E530).

## Operators that are read

)";

std::string operators() {
  std::ostringstream out;
  out << onnx::all_operators().size()
      << " operators. With a note where something differs from the format:\n\n"
      << "| operator | inputs | note |\n|---|---|---|\n";
  for (const onnx::Operator* row : onnx::all_operators()) {
    out << "| " << row->name << " | " << row->least_inputs;
    if (row->most_inputs < 0) {
      out << " or more";
    } else if (row->most_inputs != row->least_inputs) {
      out << " to " << row->most_inputs;
    }
    out << " | " << row->note << " |\n";
  }
  return std::move(out).str();
}

std::string forms() {
  std::ostringstream out;
  out << "\n## How operations are written\n\nEach [operation](ops.md) of the library, and the operator that "
         "it becomes, or what "
         "it is made of:\n\n| operation | ONNX |\n|---|---|\n";
  for (const OpRow* row : op_table()) {
    const onnx::Form* form = onnx::find_form(row->info.name);
    if (form == nullptr) continue;
    out << "| `" << row->info.name << "` | ";
    if (!form->exists()) out << "none: ";
    out << form->is << (form->is.empty() || form->note.empty() ? "" : ", ") << form->note << " |\n";
  }
  return std::move(out).str();
}

std::string not_passed() {
  int others = 0;
  for (const onnx::NotPassed& row : onnx::kNotPassed) others += row.count;
  std::ostringstream out;
  out << "\n## The format's own tests\n\nONNX 1.12 has " << onnx::kNodeTests << " tests of its operators; "
      << onnx::kNodeTests - others
      << " pass. The others are about:\n\n| what | count | tests |\n|---|---|---|\n";
  for (const onnx::NotPassed& row : onnx::kNotPassed) {
    out << "| " << row.why << " | " << row.count << " | ";
    for (std::string_view names = row.tests; !names.empty();)
      out << (names == row.tests ? "`" : ", `") << onnx::take_word(names) << "`";
    out << " |\n";
  }
  return std::move(out).str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) {
  return write_page(
      argc, argv,
      [] {
        return std::string(chainrule::kHead) + chainrule::operators() + chainrule::not_passed() +
               chainrule::forms();
      },
      "onnx_docs");
}
