#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/nn/embedding.h"
#include "chainrule/nn/linear.h"
#include "chainrule/nn/recurrent.h"
#include "chainrule/nn/transformer.h"

// Nets that read and write sequences of whole numbers, such as the characters of a text
// (chainrule/data/text.h).
//
//     nn::CharGpt net({.vocabulary = alphabet.size()});
//     train::Task task{net, nn::token_loss};                       // x (N, T), t (N, T): the same, one on
//     alphabet.decode(nn::generate(net, alphabet.encode("ROMEO:"), 500, {.temperature = 0.8}))
namespace chainrule::nn {

/// Mean softmax cross-entropy of each step, in nats. Targets below 0 do not count: what fills up short rows.
/// @param logits   (..., classes).
/// @param targets  (...), i64 or u8.
/// @throws ShapeError  if they do not fit (E444).
struct TokenLoss {
  Tensor operator()(const Tensor& logits, const Tensor& targets, Location where = Location::current()) const;
  /// How many targets count: what the mean divides by. Tasks ask for it, so that the loss of a set does not
  /// depend on how it is cut into batches.
  Tensor counted(const Tensor& logits, const Tensor& targets, const Tensor& weights = {}) const;
};
inline constexpr TokenLoss token_loss;

/// A net from numbers (N, T) to logits (N, T, vocabulary) of what comes next.
class TextNet : public Layer {
 public:
  /// The most steps that it reads; 0: any number.
  virtual std::int64_t block() const { return 0; }
};

enum class CellName : std::uint8_t { rnn, lstm, gru };

/// Characters to vectors, a recurrent net, and logits at each step.
///
///     x (N, T), i64 or u8; state (N, layers, hidden), of an LSTM h and c side by side: where the text before
///     ended; zeros if it is left out
///     y (N, T, vocabulary); state, after the last step
class CharRnn : public LayerOf<CharRnn, TextNet> {
 public:
  static constexpr Info kInfo{.name = "char_rnn",
                              .doc = "Predicts the next character of a text by a recurrent net."};
  static constexpr std::string_view kInputs = "x, state?", kOutputs = "y, state";
  struct Options {
    std::int64_t vocabulary = 0;  ///< how many symbols there are
    std::int64_t embedding = 64, hidden = 128, layers = 1;
    CellName cell = CellName::lstm;
    double dropout = 0;  ///< of the vectors, between layers, and of what the last one says
    bool tied = false;   ///< logits by the embedding's vectors: needs embedding = hidden
  };

  CharRnn() = default;
  explicit CharRnn(const Options& options);
  CharRnn(const CharRnn& other);
  CharRnn& operator=(const CharRnn& other);
  const Options& options() const { return options_; }
  void fields(Fields& f);
  void members(Members& m);
  /// @throws ValueError  if it is tied and embedding is not hidden (E447).
  void init(Init& init);
  Ports compute(const Inputs& in, Pass& pass) const;

 private:
  Recurrent& reader() const;

  Options options_;
  Embedding embedding_;
  mutable Shared<Recurrent> reader_;  // made on demand: settings may come later
  Linear output_;
  Parameter bias_;  // of the logits, if they are tied
};

/// A transformer that sees what came before: characters and places to vectors, blocks of attention and a net
/// at each step, a norm, and logits   (Radford et al. 2018). Embeddings start with deviation 0.02 (GPT-2,
/// 2019), so that at first all symbols are as likely; weights with 1 / sqrt(fan in), and what is added to x
/// with 1 / (2 layers) of that. With 0.02 for these too, which is right for the 768 channels of GPT-2, the
/// net of 128 learns far more slowly.
class CharGpt : public LayerOf<CharGpt, TextNet> {
 public:
  static constexpr Info kInfo{.name = "char_gpt",
                              .doc = "Predicts the next character of a text by a transformer."};
  struct Options {
    std::int64_t vocabulary = 0;
    std::int64_t block = 64;  ///< the most steps that it reads
    std::int64_t layers = 4, heads = 4, channels = 128;
    double dropout = 0;
    bool bias = true;  ///< of linear layers and norms
    bool tied = true;  ///< logits by the embedding's vectors
  };

  CharGpt() = default;
  explicit CharGpt(const Options& options);
  CharGpt(const CharGpt& other);
  CharGpt& operator=(const CharGpt& other);
  const Options& options() const { return options_; }
  std::int64_t block() const override { return options_.block; }
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  std::vector<TransformerEncoderLayer>& blocks() const;

  Options options_;
  Embedding embedding_;
  PositionalEmbedding places_;
  mutable std::vector<TransformerEncoderLayer> blocks_;  // made on demand: settings may come later
  NormParameters norm_;
  Linear output_;
};

/// One sequence to another: a recurrent net reads the source, a second one starts from its last state and
/// writes the target, and at each step asks the steps of the source (Sutskever et al. 2014; attention by dot
/// products, Luong et al. 2015).
///
///     source (N, S), target (N, T), i64 or u8: as it is to be written, but one step back, a start symbol
///     first; lengths (N) of the sources
///     y (N, T, vocabulary): logits of what is to be written at each step
class Seq2Seq : public LayerOf<Seq2Seq> {
 public:
  static constexpr Info kInfo{.name = "seq2seq",
                              .doc = "One sequence to another by two recurrent nets and attention."};
  static constexpr std::string_view kInputs = "source, target, lengths?";
  struct Options {
    std::int64_t source_vocabulary = 0;
    std::int64_t vocabulary = 0;  ///< of the target
    std::int64_t embedding = 32, hidden = 128, layers = 1;
    CellName cell = CellName::lstm;
    bool attention = true;
    /// Whether the writer sees at each step the state that the reader ended in, beside what it reads and
    /// before what it says (the peeky decoder of the books).
    bool peeky = false;
    double dropout = 0;  ///< of the vectors, between layers, and of what the writer says
  };

  Seq2Seq() = default;
  explicit Seq2Seq(const Options& options);
  Seq2Seq(const Seq2Seq& other);
  Seq2Seq& operator=(const Seq2Seq& other);
  const Options& options() const { return options_; }
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Ports compute(const Inputs& in, Pass& pass) const;

 private:
  Tensor asked(const Tensor& said, const Tensor& memory, const Tensor& lengths) const;
  void make() const;

  Options options_;
  Embedding source_embedding_, target_embedding_;
  mutable Shared<Recurrent> reader_, writer_;
  Linear combine_, output_;
};

struct GenerateOptions {
  double temperature = 1;  ///< logits are divided by it: below 1 safer, 0 always the most probable
  std::int64_t top_k = 0;  ///< only so many most probable ones are drawn from; 0: all
  std::uint64_t seed = 1;
  std::int64_t stop = -1;  ///< a number after which nothing more is drawn
  std::int64_t block = 0;  ///< the most steps that are read; 0: as the net says

  void fields(Fields& f);
};
/// Goes on with a sequence: each number is drawn from what the net says of the last step, and is what it
/// reads next. A function of net, ids and options, on any number of threads.
/// @param net    from numbers (1, T) to logits (1, T, classes); a CharRnn is read on from its state.
/// @param ids    what to go on from: one number at least.
/// @return  `count` numbers, or fewer up to `stop`, that one included.
/// @throws ValueError  for no ids (E448), options out of range (E228), or logits that are not finite (E449).
/// @throws ShapeError  if the net does not give logits (1, T, classes) (E450).
std::vector<std::int64_t> generate(const Layer& net, std::span<const std::int64_t> ids, std::int64_t count,
                                   const GenerateOptions& options = {});

/// The target that a net writes for each source, the most probable number at each step.
/// @param source   (N, S); @param lengths  (N), or empty.
/// @param start    what the target begins with; it is not part of the result.
/// @param longest  steps that are written: (N, longest), i64. What comes after an end symbol means nothing.
Tensor write_greedily(const Seq2Seq& net, const Tensor& source, std::int64_t start, std::int64_t longest,
                      const Tensor& lengths = {});

}  // namespace chainrule::nn
