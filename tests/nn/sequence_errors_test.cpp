// Every message of layers of sequences and of nets for texts, whole, against docs/errors.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>

#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/nn/text_nets.h"
#include "core/text.h"
#include "message_of.h"
#include "ops/op.h"

namespace chainrule::nn {
namespace {

/// The message without the sentence about the caller's line.
std::string without_origin(std::string text) {
  const std::size_t file = text.find("sequence_errors_test.cpp:");
  if (file == std::string::npos) return text;
  const std::size_t begin = std::min(text.rfind(" In layer ", file), text.rfind(" Called from ", file));
  return text.erase(begin, text.find(" (E", file) - begin);
}

struct Mistake {
  const char* message;
  std::function<void()> make;
};

CharRnn small_net() { return CharRnn({.vocabulary = 5, .embedding = 3, .hidden = 4}); }

const std::vector<std::int64_t> kIds{1, 2, 3};

const Mistake kMistakes[] = {
    {"[lstm] x is (2, 0, 3); need (N, T, features): N sequences of T steps, one at least. (E440)",
     [] {
       Lstm(8).predict(zeros({2, 0, 3}));
     }},
    {"[char_rnn] x is (2, 3, 1); need (N, T): N sequences of T numbers, one at least. (E440)",
     [] {
       small_net().predict(zeros({2, 3, 1}, i64));
     }},
    {"[positional_embedding] 6 steps, but vectors for 4 places. Give it a larger length, or the last 4 "
     "steps. "
     "(E441)",
     [] {
       PositionalEmbedding(4).predict(zeros({1, 6, 2}));
     }},
    {"[gru] h is (1, 2, 3); need (2, 1, 3): sequences, layers times directions, hidden units. (E442)",
     [] {
       Gru(3).predict(zeros({2, 4, 5}), zeros({1, 2, 3}));
     }},
    {"[gru] lengths are (3,); need (2,): one a sequence. (E442)",
     [] {
       Gru(3).predict_all({zeros({2, 4, 5}), Tensor(), zeros({3}, i64)});
     }},
    {"[lstm] length -3 of sequence 1 is below 0. (E635)",
     [] {
       Lstm(3).predict_all({zeros({2, 4, 5}), {}, {}, tensor({4, -3}, i64)})[0].to_vector();
     }},
    {"[gru] lengths are f32; need whole numbers, i64 or u8. (E443)",
     [] {
       Gru(3).predict_all({zeros({2, 4, 5}), Tensor(), ones({2})});
     }},
    {"[attention] query (2, 3, 4), key (1, 3, 4) and value (1, 3, 4) do not fit. Need as many sequences, and "
     "of "
     "keys as many steps as of values. (E444)",
     [] {
       Attention(1).predict(zeros({2, 3, 4}), zeros({1, 3, 4}));
     }},
    {"[token_loss] logits (2, 3) and targets (3,) do not fit. Need (..., classes) and (...). (E444)",
     [] {
       token_loss(zeros({2, 3}), zeros({3}, i64));
     }},
    {"[attention] the mask is (2, 5), the scores are (2, 1, 3, 3): sequences, heads, steps that ask, steps "
     "that "
     "are seen. Need the last two of these axes, those without heads, or all four; a size may be 1. (E445)",
     [] {
       Attention(1).predict_all({zeros({2, 3, 4}), Tensor(), Tensor(), ones({2, 5}, i64)});
     }},
    {"[attention] 3 heads of 4 features; they must divide them. (E446)",
     [] {
       Attention(3).predict(zeros({2, 3, 4}));
     }},
    {"[char_rnn] it is tied, but embedding is 3 and hidden is 4. They must be equal. (E447)",
     [] {
       CharRnn({.vocabulary = 5, .embedding = 3, .hidden = 4, .tied = true}).predict(zeros({1, 2}, i64));
     }},
    {"[generate] there are no ids to go on from. Give one at least, such as a line end. (E448)",
     [] { generate(small_net(), {}, 10); }},
    {"[generate] char_rnn gives logits that are not finite. (E449)",
     [] {
       CharRnn net = small_net();
       net.build(zeros({1, 1}, i64));
       net.parameter("output.bias").set_value(full({5}, NAN));
       generate(net, kIds, 10);
     }},
    {"[generate] flatten gives (1, 3) for (1, 3); need (1, 3, classes). (E450)",
     [] { generate(Flatten(), kIds, 10); }},
};

TEST(SequenceErrors, SayWhatIsDocumented) {
  std::ifstream file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
  std::string documented{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::replace(documented.begin(), documented.end(), '\n', ' ');  // a message may go over several lines
  std::string before;
  for (const Mistake& mistake : kMistakes) {
    const std::string text = mistake.message, number = text.substr(text.rfind("(E"));
    EXPECT_EQ(without_origin(message_of(mistake.make)), text);
    if (number != before) {  // the first of its number
      EXPECT_NE(documented.find(text), std::string::npos) << text;
    }
    before = number;
  }
}

// take counts negative numbers from the end: an embedding has no such symbols.
TEST(Embeddings, NameNumbersThatTheyHaveNot) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const Embedding embedding(5, 2);
  for (const std::int64_t bad : {-1, -5, 5, 1000}) {
    const Tensor y = embedding.predict(tensor({0, bad, 4}, {1, 3}, i64));
    const std::string text = message_of([&] { y.to_vector(); });
    EXPECT_NE(text.find(cat("[embedding] number ", bad, ", element 1 of 3, is not from 0 to 4.")),
              std::string::npos)
        << text;
  }
  EXPECT_EQ(Embedding(5, 2).predict(tensor({0, 4}, {1, 2}, u8)).shape(), Shape({1, 2, 2}));
}

TEST(Affines, NameTheInputsThatTheyWereBuiltFor) {
  Affine affine(2);
  affine.build(ones({1, 3}));
  EXPECT_EQ(message_of([&] {
              affine.predict(ones({2, 4}));
            }).substr(0, 97),
            "[affine] the input (2, 4) has 4 numbers a row, the weight takes 3: the layer was built for "
            "those.");
  Linear linear(2);
  linear.build(ones({1, 5, 3}));
  const std::string text = message_of([&] { linear.predict(ones({2, 5, 4})); });
  EXPECT_NE(text.find("[linear] the input (2, 5, 4) has 4 numbers on its last axis, the weight takes 3"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace chainrule::nn
