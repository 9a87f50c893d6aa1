#pragma once

#include <span>
#include <variant>
#include <vector>

#include "core/buffer.h"
#include "plan/program.h"

namespace chainrule {

/// What runs a program, as often as one likes, without allocating memory.
class Executor {
 public:
  explicit Executor(Program program);

  /// Computes the results.
  ///
  /// If a kernel throws, the results are undefined.
  /// @param leaves   memory of the leaves, in their order.
  /// @param results  memory for the results, in the order of Program::results.
  /// @param nodes    those of the trace: an error names the line and the layer of its node.
  void run(std::span<void* const> leaves, std::span<void* const> results, std::span<Node* const> nodes);

  const Program& program() const { return program_; }
  /// Seconds that each instruction took in the last run that was timed.
  const std::vector<double>& seconds() const { return seconds_; }
  void set_timed(bool timed) { timed_ = timed; }

 private:
  using Fusions = std::span<const std::shared_ptr<const Fusion>>;
  /// The call of a kernel, with all that can be known before the run.
  struct KernelCall {
    const Step* step = nullptr;
    const Product* product = nullptr;    // what follows; null for nothing
    std::int32_t result = 0, also = -1;  // values; the second for a pair
    std::vector<ConstArray> inputs;
    std::vector<std::int32_t> input_storages;
    Array output;
    Split split;
    std::int32_t kept = -1;  // storage
  };
  using Job = std::variant<KernelCall, Fusions>;

  Job job_of(const Instruction& instruction) const;
  /// What follows a call on the rows from one on.
  Epilogue epilogue_of(const KernelCall& call, std::int64_t row) const;
  void* row_of(std::int32_t value, std::int64_t row) const;
  void run_whole(Fusions fusions, std::span<Node* const> nodes);
  void run_whole(KernelCall& call, std::span<Node* const> nodes);
  void run_strip(const Strip& strip, std::span<Node* const> nodes);
  /// One job on the rows [begin, end) of a strip.
  void run_piece(Fusions fusions, const Strip& strip, std::int64_t begin, std::int64_t end,
                 std::span<Node* const> nodes);
  void run_piece(KernelCall& call, const Strip& strip, std::int64_t begin, std::int64_t end,
                 std::span<Node* const> nodes);
  void place_pieces(const Strip& strip, std::int64_t begin);

  Program program_;
  std::vector<Job> jobs_;      // by instruction
  std::vector<void*> memory_;  // by storage
  /// By strip: the storages that hold a piece, with the bytes of a row.
  std::vector<std::vector<std::pair<std::int32_t, std::size_t>>> pieces_;
  std::byte* arena_ = nullptr;
  std::vector<double> seconds_;
  bool timed_ = false;
};

}  // namespace chainrule
