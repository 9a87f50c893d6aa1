// The texts of the two files.
#include <algorithm>
#include <cmath>

#include "c_export/library.h"
#include "c_export/parts.h"
#include "core/text.h"

namespace chainrule::c_export {
namespace {

struct Port {
  std::string name;
  const Tensor* tensor;
};
std::vector<Port> ports(const std::vector<std::string>& names, const Row& tensors) {
  std::vector<Port> found;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].is_empty()) found.push_back({names[i], &tensors[i]});
  }
  return found;
}

std::string in_capitals(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// Text within a C string or comment.
std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += c == '\n' ? ' ' : c;
    if (c == '*') made += ' ';  // so that no comment ends
  }
  return made;
}

/// "const float *x, float *y, "
std::string parameters(const Written& from) {
  std::string text;
  for (const Port& in : ports(from.input_names, from.inputs)) {
    text += cat("const ", c_type(in.tensor->dtype()), " *", in.name, ", ");
  }
  for (const Port& out : ports(from.output_names, from.outputs)) {
    text += cat(c_type(out.tensor->dtype()), " *", out.name, ", ");
  }
  return text;
}

std::int64_t output_bytes(const Written& from) {
  std::int64_t bytes = 0;
  for (const Tensor& out : from.outputs) bytes += (4 * out.numel() + 15) / 16 * 16;
  return bytes;
}

std::string sizes_text(const Written& from, const CSource& made) {
  std::string text;
  for (const auto& list : {ports(from.input_names, from.inputs), ports(from.output_names, from.outputs)}) {
    for (const Port& port : list) {
      text += cat("#define $$_", in_capitals(port.name), "_SIZE ", port.tensor->numel(), " /* ",
                  port.tensor->shape(), " */\n");
    }
  }
  text += cat("#define $$_WORKSPACE_BYTES ", made.workspace_bytes, "\n");
  if (!from.state.empty()) text += cat("#define $$_STATE_BYTES ", made.state_bytes, "\n");
  if (from.of->options.int8) text += cat("#define $$_INT8_ERROR ", made.int8_error, "\n");
  if (from.of->model != nullptr && !from.of->model->options.classes.empty()) {
    text += cat("#define $$_CLASSES ", from.of->model->options.classes.size(), "\n");
  }
  return text;
}

std::string about(const Written& from, const CSource& made) {
  std::string text =
      cat("/* A neural network, written by Chainrule: ", escaped(from.of->net->describe()), ".\n\n");
  if (from.of->model != nullptr) {
    const ModelOptions& options = from.of->model->options;
    if (options.before)
      text += cat("   What goes in is scaled inside: ", escaped(options.before->describe()), ".\n");
    if (options.after)
      text += cat("   What comes out is scaled back: ", escaped(options.after->describe()), ".\n");
  }
  text += cat("   Constants: ", made.weight_bytes,
              " bytes. Nothing is allocated, no variable of the file changes.\n");
  if (from.of->options.int8) {
    text += cat("   Weights are whole numbers of 8 bits: outputs are up to ", made.int8_error,
                " from those of the net,\n   on the examples of the self test.\n");
  }
  text += "   Compile with -std=c99, or -ffp-contract=off. */\n";
  return text;
}

std::string header_text(const Written& from, const CSource& made) {
  std::string text = about(from, made);
  text +=
      "#ifndef $$_H\n#define $$_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text += sizes_text(from, made);
  if (text.find("$$_CLASSES ") != std::string::npos) {
    text +=
        "\n/* Names of the classes, in the order of the outputs. */\nextern const char *const "
        "$_classes[$$_CLASSES];\n";
  }
  const bool trains = !from.state.empty();
  if (trains) {
    text +=
        cat("\n/* The first values of what is trained: state has $$_STATE_BYTES bytes. */\n"
            "void $_init(float *state);\n"
            "\n/* One step of gradient descent down the ",
            from.of->options.loss, " of one row; t is what y should be. Returns the loss. */\n",
            "float $_train_step(", parameters(from).substr(0, parameters(from).find("float *y")),
            "const float *t, float rate, float *state, void *workspace);\n");
  }
  text += cat(
      "\n/* What the net says of one row. workspace has $$_WORKSPACE_BYTES bytes, aligned as a float. */\n"
      "void $_predict(",
      parameters(from), trains ? "const float *state, " : "", "void *workspace);\n",
      "\n/* 0 if the net says of ", from.examples.size(),
      " rows in the file what it did where it was written; else the number of one\n"
      "   of which it does not.",
      trains ? " Sets the state to its first values." : "", " */\n", "int $_self_test(",
      trains ? "float *state, " : "", "void *workspace);\n");
  text += "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

constexpr std::string_view kMadd = R"(
/* a b + c, rounded once where the machine can do that or $$_SAME_BITS is defined: the bits of the library. */
#if defined($$_SAME_BITS) || defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define $$_FUSED 1
#define $$_MADD(a, b, c) fmaf(a, b, c)
#else
#define $$_FUSED 0
#define $$_MADD(a, b, c) ((a) * (b) + (c))
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define $$_APART _Pragma("GCC ivdep") /* what the loop reads it does not write elsewhere */
#else
#define $$_APART
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif
#if defined(__GNUC__) && !defined(__STRICT_ANSI__) && defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "floats are not rounded here (x87): compile with -std=c99, or with -msse2 -mfpmath=sse"
#endif
)";

/// MADD as the net's own macro.
std::string with_madd(std::string text) {
  for (std::size_t at = text.find("MADD("); at != std::string::npos; at = text.find("MADD(", at + 8)) {
    if (at == 0 || text[at - 1] != '_') text.insert(at, "$$_");
  }
  return text;
}

std::string state_pointers(const Written& from, bool is_const) {
  std::string text;
  std::int64_t at = 0;
  for (const Argument& one : from.state) {
    const std::string_view type = is_const ? "const float" : "float";
    text += cat("  ", type, " *const ", one.name, " = state + ", at, ";\n");
    at += one.tensor.numel();
  }
  return text;
}

std::string init_text(const Written& from, Constants& constants) {
  std::string text = "\nvoid $_init(float *state)\n{\n  long i;\n";
  std::int64_t at = 0;
  for (const Argument& one : from.state) {
    text += cat("  for (i = 0; i < ", one.tensor.numel(), "; ++i) state[", at,
                " + i] = ", constants.name_of(one.tensor), "[i];\n");
    at += one.tensor.numel();
  }
  return text + "}\n";
}

std::string example_name(std::string_view port, std::size_t i) { return cat("$_example_", port, i + 1); }

std::string examples_text(const Written& from) {
  std::string text;
  for (std::size_t i = 0; i < from.examples.size(); ++i) {
    for (const auto& list :
         {ports(from.input_names, from.examples[i]), ports(from.output_names, from.expected[i])}) {
      for (const Port& port : list) {
        text += "\n";
        text +=
            array_text(example_name(port.name, i), c_type(port.tensor->dtype()), numbers_of(*port.tensor));
      }
    }
  }
  return text;
}

/// The largest difference that is taken for rounding.
std::string self_test_text(const Written& from) {
  const bool trains = !from.state.empty();
  std::string text = cat("\nint $_self_test(", trains ? "float *state, " : "", "void *workspace)\n{\n");
  std::int64_t at = from.workspace_bytes / 4;
  for (const Port& out : ports(from.output_names, from.outputs)) {
    const std::string_view type = c_type(out.tensor->dtype());
    text += cat("  ", type, " *const ", out.name, " = (", type, " *)((float *)workspace + ", at, ");\n");
    at += (out.tensor->numel() + 3) / 4 * 4;
  }
  text += "  long i;\n";
  if (trains) text += "  $_init(state);\n";
  for (std::size_t i = 0; i < from.examples.size(); ++i) {
    text += "\n  $_predict(";
    for (const Port& in : ports(from.input_names, from.examples[i]))
      text += cat(example_name(in.name, i), ", ");
    for (const Port& out : ports(from.output_names, from.outputs)) text += cat(out.name, ", ");
    text += cat(trains ? "state, " : "", "workspace);\n");
    for (const Port& out : ports(from.output_names, from.outputs)) {
      const std::string wanted = example_name(out.name, i);
      text += cat("  for (i = 0; i < ", out.tensor->numel(), "; ++i) {\n    ");
      if (is_floating(out.tensor->dtype())) {
        text += cat("if (!(fabsf(", out.name, "[i] - ", wanted, "[i]) <= 1e-5f * (1.0f + fabsf(", wanted,
                    "[i])))) return ", i + 1, ";\n  }\n");
      } else {
        text += cat("if (", out.name, "[i] != ", wanted, "[i]) return ", i + 1, ";\n  }\n");
      }
    }
  }
  return text + "  return 0;\n}\n";
}

std::string classes_text(const Written& from) {
  if (from.of->model == nullptr || from.of->model->options.classes.empty()) return "";
  std::string text = "\nconst char *const $_classes[$$_CLASSES] = {\n";
  for (const std::string& name : from.of->model->options.classes) text += cat("  \"", escaped(name), "\",\n");
  return text + "};\n";
}

}  // namespace

void write_files(const Written& from, Constants& constants, CSource& made) {
  made.workspace_bytes = std::max<std::int64_t>(16, from.workspace_bytes + output_bytes(from));
  made.weight_bytes = constants.bytes();
  made.header = with_name(header_text(from, made), from.of->name);
  const bool trains = !from.state.empty();
  std::string text = "#include \"$.h\"\n\n#include <math.h>\n";
  text += kMadd;
  text += with_madd(functions_text(from.functions));
  text += classes_text(from);
  const std::string init = trains ? init_text(from, constants) : "";
  text += constants.text();
  text += init;
  text += cat("\nvoid $_predict(", parameters(from), trains ? "const float *state, " : "",
              "void *workspace)\n{\n", state_pointers(from, true), from.predict, "}\n");
  if (trains) {
    text += cat("\nfloat $_train_step(", parameters(from).substr(0, parameters(from).find("float *y")),
                "const float *t, float learning_rate, float *state, void *workspace)\n{\n",
                "  const float rate[1] = {learning_rate};\n  float loss[1];\n", state_pointers(from, false),
                from.train, "  return loss[0];\n}\n");
  }
  text += examples_text(from);
  text += self_test_text(from);
  made.source = with_name(text, from.of->name);
}

}  // namespace chainrule::c_export
