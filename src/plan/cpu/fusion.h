#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/simd/reduce.h"
#include "plan/program.h"

namespace chainrule {

inline constexpr std::size_t kMaxFusedSteps = 64;  // of an instruction

/// A step as a reduction that can follow fused steps, if it is one.
std::optional<BlockReduction> block_reduction(const Program& program, const Step& step);

/// Elementwise steps on arrays of one shape, run together block by block: what one step leaves for the next
/// stays in the first cache, and memory is passed over once. Inputs may be broadcast. Behind them there may
/// be reductions of what they make, which take it piece by piece.
///
/// An element's value depends on the elements it is computed from alone, and pieces are whole subtrees of the
/// tree in which reductions combine (kernels/simd/reduce.h), so the bits are those of the steps one by one,
/// on any number of threads.
class Fusion {
 public:
  Fusion(const Program& program, const std::vector<std::int32_t>& steps);

  /// Computes the elements [begin, end) of the results, which must be whole rows of their last axis, and
  /// whole blocks of what is reduced.
  /// @param memory  by storage of the program: where an array's first element lies, or would lie.
  void run(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const;
  /// Computes all elements of each fusion. They share the threads: none waits for another, so none may need
  /// what another makes. All have the same steps, no reductions, and at least one element.
  static void run_all(std::span<const std::shared_ptr<const Fusion>> fusions, std::span<void* const> memory);
  std::int64_t count() const { return count_; }
  bool reduces() const { return !reductions_.empty(); }
  /// How many blocks are reduced, each by itself; without reductions, elements.
  std::int64_t blocks() const { return count_ / (size_ * inner_); }

 private:
  /// An operand of a step: an input, the result of a step before it that has memory, or one that has not:
  /// the number of its slot.
  struct Operand {
    enum Kind : std::uint8_t { input, result, inner } kind;
    std::uint32_t number;
  };
  struct Part {
    void (*run)(const void* op, const Block& block);
    const void* attributes;
    Block block;  // but for the addresses
    std::size_t count = 0;
    std::array<Operand, 3> operands{};
    Operand output{};
    std::array<std::size_t, 3> places{};  // of the operands among all of the instruction
    std::size_t output_place = 0;
  };
  /// An array that is read. Its strides along the loops are 0 where it is broadcast.
  struct Input {
    std::int32_t storage;
    std::size_t size;  // of an element
    bool is_whole = false, is_scalar = false, is_repeated = false;
    std::vector<std::int64_t> strides = {};
    std::size_t offset = 0;  // of its repeated block in the scratch memory
  };
  struct Result {
    std::int32_t storage;
    std::size_t size;
  };
  struct Slot {
    std::size_t size;  // of an element
    std::size_t offset = 0;
    bool holds_piece = false;  // and not only a block
  };
  struct Reduction {
    kernels::Reduction op;
    DType dtype;
    Operand operand;
    std::int32_t storage;  // of the result
  };

  static std::size_t bytes(std::int64_t elements, std::size_t size) {
    return static_cast<std::size_t>(elements) * size;
  }
  std::uint32_t take_slot(std::size_t size, std::vector<std::uint32_t>& free);
  Operand operand_of(const Program& program, std::int32_t value);
  void add_reduction(const Program& program, const Step& step);
  void find_loops(const Program& program, const Shape& shape);
  void plan_pieces();
  void plan_blocks();
  void place_operands();
  /// Returns the scratch memory.
  const std::byte* run_part(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const;
  void run_runs(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const;
  void run_pieces(std::span<void* const> memory, std::int64_t begin, std::int64_t end) const;
  /// What a reduction reads of the piece that has been run.
  const std::byte* elements(const Reduction& reduction, std::span<void* const> memory,
                            const std::byte* scratch, std::int64_t begin) const;
  /// The first element of the block that begins at the given one or after it; count_ if there is none.
  std::int64_t next_block(std::int64_t element) const;
  void repeat(const Input& input, const std::byte* from, std::int64_t begin, std::int64_t count,
              std::byte* to) const;
  /// Where the input's element for an element of the result lies, in elements.
  std::int64_t place(const Input& input, std::int64_t element) const;

  std::vector<Input> inputs_;
  std::vector<std::int32_t> input_values_;
  std::vector<Result> results_;
  std::vector<Part> parts_;
  std::vector<std::pair<std::int32_t, Operand>> known_;  // operands by storage of this instruction's results

  std::int64_t count_ = 0;           // elements
  std::vector<std::int64_t> loops_;  // their sizes, innermost first; their product is count_
  bool repeats_ = false;             // whether broadcast inputs are repeated in scratch memory
  std::int64_t block_ = 0;           // elements
  std::vector<Slot> slots_;          // in the scratch memory
  std::vector<Reduction> reductions_;
  std::int64_t size_ = 1, inner_ = 1;  // of the blocks that they reduce
  std::int64_t piece_ = 0;             // elements that they take at once; 0 without them
  bool takes_runs_ = false;            // whether a piece is whole blocks
  std::size_t scratch_bytes_ = 0;
};

}  // namespace chainrule
