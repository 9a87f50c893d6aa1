// Connectionist temporal classification, forwards in logarithms; its gradient follows.
#include <limits>
#include <vector>

#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "ops/internal.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "ops/weighted_losses.h"

namespace chainrule {
namespace {

/// The logarithm of what is impossible: finite, so that no difference of two is NaN.
constexpr double kImpossible = -1e30;

bool is_whole(DType dtype) { return dtype == i64 || dtype == i32 || dtype == u8; }

/// Lengths as given, or all the same. Those that are given are looked at: data are known when the loss is
/// made.
std::vector<std::int64_t> lengths_of(const char* name, const Tensor& lengths, std::int64_t rows,
                                     std::int64_t least, std::int64_t most) {
  if (lengths.is_empty()) return std::vector<std::int64_t>(static_cast<std::size_t>(rows), most);
  if (lengths.shape() != Shape{rows} || !is_whole(lengths.dtype())) {
    throw op_error<ShapeError>(153, cat(name, " ", lengths.shape(), " ", name_of(lengths.dtype()),
                                        " do not fit a batch of ", rows, ". Need (", rows, ",) i64."));
  }
  std::vector<std::int64_t> numbers = cast(lengths, i64).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= least && numbers[i] <= most) continue;
    throw op_error<ValueError>(
        154, cat(name, " of row ", i, " is ", numbers[i], "; it must be from ", least, " to ", most, "."));
  }
  return numbers;
}

/// How many labels each row has before its padding.
std::vector<std::int64_t> counts_of(const std::vector<std::int64_t>& labels, std::int64_t rows,
                                    std::int64_t most, std::int64_t blank) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(rows), most);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto last = [&] {
      return labels[i * static_cast<std::size_t>(most) + static_cast<std::size_t>(counts[i]) - 1];
    };
    while (counts[i] > 0 && (last() < 0 || last() == blank)) --counts[i];
  }
  return counts;
}

/// @throws ValueError  for one, of those that there are, that is no class, or is the blank (E154).
void require_labels(const std::vector<std::int64_t>& labels, std::size_t most,
                    const std::vector<std::int64_t>& counts, std::int64_t classes, std::int64_t blank) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(counts[i]); ++j) {
      const std::int64_t label = labels[i * most + j];
      if (label >= 0 && label < classes && label != blank) continue;
      throw op_error<ValueError>(
          154, cat("label ", j, " of row ", i, " is ", label, label == blank ? ", the blank" : "",
                   "; it must be a class from 0 to ", classes - 1, " other than the blank ", blank, "."));
    }
  }
}

/// x, s places later along the last axis; what comes in is impossible.
Tensor shifted(const Tensor& x, std::int64_t s) {
  const Tensor moved = slice(x, 1, 0, x.size(1) - s);
  return concatenate({full({x.size(0), s}, kImpossible, x.dtype()), moved}, 1);
}

Tensor log_sum(std::initializer_list<Tensor> of) { return logsumexp(stack(of, 0), 0); }

}  // namespace

// Labels with blanks around each: S = 2 L + 1 states. A state is reached from itself, from the one before,
// and from the one before that if there is a blank between two labels that differ (section 4.1 of the paper).
Tensor ctc(const Tensor& given, const Tensor& targets, const CtcOptions& options, Location where) {
  const OpScope scope("ctc", where);
  const Tensor log_probs = computing(given);
  const Shape &x = log_probs.shape(), &t = targets.shape();
  if (x.ndim() != 3 || t.ndim() != 2 || x[0] != t[0] || x[1] == 0 || !is_whole(targets.dtype())) {
    throw op_error<ShapeError>(153,
                               cat("log-probabilities ", x, ", targets ", t, " ", name_of(targets.dtype()),
                                   ". Need (N, T, C) and (N, L) i64, of one N, with frames."));
  }
  const std::int64_t rows = x[0], frames = x[1], labels = t[1], states = 2 * labels + 1;
  if (options.blank < 0 || options.blank >= x[2]) {
    throw op_error<ValueError>(
        154, cat("blank is ", options.blank, "; it must be a class from 0 to ", x[2] - 1, "."));
  }
  lengths_of("input_lengths", options.input_lengths, rows, 1, frames);
  const std::vector<std::int64_t> all = cast(targets, i64).to_vector<std::int64_t>();
  const std::vector<std::int64_t> said_counts =
      options.target_lengths.is_empty()
          ? counts_of(all, rows, labels, options.blank)
          : lengths_of("target_lengths", options.target_lengths, rows, 0, labels);
  require_labels(all, static_cast<std::size_t>(labels), said_counts, x[2], options.blank);
  const Tensor counts = from_data(said_counts, {rows});

  const auto blanks = [&](std::int64_t n) {
    return full({rows, n}, static_cast<double>(options.blank), i64);
  };
  const Tensor is_label = cast(arange(labels), i64) < expand_dims(counts, 1);
  const Tensor kept = chainrule::where(is_label, cast(targets, i64), options.blank);
  const Tensor said =
      concatenate({reshape(stack({blanks(labels), kept}, 2), {rows, 2 * labels}), blanks(1)}, 1);
  const Tensor two_before = concatenate(
      {blanks(std::min<std::int64_t>(2, states)), slice(said, 1, 0, std::max<std::int64_t>(0, states - 2))},
      1);
  const Tensor may_skip = not_equal(said, two_before);  // never to a blank
  const Tensor scores =
      take_along_axis(log_probs, broadcast_to(expand_dims(said, 1), {rows, frames, states}), 2);
  const auto frame = [&](std::int64_t i) { return squeeze(slice(scores, 1, i, i + 1), 1); };

  const Tensor places = cast(arange(states), i64);
  Tensor a = chainrule::where(places < 2, frame(0), kImpossible);
  for (std::int64_t i = 1; i < frames; ++i) {
    Tensor next = states == 1 ? a : log_sum({a, shifted(a, 1)});
    if (states > 2)
      next = log_sum({a, shifted(a, 1), chainrule::where(may_skip, shifted(a, 2), kImpossible)});
    next = next + frame(i);
    if (!options.input_lengths.is_empty())
      next = chainrule::where(expand_dims(options.input_lengths, 1) > i, next, a);
    a = next;
  }
  // The last label, or the blank behind it.
  const Tensor last = expand_dims(counts * 2, 1);
  const Tensor is_end = logical_or(equal(places, last), equal(places, last - 1));
  const Tensor total = logsumexp(chainrule::where(is_end, a, kImpossible), 1);
  const Tensor loss =
      chainrule::where(total < kImpossible / 2, std::numeric_limits<double>::infinity(), -total);
  const bool is_mean = options.reduction == Reduction::mean;
  const Tensor losses = is_mean ? loss / cast(maximum(counts, 1), loss.dtype()) : loss;
  if (options.sample_weights.is_empty()) return reduced(losses, options.reduction);
  const Tensor weights = fitted_weights(options.sample_weights, losses);
  return weighted(counted(losses, weights), weights, options.reduction);
}

}  // namespace chainrule
