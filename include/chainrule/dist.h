#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/train/team.h"

// Training on more machines than one, by MPI: link `chainrule::dist`.
namespace chainrule::dist {

using train::RankError;

struct WorldOptions {
  /// Seconds without a sign of life from a rank that others wait for, after which the run ends. Larger than a
  /// step takes, and than rank 0 takes to write a checkpoint. Until the first step it is ten times as long:
  /// data are read then.
  double timeout = 20;
};

/// The ranks of a program that mpirun or srun started, one process each; of a program that was started alone,
/// one rank.
///
///     dist::World world;
///     train::Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, {mnist.train, {.batch_size =
///     256}},
///                            {.shards = 8, .team = &world});
///     trainer.on(epochs(1), train::checkpoint("run1"));
///     trainer.run(epochs(5));
///
/// All ranks do the same, and end with the same bits, however many they are. Used by the thread that made it.
class World final : public train::Team {
 public:
  using Options = WorldOptions;

  /// Starts MPI, unless the program has done so, for calls from one thread; what it started it ends.
  /// @throws RankError  if MPI does not start, or a call of it fails (E604).
  explicit World(const Options& options = {});
  /// The ranks of a communicator of the program's own, which is duplicated.
  /// @param communicator  address of an MPI_Comm, such as &comm.
  explicit World(const void* communicator, const Options& options = {});
  /// Waits for the others. While an exception is on its way it ends them all instead (MPI_Abort), since they
  /// would wait for this rank.
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Whether mpirun, srun or the like started this process, and as which rank of how many; known before MPI
  /// is started.
  static bool is_launched();
  static int launched_rank();

  int rank() const override;
  int size() const override;
  int local_rank() const;  ///< among those of this machine
  int same_cpus() const;   ///< ranks of this machine that may use the CPUs that this one may, it included
  std::string name_of(int rank) const override;  ///< "rank 3 on host b"

  /// @throws RankError  from all of these: if another rank is gone (E605), gives no sign of life (E606), or a
  ///     call of MPI fails (E604).
  /// @{
  void barrier();
  std::vector<std::string> gather(std::string_view mine) override;
  void broadcast(std::string& text, int from) override;
  void sum(std::int64_t shards, std::span<float> parts) override;
  void sum(std::int64_t shards, std::span<double> parts) override;
  /// @}

  /// For an error that several ranks know of: returns at once on the first that is alive, and seconds later
  /// on the others, unless they have been ended by then. So one tells it, and aborts.
  void take_turn() const;
  /// Ends all ranks at once with this exit code, as far as the launcher takes it over.
  [[noreturn]] void abort(int code);

 private:
  struct Inside;
  Inside* inside_;
  int exceptions_;
};

}  // namespace chainrule::dist
