#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/shape.h"
#include "ops/op.h"
#include "plan/trace.h"

namespace chainrule {

class Fusion;

/// Where a piece of memory lies.
enum class Place : std::uint8_t {
  leaf,    ///< in a leaf, which the caller gives
  result,  ///< in a buffer that goes to the caller
  arena,   ///< in the plan's own memory, shared with others whose lifetimes do not meet
  piece,   ///< there as well, but never more of it than one piece of a strip
  block,   ///< nowhere: it lives from block to block inside a fused instruction
};

/// A piece of memory, and when it is needed: from the instruction that writes it to the last that reads it.
struct Storage {
  Place place = Place::arena;
  std::size_t bytes = 0;
  std::int32_t number = 0;  // of the leaf or the result
  std::size_t offset = 0;   // in the arena
  std::int32_t first = -1, last = -1;
};

/// An array of the program: a leaf or what a step computes. Arrays that are the same numbers seen with
/// another shape share their storage.
struct Value {
  DType dtype = DType::f32;
  Shape shape;
  std::int32_t storage = 0;
  std::int32_t step = -1;  // that computes it; -1 for a leaf
  Literal literal = Literal::none;
};

/// One operation.
struct Step {
  const OpRow* row = nullptr;
  std::vector<std::byte> attributes;
  std::vector<std::int32_t> inputs;  // values
  std::int32_t output = 0;
  std::int32_t node = 0;  // of the trace, for messages

  const void* attribute() const { return attributes.data(); }
  /// Appends the attributes as words: equal ones give equal words.
  void append_key(std::vector<std::uint64_t>& words) const {
    if (row->key != nullptr) row->key(attribute(), words);
  }
};

/// One step by its kernel.
struct Call {};
/// Elementwise steps in one pass over memory, with reductions of their results behind them. More than one
/// fusion if the same is done to several sets of arrays: the steps are those of the first fusion, then as
/// many of the second, and so on.
struct Elementwise {
  std::vector<std::shared_ptr<const Fusion>> fusions;
};
/// A matrix product or convolution with the steps that follow it: the values of its epilogue, -1 for none.
struct Product {
  std::int32_t bias = -1, mask = -1, base = -1, scale = -1;
  bool relu = false;
};
/// Two steps by the kernel of the first, which makes the second one's result as well.
struct Pair {};

/// What is run at once.
struct Instruction {
  std::vector<std::int32_t> steps;
  std::variant<Call, Elementwise, Product, Pair> kind = Call{};
  Split split = {};        // of a kernel in a strip
  std::int32_t kept = -1;  // storage of what the kernel keeps from piece to piece; -1: nothing

  const Elementwise* elementwise() const { return std::get_if<Elementwise>(&kind); }
  const Product* product() const { return std::get_if<Product>(&kind); }
  /// How many steps belong together.
  std::size_t steps_of_each() const {
    return elementwise() != nullptr ? steps.size() / elementwise()->fusions.size() : steps.size();
  }
};

/// Instructions that are run one after the other on a piece of the first axis, say some images of a batch,
/// then on the next piece: what they hand on stays in the second cache.
struct Strip {
  std::int32_t begin = 0, end = 0;  // instructions
  std::int64_t rows = 0;            // size of the first axis
  std::int64_t piece = 0;           // rows of a piece, at most
};

/// Smaller arrays stay in the cache wherever they lie.
constexpr std::size_t kMinTakeoverBytes = 4096;

/// A result that may lie where a leaf did: its instruction is the last to read the leaf, and reads each
/// element before it writes the one that takes its place. Nothing can fail from that instruction on.
struct Takeover {
  std::int32_t result = 0;  // its number
  std::int32_t leaf = 0;    // its number
  std::uint32_t uses = 0;   // by nodes of the trace
};

/// A node of the trace whose result is kept.
struct Kept {
  std::int32_t node = 0;
  std::int32_t value = 0;
};

/// What a trace computes, as a flat list of instructions over pieces of memory.
struct Program {
  std::vector<Value> values;
  std::vector<Storage> storages;
  std::vector<Step> steps;  // in an order in which they can run
  std::vector<Instruction> instructions;
  std::vector<Strip> strips;          // in order; most programs have none
  std::vector<std::int32_t> leaves;   // values
  std::vector<Kept> kept;             // in the order of the nodes
  std::vector<std::int32_t> results;  // storages that go to the caller
  std::vector<Takeover> takeovers;
  std::size_t arena_bytes = 0;

  Storage& storage_of(std::int32_t value) { return storages[values[value].storage]; }
  const Storage& storage_of(std::int32_t value) const { return storages[values[value].storage]; }
  /// Whether an instruction is in a strip.
  bool is_in_strip(std::int32_t instruction) const {
    return std::any_of(strips.begin(), strips.end(), [=](const Strip& strip) {
      return strip.begin <= instruction && instruction < strip.end;
    });
  }
  /// Bytes of a piece of one row.
  std::size_t row_bytes(std::int32_t value) const {
    const Value& v = values[value];
    return static_cast<std::size_t>(v.shape.numel() / v.shape[0]) * size_of(v.dtype);
  }
};

/// Makes the program (compile.cpp).
Program compile(const Trace& trace);

/// @name The passes: simplify, put_updates_last and find_takeovers hold for any device, the others, in cpu/,
/// for processors.
/// @{
Program simplify(const Trace& trace);
void fuse(Program& program);
void add_epilogues(Program& program);
void join_pairs(Program& program);
void join_reductions(Program& program);
/// Puts what could lie where a leaf did behind all that reads the leaf or may fail. Returns how many
/// instructions are in front of it.
std::int32_t put_updates_last(const Trace& trace, Program& program);
/// Only the first `count` instructions; the others stay behind them, in their order.
void cut_into_strips(Program& program, std::int32_t count);
void join_alike(Program& program);
void find_takeovers(const Trace& trace, Program& program);
void assign_memory(Program& program);
/// @}

/// The program as a table.
/// @param trace  what it was made from.
std::string to_string(const Program& program, const Trace& trace);

}  // namespace chainrule
