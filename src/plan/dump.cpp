#include "plan/dump.h"

#include <map>
#include <sstream>

#include "core/text.h"

namespace chainrule {
namespace {

std::string name_of(const Program& program, std::int32_t value) {
  const Storage& storage = program.storage_of(value);
  switch (storage.place) {
    case Place::leaf:
      return cat("leaf", storage.number);
    case Place::result:
      return cat("result", storage.number);
    case Place::arena:
    case Place::piece:
    case Place::block:
      break;
  }
  return cat("v", program.values[value].storage);
}

std::string step_text(const Program& program, const Step& step) {
  std::ostringstream text;
  const Value& output = program.values[step.output];
  text << name_of(program, step.output) << " = " << step.row->info.name << "(";
  const char* separator = "";
  for (const std::int32_t input : step.inputs) {
    text << separator << name_of(program, input);
    separator = ", ";
  }
  if (step.row->attribute_bytes > 0) {
    text << separator;
    step.row->print(step.attribute(), text);
  }
  text << ") " << Meta{output.dtype, output.shape};
  return text.str();
}

/// The bytes of the arrays that the instruction reads from memory and writes to it, by storage.
std::map<std::int32_t, std::size_t> arrays(const Program& program, const Instruction& instruction) {
  std::map<std::int32_t, std::size_t> found;
  const auto add = [&](std::int32_t value) {
    const Value& v = program.values[value];
    const std::size_t bytes = static_cast<std::size_t>(v.shape.numel()) * size_of(v.dtype);
    if (program.storage_of(value).place != Place::block) found.emplace(v.storage, bytes);
  };
  for (const std::int32_t s : instruction.steps) {
    add(program.steps[s].output);
    for (const std::int32_t input : program.steps[s].inputs) add(input);
  }
  return found;
}

}  // namespace

std::vector<std::string> instruction_lines(const Program& program) {
  std::vector<std::string> lines;
  for (const Instruction& instruction : program.instructions) {
    const std::size_t each = instruction.steps_of_each();
    std::string line;
    for (std::size_t at = 0; at < instruction.steps.size(); ++at) {
      const char* before = at == 0 ? "" : at % each == 0 ? " }\n    and { " : "; ";
      line += cat(before, step_text(program, program.steps[instruction.steps[at]]));
    }
    lines.push_back(instruction.steps.size() > 1 ? cat("fused { ", line, " }") : line);
  }
  return lines;
}

std::vector<std::string> kept_lines(const Program& program, const Trace& trace) {
  std::vector<std::string> lines;
  for (const Kept& kept : program.kept) {
    if (program.storage_of(kept.value).place != Place::result) continue;
    const Node& node = *trace.nodes[static_cast<std::size_t>(kept.node)];
    lines.push_back(cat(name_of(program, kept.value), " is kept: somebody holds this ", node.op->info.name,
                        ".", node.origin.to_string()));
  }
  return lines;
}

double flops(const Program& program, std::size_t instruction) {
  double total = 0;
  for (const std::int32_t s : program.instructions[instruction].steps) {
    const Step& step = program.steps[s];
    std::vector<Shape> shapes;
    for (const std::int32_t input : step.inputs) shapes.push_back(program.values[input].shape);
    const Shape& output = program.values[step.output].shape;
    total += step.row->flops ? step.row->flops(step.attribute(), shapes, output)
                             : static_cast<double>(output.numel());
  }
  return total;
}

std::size_t bytes(const Program& program, std::size_t instruction) {
  std::size_t total = 0;
  for (const auto& [storage, each] : arrays(program, program.instructions[instruction])) total += each;
  return total;
}

std::string to_string(const Program& program, const Trace& trace) {
  std::ostringstream text;
  text << program.instructions.size() << " instructions, arena of " << program.arena_bytes << " bytes\n";
  const std::vector<std::string> lines = instruction_lines(program);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text << i << "  " << lines[i] << "  [" << bytes(program, i) << " bytes]\n";
  }
  for (const Strip& strip : program.strips) {
    text << "instructions " << strip.begin << " to " << strip.end - 1 << " together, " << strip.piece
         << " of " << strip.rows << " rows at a time\n";
  }
  for (const Takeover& t : program.takeovers) {
    text << "result" << t.result << " may lie where leaf" << t.leaf << " did\n";
  }
  for (const std::string& line : kept_lines(program, trace)) text << line << "\n";
  text << "memory:\n";
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    const Storage& storage = program.storages[i];
    if (storage.first < 0 || storage.place == Place::block) continue;
    text << "  " << (storage.place == Place::result ? cat("result", storage.number) : cat("v", i)) << "  "
         << storage.bytes << " bytes";
    if (storage.place == Place::arena || storage.place == Place::piece) text << " at " << storage.offset;
    text << ", instructions " << storage.first << " to " << storage.last << "\n";
  }
  return text.str();
}

}  // namespace chainrule
