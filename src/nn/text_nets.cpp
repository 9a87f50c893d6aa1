// Nets for texts.
#include "chainrule/nn/text_nets.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/loss.h"
#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/sequences.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kCells[] = {"rnn", "lstm", "gru"};
constexpr Range kLayers = between(1, static_cast<double>(Recurrent::kMostLayers));

Shared<Recurrent> make_reader(CellName cell, std::int64_t hidden, std::int64_t layers, double dropout) {
  const RecurrentOptions options{.layers = layers, .dropout = dropout};
  if (cell == CellName::rnn) return Shared<Recurrent>(new Rnn(hidden, options));
  if (cell == CellName::gru) return Shared<Recurrent>(new Gru(hidden, options));
  return Shared<Recurrent>(new Lstm(hidden, options));
}

/// y and the state, of an LSTM h and c side by side; an empty state is zeros.
Ports read_on(const Recurrent& reader, const Tensor& x, const Tensor& state, const Tensor& lengths,
              Pass& pass) {
  const bool is_lstm = reader.kind() == Lstm::kInfo.name;
  if (!is_lstm) return reader.run({x, state, lengths}, pass);
  Tensor h, c;
  if (!state.is_empty()) {
    h = slice(state, -1, 0, reader.hidden);
    c = slice(state, -1, reader.hidden, 2 * reader.hidden);
  }
  const Ports found = reader.run({x, h, c, lengths}, pass);
  return {found[0], concatenate({found[1], found[2]}, -1)};
}

Tensor dropped(const Tensor& x, double p, Pass& pass) {
  return p > 0 && pass.is_training() ? dropout(x, p, pass.key()) : x;
}

void set_up(Embedding& embedding, std::int64_t count, std::int64_t size, double deviation) {
  embedding.count = count;
  embedding.size = size;
  embedding.options.weight_init = Normal{deviation};
}

void check_tokens(std::string_view kind, const Tensor& x, std::string_view what) {
  if (x.ndim() == 2 && x.shape()[1] > 0) return;
  throw ShapeError(440, cat("[", kind, "] ", what, " is ", x.shape(),
                            "; need (N, T): N sequences of T numbers, one at least.",
                            OriginScope::current({}).to_string()));
}

}  // namespace

Tensor TokenLoss::operator()(const Tensor& logits, const Tensor& targets, Location where) const {
  const OriginScope scope(where, nullptr, "token_loss");
  const Shape &z = logits.shape(), &t = targets.shape();
  bool fits = z.ndim() == t.ndim() + 1;
  for (int i = 0; fits && i < t.ndim(); ++i) fits = z[i] == t[i];
  if (!fits) {
    throw ShapeError(
        444, cat("[token_loss] logits ", z, " and targets ", t, " do not fit. Need (..., classes) and (...).",
                 OriginScope::current(where).to_string()));
  }
  const Tensor rows = reshape(logits, {targets.numel(), z.back()}), of = reshape(targets, {-1});
  if (targets.dtype() == u8) return softmax_cross_entropy(rows, of, Reduction::mean, where);
  const Tensor counts = of >= 0;
  const Tensor losses = softmax_cross_entropy(rows, chainrule::where(counts, of, 0), Reduction::none, where);
  const Tensor number = maximum(cast(sum(counts), logits.dtype()), 1);
  return sum(chainrule::where(counts, losses, 0)) / number;
}

Tensor TokenLoss::counted(const Tensor&, const Tensor& targets, const Tensor&) const {
  return sum(cast(targets >= 0, f64));
}

CharRnn::CharRnn(const CharRnn& other)
    : LayerOf(other),
      options_(other.options_),
      embedding_(other.embedding_),
      reader_(static_cast<Recurrent*>(other.reader().copy())),
      output_(other.output_),
      bias_(other.bias_) {}

CharRnn& CharRnn::operator=(const CharRnn& other) {
  CharRnn copied(other);
  Layer::operator=(other);
  options_ = copied.options_;
  embedding_ = copied.embedding_;
  reader_ = copied.reader_;
  output_ = copied.output_;
  bias_ = copied.bias_;
  return *this;
}

Recurrent& CharRnn::reader() const {
  if (!reader_) {
    reader_ =
        make_reader(options_.cell, options_.hidden,
                    std::clamp<std::int64_t>(options_.layers, 1, Recurrent::kMostLayers), options_.dropout);
  }
  return *reader_;
}

void CharRnn::fields(Fields& f) {
  f("vocabulary", options_.vocabulary, "how many symbols there are", at_least(1));
  f("embedding", options_.embedding, "features of a symbol's vector", at_least(1));
  f("hidden", options_.hidden, "units of a layer", at_least(1));
  f("layers", options_.layers, "recurrent layers", kLayers);
  f("cell", options_.cell, kCells, "what the layers are");
  f("dropout", options_.dropout, "in training, probability that a number between layers is left out",
    fraction());
  f("tied", options_.tied, "whether logits are products with the embedding's vectors");
}

void CharRnn::members(Members& m) {
  m("embedding", embedding_);
  m("reader", reader());
  if (options_.tied) {
    m("bias", bias_);
  } else {
    m("output", output_);
  }
}

void CharRnn::init(Init& init) {
  if (options_.tied && options_.embedding != options_.hidden) {
    throw ValueError(447,
                     cat("[char_rnn] it is tied, but embedding is ", options_.embedding, " and hidden is ",
                         options_.hidden, ". They must be equal.", OriginScope::current({}).to_string()));
  }
  const double deviation = 1 / std::sqrt(static_cast<double>(options_.embedding));
  set_up(embedding_, options_.vocabulary, options_.embedding, options_.tied ? deviation : 1);
  output_.outputs = options_.vocabulary;
  if (options_.tied) init("bias", bias_, {options_.vocabulary}, 0);
}

Ports CharRnn::compute(const Inputs& in, Pass& pass) const {
  check_tokens(kInfo.name, in[0], "x");
  const Tensor vectors = dropped(embedding_(in[0], pass), options_.dropout, pass);
  const Ports read = read_on(reader(), vectors, in[1], {}, pass);
  const Tensor said = dropped(read[0], options_.dropout, pass);
  const Tensor y = options_.tied ? linear(said, transpose(embedding_.weight), bias_) : output_(said, pass);
  return {y, read[1]};
}

CharGpt::CharGpt(const CharGpt& other)
    : LayerOf(other),
      options_(other.options_),
      embedding_(other.embedding_),
      places_(other.places_),
      blocks_(other.blocks()),
      norm_(other.norm_),
      output_(other.output_) {}

CharGpt& CharGpt::operator=(const CharGpt& other) {
  Layer::operator=(other);
  options_ = other.options_;
  embedding_ = other.embedding_;
  places_ = other.places_;
  blocks_ = other.blocks();
  norm_ = other.norm_;
  output_ = other.output_;
  return *this;
}

std::vector<TransformerEncoderLayer>& CharGpt::blocks() const {
  const auto count = std::clamp<std::int64_t>(options_.layers, 0, Recurrent::kMostLayers);
  while (std::ssize(blocks_) < count) blocks_.emplace_back();
  return blocks_;
}

void CharGpt::fields(Fields& f) {
  f("vocabulary", options_.vocabulary, "how many symbols there are", at_least(1));
  f("block", options_.block, "the most steps that it reads", at_least(1));
  f("layers", options_.layers, "blocks of attention and a net", kLayers);
  f("heads", options_.heads, "of each attention", at_least(1));
  f("channels", options_.channels, "features of a step", at_least(1));
  f("dropout", options_.dropout, "in training, probability that a number is left out", fraction());
  f("bias", options_.bias, "whether linear layers and norms add numbers");
  f("tied", options_.tied, "whether logits are products with the embedding's vectors");
}

void CharGpt::members(Members& m) {
  if (!is_built()) {
    const double twice = 2 * static_cast<double>(options_.layers);
    for (TransformerEncoderLayer& block : blocks()) {
      block.heads = options_.heads;
      block.options = {.causal = true,
                       .dropout = options_.dropout,
                       .bias = options_.bias,
                       .weight_init = Lecun{},
                       .output_init = Lecun{.gain = 1 / twice}};
    }
    output_.options = {.bias = options_.bias, .weight_init = Lecun{}};
  }
  m("embedding", embedding_);
  m("places", places_);
  m("block", blocks());
  m("norm_scale", norm_.scale);
  if (options_.bias) m("norm_shift", norm_.shift);
  if (!options_.tied) m("output", output_);
}

void CharGpt::init(Init& init) {
  set_up(embedding_, options_.vocabulary, options_.channels, 0.02);
  places_.length = options_.block;
  output_.outputs = options_.vocabulary;
  init("norm_scale", norm_.scale, {options_.channels}, 1);
  if (options_.bias) init("norm_shift", norm_.shift, {options_.channels}, 0);
}

Tensor CharGpt::compute(const Tensor& x, Pass& pass) const {
  check_tokens(kInfo.name, x, "x");
  Tensor y = dropped(places_(embedding_(x, pass), pass), options_.dropout, pass);
  for (const TransformerEncoderLayer& block : blocks()) y = block(y, pass);
  y = layer_norm(y, -1, norm_.scale, options_.bias ? norm_.shift.value() : Tensor());
  return options_.tied ? linear(y, transpose(embedding_.weight), {}) : output_(y, pass);
}

Seq2Seq::Seq2Seq(const Seq2Seq& other)
    : LayerOf(other),
      options_(other.options_),
      source_embedding_(other.source_embedding_),
      target_embedding_(other.target_embedding_),
      combine_(other.combine_),
      output_(other.output_) {
  other.make();
  reader_ = Shared<Recurrent>(static_cast<Recurrent*>(other.reader_->copy()));
  writer_ = Shared<Recurrent>(static_cast<Recurrent*>(other.writer_->copy()));
}

Seq2Seq& Seq2Seq::operator=(const Seq2Seq& other) {
  Seq2Seq copied(other);
  Layer::operator=(other);
  options_ = copied.options_;
  source_embedding_ = copied.source_embedding_;
  target_embedding_ = copied.target_embedding_;
  reader_ = copied.reader_;
  writer_ = copied.writer_;
  combine_ = copied.combine_;
  output_ = copied.output_;
  return *this;
}

void Seq2Seq::make() const {
  if (reader_) return;
  const auto layers = std::clamp<std::int64_t>(options_.layers, 1, Recurrent::kMostLayers);
  reader_ = make_reader(options_.cell, options_.hidden, layers, options_.dropout);
  writer_ = make_reader(options_.cell, options_.hidden, layers, options_.dropout);
}

void Seq2Seq::fields(Fields& f) {
  f("source_vocabulary", options_.source_vocabulary, "how many symbols the source has", at_least(1));
  f("vocabulary", options_.vocabulary, "how many symbols the target has", at_least(1));
  f("embedding", options_.embedding, "features of a symbol's vector", at_least(1));
  f("hidden", options_.hidden, "units of a layer", at_least(1));
  f("layers", options_.layers, "recurrent layers that read, and that write", kLayers);
  f("cell", options_.cell, kCells, "what the layers are");
  f("attention", options_.attention, "whether each step that is written asks the steps that were read");
  f("peeky", options_.peeky, "whether the writer sees at each step the state that the reader ended in");
  f("dropout", options_.dropout, "in training, probability that a number between layers is left out",
    fraction());
}

void Seq2Seq::members(Members& m) {
  make();
  m("source_embedding", source_embedding_);
  m("target_embedding", target_embedding_);
  m("reader", *reader_);
  m("writer", *writer_);
  if (options_.attention) m("combine", combine_);
  m("output", output_);
}

void Seq2Seq::init(Init&) {
  set_up(source_embedding_, options_.source_vocabulary, options_.embedding, 1);
  set_up(target_embedding_, options_.vocabulary, options_.embedding, 1);
  combine_.outputs = options_.hidden;
  output_.outputs = options_.vocabulary;
}

/// What the writer says beside the mean of the steps that it asks: those whose product with it is large.
Tensor Seq2Seq::asked(const Tensor& said, const Tensor& memory, const Tensor& lengths) const {
  return concatenate({matmul(attention_weights(said, memory, lengths), memory), said}, 2);
}

Ports Seq2Seq::compute(const Inputs& in, Pass& pass) const {
  check_tokens(kInfo.name, in[0], "source");
  check_tokens(kInfo.name, in[1], "target");
  const double p = options_.dropout;
  const Ports read = read_on(*reader_, dropped(source_embedding_(in[0], pass), p, pass), {}, in[2], pass);
  const Tensor vectors = dropped(target_embedding_(in[1], pass), p, pass);
  const auto with_state = [&](const Tensor& x) {  // h of the reader's last layer beside each step
    if (!options_.peeky) return x;
    const Tensor h = slice(slice(read[1], 1, read[1].size(1) - 1, read[1].size(1)), 2, 0, options_.hidden);
    return concatenate({x, broadcast_to(h, {x.size(0), x.size(1), options_.hidden})}, 2);
  };
  Tensor said = read_on(*writer_, with_state(vectors), read[1], {}, pass)[0];
  if (options_.attention) said = tanh(combine_(asked(said, read[0], in[2]), pass));
  said = with_state(said);
  return output_(dropped(said, p, pass), pass);
}

CharRnn::CharRnn(const Options& options) : options_(options) {}

CharGpt::CharGpt(const Options& options) : options_(options) {}

Seq2Seq::Seq2Seq(const Options& options) : options_(options) {}

}  // namespace chainrule::nn
