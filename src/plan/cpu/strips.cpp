// Which instructions are run together on pieces of a batch.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "plan/cpu/cuts.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

// Of what a piece touches at one time, so that it fits the second cache.
constexpr std::size_t kPieceBytes = 1280 * 1024;
constexpr std::int64_t kRowsAtOnce = 4;  // a multiple of which can be shared out evenly among as many threads

class Cutter {
 public:
  Cutter(Program& program, std::int32_t count)
      : p_(program), uses_(program), count_(count), cuts_(p_.instructions.size()) {
    for (std::int32_t i = 0; i < count_; ++i) cuts_[i] = cut_of(p_, p_.instructions[i]);
    find_dependences();
  }

  /// Puts what can be cut alike together, as far as the order of computation lets it.
  void run() {
    const auto all = static_cast<std::int32_t>(p_.instructions.size());
    if (std::none_of(cuts_.begin(), cuts_.end(), [](const Cut& cut) { return cut.rows > 0; })) return;
    while (static_cast<std::int32_t>(order_.size()) < count_) {
      const std::int32_t next = choose();
      if (next >= 0) {
        emit(next);
      } else {
        finish_strip();
        rows_ = 0;
        const std::int32_t first = *ready_.begin();
        rows_ = cuts_[first].rows;
        emit(first);
      }
    }
    finish_strip();
    for (std::int32_t i = count_; i < all; ++i) order_.push_back(i);
    std::vector<Instruction> ordered;
    for (const std::int32_t i : order_) ordered.push_back(std::move(p_.instructions[i]));
    p_.instructions = std::move(ordered);
  }

 private:
  /// What each instruction waits for.
  void find_dependences() {
    users_.resize(p_.instructions.size());
    waits_for_.resize(p_.instructions.size());
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(p_.instructions.size()); ++i) {
      std::set<std::int32_t> needed;
      for (const std::int32_t s : p_.instructions[i].steps) {
        for (const std::int32_t input : p_.steps[s].inputs) {
          const std::int32_t made_by = uses_.writer(p_.values[input].storage);
          if (made_by >= 0 && made_by != i) needed.insert(made_by);
        }
      }
      for (const std::int32_t other : needed) users_[other].push_back(i);
      waits_for_[i] = static_cast<std::int32_t>(needed.size());
      if (needed.empty()) ready_.insert(i);
    }
  }

  /// The next instruction of the strip, or outside of strips the next that cannot be cut; -1 for none. Those
  /// that make little come first, so that what they read need not stay.
  std::int32_t choose() const {
    std::int32_t best = -1;
    for (const std::int32_t i : ready_) {
      if (i >= count_) break;
      if (cuts_[i].rows != rows_) continue;
      if (rows_ == 0) return i;
      if (fits(cuts_[i]) && (best < 0 || made_bytes(i) < made_bytes(best))) best = i;
    }
    return best;
  }

  /// Whether it can follow in the strip: what it takes whole must be complete, and what is put together in
  /// the strip is not.
  bool fits(const Cut& cut) const {
    const auto is_in = [this](const std::set<std::int32_t>& storages) {
      return [&, this](std::int32_t v) { return storages.contains(p_.values[v].storage); };
    };
    return std::none_of(cut.wholes.begin(), cut.wholes.end(), is_in(made_)) &&
           std::none_of(cut.pieces.begin(), cut.pieces.end(), is_in(sums_));
  }

  std::size_t made_bytes(std::int32_t i) const {
    std::size_t bytes = 0;
    for (const std::int32_t s : p_.instructions[i].steps) {
      const Storage& storage = p_.storage_of(p_.steps[s].output);
      if (storage.place != Place::block) bytes += storage.bytes;
    }
    return bytes;
  }

  void emit(std::int32_t i) {
    ready_.erase(i);
    order_.push_back(i);
    for (const std::int32_t user : users_[i]) {
      if (--waits_for_[user] == 0) ready_.insert(user);
    }
    if (rows_ == 0) return;
    for (const std::int32_t s : p_.instructions[i].steps) {
      const std::int32_t output = p_.steps[s].output;
      made_.insert(p_.values[output].storage);
      if (!is_piece(i, output)) sums_.insert(p_.values[output].storage);
    }
  }

  bool is_piece(std::int32_t instruction, std::int32_t value) const {
    const std::vector<std::int32_t>& pieces = cuts_[instruction].pieces;
    return std::find(pieces.begin(), pieces.end(), value) != pieces.end();
  }

  void finish_strip() {
    made_.clear();
    sums_.clear();
    const auto end = static_cast<std::int32_t>(order_.size());
    const std::int32_t begin = std::exchange(begin_, end);
    if (rows_ == 0 || end - begin < 2) return;
    const auto rows = static_cast<std::size_t>(rows_);
    const std::size_t pieces = (rows * largest_row(begin, end) + kPieceBytes - 1) / kPieceBytes;
    if (pieces < 2) return;
    auto piece = static_cast<std::int64_t>(std::max<std::size_t>(1, (rows + pieces - 1) / pieces));
    if (piece > kRowsAtOnce) piece -= piece % kRowsAtOnce;
    p_.strips.push_back({begin, end, rows_, piece});
    for (std::int32_t i = begin; i < end; ++i) {
      Instruction& instruction = p_.instructions[order_[i]];
      instruction.split = cuts_[order_[i]].split;
      if (instruction.split.kept > 0) instruction.kept = add_storage(instruction);
    }
    hide_inner_pieces(begin, end, piece);
  }

  std::int32_t add_storage(const Instruction& instruction) {
    const DType dtype = p_.values[p_.steps[instruction.steps.back()].output].dtype;
    p_.storages.push_back({.bytes = static_cast<std::size_t>(instruction.split.kept) * size_of(dtype)});
    return static_cast<std::int32_t>(p_.storages.size()) - 1;
  }

  /// Bytes of a row of what the strip touches at one time, at most: an array counts from its first use in the
  /// strip to its last.
  std::size_t largest_row(std::int32_t begin, std::int32_t end) const {
    struct Use {
      std::int32_t first, last;
      std::size_t bytes;
    };
    std::map<std::int32_t, Use> uses;  // by storage
    for (std::int32_t i = begin; i < end; ++i) {
      for (const std::int32_t v : cuts_[order_[i]].pieces) {
        if (p_.storage_of(v).place == Place::block) continue;
        uses.try_emplace(p_.values[v].storage, Use{i, i, p_.row_bytes(v)}).first->second.last = i;
      }
    }
    std::size_t largest = 0;
    for (std::int32_t i = begin; i < end; ++i) {
      std::size_t bytes = 0;
      for (const auto& [storage, use] : uses) bytes += use.first <= i && i <= use.last ? use.bytes : 0;
      largest = std::max(largest, bytes);
    }
    return largest;
  }

  /// What is read in the strip alone is never there as a whole.
  void hide_inner_pieces(std::int32_t begin, std::int32_t end, std::int64_t piece) {
    const std::set<std::int32_t> inside(order_.begin() + begin, order_.begin() + end);
    for (const std::int32_t i : inside) {
      for (const std::int32_t s : p_.instructions[i].steps) {
        const std::int32_t output = p_.steps[s].output;
        Storage& storage = p_.storage_of(output);
        if (storage.place != Place::arena || !is_piece(i, output)) continue;
        const auto readers = uses_.readers(p_.values[output].storage);
        if (!std::all_of(readers.begin(), readers.end(),
                         [&](std::int32_t reader) { return inside.contains(reader); }))
          continue;
        storage.bytes = p_.row_bytes(output) * static_cast<std::size_t>(piece);
        storage.place = Place::piece;
      }
    }
  }

  Program& p_;
  const Uses uses_;
  std::int32_t count_;                            // of the instructions that may be moved
  std::vector<Cut> cuts_;                         // by instruction
  std::vector<std::vector<std::int32_t>> users_;  // by instruction
  std::vector<std::int32_t> waits_for_;           // by instruction: how many that are not in the order yet
  std::set<std::int32_t> ready_;
  std::vector<std::int32_t> order_;
  std::int32_t begin_ = 0;       // of the strip, in the order
  std::int64_t rows_ = 0;        // of the strip; 0 outside of strips
  std::set<std::int32_t> made_;  // storages that the strip writes
  std::set<std::int32_t> sums_;  // those of them that add up
};

}  // namespace

void cut_into_strips(Program& program, std::int32_t count) { Cutter(program, count).run(); }

}  // namespace chainrule
