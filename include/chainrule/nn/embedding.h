#pragma once

#include <cstdint>
#include <utility>

#include "chainrule/nn/layer.h"

// Numbers of words and characters to vectors, and what tells a net where in a sequence a vector stands.
namespace chainrule::nn {

struct EmbeddingOptions {
  /// A number that stands for nothing, such as what fills up short rows: its vector is 0 and is not trained.
  /// -1: none.
  std::int64_t padding = -1;
  AnyInitializer weight_init = Normal{1};
};
/// The vector of each number: x of any shape, i64, i32 or u8, to x's shape + (size).
/// @throws DTypeError  for other inputs (E015).
/// @throws ValueError  when evaluated, for a number outside [-count, count): negative ones count from the end
///     (E109).
struct Embedding : LayerOf<Embedding> {
  static constexpr Info kInfo{.name = "embedding",
                              .doc = "A trained vector for each number of a word, a character, a class."};
  static constexpr std::string_view kWhole = "x";
  std::int64_t count = 0, size = 0;
  EmbeddingOptions options;
  Parameter weight;  ///< (count, size)

  Embedding() = default;
  Embedding(std::int64_t numbers, std::int64_t features, EmbeddingOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x (N, T, features) + a trained vector for each place: the first T of `length`.
/// @throws ShapeError  for another number of axes (E440), or more than `length` steps (E441).
struct PositionalEmbedding : LayerOf<PositionalEmbedding> {
  static constexpr Info kInfo{.name = "positional_embedding",
                              .doc = "Adds a trained vector for each place in a sequence."};
  std::int64_t length = 0;
  AnyInitializer weight_init = Normal{0.02};
  Parameter weight;  ///< (length, features)

  PositionalEmbedding() = default;
  explicit PositionalEmbedding(std::int64_t longest, AnyInitializer how = Normal{0.02});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x (N, T, features) + sin(t / 10000^(2i / features)) at feature 2i and the cosine of the same at 2i + 1,
/// for step t   (Vaswani et al. 2017).
/// @throws ShapeError  for another number of axes (E440).
struct SinusoidalPositions : LayerOf<SinusoidalPositions> {
  static constexpr Info kInfo{.name = "sinusoidal_positions",
                              .doc = "Adds sines and cosines of the place in a sequence."};
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
