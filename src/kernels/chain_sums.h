#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/thread_pool.h"
#include "kernels/cut.h"
#include "kernels/simd/gemm.h"

namespace chainrule::kernels {

/// Many sums of long chains side by side, which grow piece by piece: what kMaxChain links add up to is put
/// aside, and such sums are added in pairs, the pairs in pairs and so on, in the same order as by gemm.
///
/// All of it lies in memory of the caller's, so that it can go on there with the next piece. Parts of the
/// sums may have their own chains: each is a ChainSums of the same memory.
template <class T>
class ChainSums {
 public:
  static constexpr std::int64_t kMaxChain = Gemm<T>::kMaxChain;

  /// Numbers of memory for so many sums of so many chains each.
  static constexpr std::int64_t memory(std::int64_t sums, std::int64_t chains, std::int64_t parts = 1) {
    const std::int64_t levels = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(1, chains)));
    return parts * kState + (1 + levels) * sums;
  }

  /// @param sums  of all parts together.
  ChainSums(T* memory, std::int64_t sums, std::int64_t part = 0, std::int64_t parts = 1)
      : state_(reinterpret_cast<State*>(memory + part * kState)),
        chain_(memory + parts * kState + part * (sums / parts)),
        size_(sums / parts),
        step_(sums) {}

  /// How many chains so many steps of so many links make: only whole steps are in one, at least one.
  static constexpr std::int64_t chains(std::int64_t steps, std::int64_t links_of_step) {
    return divide_up(steps, steps_of_chain(links_of_step));
  }
  /// Before the first piece.
  void clear() { *state_ = {}; }

  /// The chains that grow now, and whether they hold links already: if not, what is there counts for nothing.
  T* chain() const { return chain_; }
  bool is_begun() const { return state_->links > 0; }

  /// How many steps of so many links there is room for in these chains, at least one: if need be in new ones.
  std::int64_t room(std::int64_t links_of_step = 1) {
    if (is_begun() && state_->links + links_of_step > kMaxChain) put_aside();
    return std::max<std::int64_t>(1, (kMaxChain - state_->links) / links_of_step);
  }
  void add(std::int64_t links) { state_->links += links; }

  /// The sums, in memory of this object; after the last link.
  const T* finish() {
    if (state_->chains == 0) {
      if (!is_begun()) std::fill_n(chain_, size_, T(0));
      return chain_;
    }
    if (is_begun()) put_aside();
    int level = std::countr_zero(state_->chains);
    const T* sum = at(level);
    for (++level; state_->chains >> level != 0; ++level) {
      if ((state_->chains >> level & 1) != 0) sum = add_to(at(level), sum);
    }
    return sum;
  }

 private:
  struct State {
    std::uint64_t chains = 0;  // that have been put aside: bit l says whether level l holds 2^l of them
    std::int64_t links = 0;    // of the chains that grow now
  };
  static constexpr std::int64_t kState = 64 / sizeof(T);  // a cache line, so that the sums begin with one
  static_assert(sizeof(State) <= 64);

  static constexpr std::int64_t steps_of_chain(std::int64_t links_of_step) {
    return std::max<std::int64_t>(1, kMaxChain / links_of_step);
  }
  T* at(int level) const { return chain_ + (1 + level) * step_; }

  /// to = to + from, for both in their order. The sum.
  T* add_to(T* to, const T* from) const {
    parallel_for(size_, 1 << 15, [to, from](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
    });
    return to;
  }

  void put_aside() {
    int level = 0;
    const T* sum = chain_;
    for (; (state_->chains >> level & 1) != 0; ++level) sum = add_to(at(level), sum);
    std::copy_n(sum, size_, at(level));
    *state_ = {state_->chains + 1, 0};
  }

  State* state_;
  T* chain_;
  std::int64_t size_, step_;
};

}  // namespace chainrule::kernels
