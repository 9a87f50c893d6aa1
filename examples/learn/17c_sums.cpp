// Sums as texts: one net reads "27+81", another writes "108", and asks the first where to look.
#include <chainrule/chainrule.h>
#include <chainrule/explain/attention.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

const data::Alphabet kAlphabet({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", " ", "_"});
constexpr std::int64_t kQuestion = 5, kAnswer = 4;

/// All sums of two numbers below 100, in random order: the question, what is to be written one step back, and
/// what is to be written.
struct Sums : data::Rows {
  std::vector<std::int64_t> order = permutation(10000, {.seed = 1}).to_vector<std::int64_t>();

  Sums() : Rows(10000, {{"source", i64, {kQuestion}}, {"target", i64, {kAnswer}}, {"t", i64, {kAnswer}}}) {}
  static std::string padded(std::string text, std::int64_t length) {
    return text.resize(static_cast<std::size_t>(length), ' '), text;
  }
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t pair = order[static_cast<std::size_t>(rows[i])], a = pair / 100, b = pair % 100;
      const std::string answer = padded(std::to_string(a + b), kAnswer);
      const std::string texts[] = {padded(std::to_string(a) + "+" + std::to_string(b), kQuestion),
                                   "_" + answer.substr(0, kAnswer - 1), answer};
      for (std::size_t column = 0; column < 3; ++column) {
        const std::vector<std::int64_t> numbers = kAlphabet.encode(texts[column]);
        std::copy(numbers.begin(), numbers.end(), out[column].as<std::int64_t>() + i * numbers.size());
      }
    }
  }
};

std::string text_of(const Tensor& numbers) { return kAlphabet.decode(numbers.to_vector<std::int64_t>()); }

/// The letters of a text, one by one; a blank is to be seen.
std::vector<std::string> letters(const std::string& text) {
  std::vector<std::string> made;
  for (const char letter : text) made.push_back(letter == ' ' ? "␣" : std::string(1, letter));
  return made;
}

int main(int argc, char** argv) {
  const data::Source all_sums = Sums(), train = data::subset(all_sums, 0, 9000),
                     test = data::subset(all_sums, 9000, 10000);
  nn::Seq2Seq net({.source_vocabulary = 13, .vocabulary = 13, .embedding = 16, .hidden = 64});
  optim::Optimizer optimizer(net, optim::Adam{},
                             {.lr = optim::cosine(0.01, epochs(10), 1e-4), .clip_norm = 1});
  train::Trainer trainer({net, nn::token_loss, {metric::accuracy}}, optimizer,
                         {train, {.batch_size = 64, .seed = 1}});
  const data::Batch held = test.all();
  const auto written = [&] {
    return nn::write_greedily(net, held["source"], kAlphabet.encode("_")[0], kAnswer);
  };
  trainer.on(epochs(1), train::measure("right", [&](train::Trainer&) {
               return mean(cast(all(equal(written(), held["t"]), 1), f64)).item();
             }));
  trainer.run(epochs(10));
  std::printf("after 10 epochs: %.3f of 1000 new sums are right\n\n", trainer.history().back()["right"]);

  const Tensor answers = written();
  plot::Figure right{.title = "new sums that are right", .x = {.label = "epoch"}};
  right.series = {learn::curve(trainer.history(), "right", "")};
  std::vector<plot::Figure> figures{right};
  const Tensor looks = explain::explain_attention(net, {held["source"], held["target"]})[0].weights;

  for (std::int64_t i = 0; i < 6; ++i) {
    const std::string question = text_of(select(held["source"], i)), answer = text_of(select(answers, i));
    const std::string sum = question + " = " + answer.substr(0, answer.find(' '));
    std::printf("%s\n", sum.c_str());
    if (i % 3 != 0) continue;
    plot::Figure map{.title = sum, .x = {.label = "read"}, .y = {.label = "written"}};
    map.heat = {letters(answer), letters(question), select(looks, i).to_vector()};
    figures.push_back(map);
  }
  learn::Pictures(argc, argv).save("attention", figures);
}
