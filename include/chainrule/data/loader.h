#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/data/batches.h"
#include "chainrule/data/source.h"
#include "chainrule/data/transform.h"

namespace chainrule::data {

struct LoaderOptions {
  std::int64_t batch_size = 100;
  std::uint64_t seed = 0;  ///< of the order of the rows, and of the transforms
  Batches::Order order = Batches::Order::shuffled;
  bool drop_last = false;      ///< leave out an epoch's last batch if it is short
  Transforms transforms = {};  ///< what is done to the rows of a batch, in order
  /// One a row, with the order with_replacement: how often it is drawn, in proportion. None: all alike. As
  /// the rows themselves, no part of a configuration.
  std::vector<double> weights = {};
  /// Threads that prepare batches ahead; with 0 each batch is made when it is asked for, by the asking
  /// thread. Worth it where making a batch takes long against a step. The batches are the same bits for any
  /// number.
  std::int64_t workers = 0;
  std::int64_t prefetch = 2;  ///< batches that each worker may be ahead

  void fields(Fields& f);
};

/// The batches of a training run: a source, the order of its rows, and transforms.
///
///     data::Loader loader(mnist.train, {.batch_size = 128, .seed = 1});
///     const auto [x, t] = loader.at(step);
///
/// May be moved, not copied; used by one thread at a time. One that was moved from is empty: using it is a
/// ValueError (E010).
class Loader {
 public:
  using Options = LoaderOptions;

  /// @throws ValueError  for options that are not allowed (E071, E276, E460), transforms that do not fit
  ///     (E277), or the order balanced without class numbers to go by (E461).
  Loader(Source source, const Options& options = {});
  Loader(Loader&& other) noexcept : inside_(std::exchange(other.inside_, nullptr)) {}
  Loader& operator=(Loader&& other) noexcept {
    std::swap(inside_, other.inside_);
    return *this;
  }
  /// Waits for the batches that are being made.
  ~Loader();

  /// The batch of a step, counted from 0 over all epochs: a function of source, options and step alone. Steps
  /// may be asked for in any order; what was prepared ahead is of use to those asked for one after another.
  /// @throws ValueError  for a negative step (E071), and whatever source or transforms throw, here also if a
  ///     worker met it.
  Batch at(std::int64_t step);

  /// Which rows of the source the batch of a step has, in its order.
  std::vector<std::int64_t> rows(std::int64_t step) const;
  /// How many those are.
  std::int64_t row_count(std::int64_t step) const;
  /// From now on `at` gives a part of each batch's rows: of so many parts of nearly the same size, as they
  /// follow one another, those from begin on, before end. A row is the same as in the whole batch.
  /// @throws ValueError  for less than one part (E276).
  void take_part(std::int64_t begin, std::int64_t end, std::int64_t parts);
  /// With replacement, as many as it takes to draw as many rows as there are.
  std::int64_t steps_per_epoch() const;
  const Source& source() const;
  /// Of the batches: those of the source, unless a transform makes others of them.
  const std::vector<Column>& columns() const;
  const Options& options() const;

 private:
  struct Inside;
  Inside& inside() const {
    if (inside_ == nullptr) throw_empty_handle("loader");
    return *inside_;
  }
  Inside* inside_;
};

}  // namespace chainrule::data
