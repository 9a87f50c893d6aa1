// A text, letter by letter: a recurrent net and a transformer guess what comes next.
#include <chainrule/chainrule.h>
#include <chainrule/io.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// The plays of Shakespeare; or sentences of five words, made here.
std::string plays() {
  const char* folder = std::getenv("CHAINRULE_DATA_DIR");
  const std::string file = std::string(folder != nullptr ? folder : "") + "/text/tinyshakespeare.txt";
  if (folder != nullptr && std::filesystem::exists(file)) return io::read_file(file);
  std::printf("(made here: CHAINRULE_DATA_DIR has no text/tinyshakespeare.txt)\n\n");
  const char* const words[5][4] = {{"the", "a", "my", "our"},
                                   {"king", "queen", "duke", "fool"},
                                   {"sees", "loves", "fears", "hears"},
                                   {"no", "the", "your", "his"},
                                   {"sword", "crown", "horse", "ghost"}};
  std::string text;
  Random random(1, streams::kUser, 0);
  while (text.size() < 200000) {
    for (const auto& word : words)
      text += std::string(word[random.below(4)]) + (&word == &words[4] ? ".\n" : " ");
  }
  return text;
}

struct Texts {
  std::string all = plays();
  data::Alphabet alphabet = data::Alphabet::of(all);
  std::string_view train = std::string_view(all).substr(0, all.size() * 9 / 10),
                   held = std::string_view(all).substr(all.size() * 9 / 10);
};

/// Trains a net on windows of 32 characters; says how it does on text that it has not seen, and lets it
/// write.
plot::Series learn_to_write(const char* name, nn::TextNet& net, const Texts& texts, double lr) {
  const data::Source windows = data::windows(texts.train, texts.alphabet, {.length = 32});
  const data::Source held =
      data::subset(data::windows(texts.held, texts.alphabet, {.length = 32, .stride = 32}), 0, 500);
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = optim::cosine(lr, steps(300)), .clip_norm = 1});
  train::Trainer trainer(
      {net, nn::token_loss}, optimizer,
      {windows, {.batch_size = 32, .seed = 1, .order = data::Batches::Order::with_replacement}});
  trainer.on(steps(50), train::evaluate(held, {.batch_size = 100}));
  trainer.run(steps(300));
  plot::Series series{.name = name};
  for (const train::Report& report : trainer.history())
    series.x.push_back(static_cast<double>(report.step)), series.y.push_back(report["test.loss"]);
  std::printf("%s: %.2f nats a letter: as if it chose from %.1f\n", name, series.y.back(),
              std::exp(series.y.back()));
  std::string line;  // without empty ones
  std::printf("%s writes:\n", name);
  const std::vector<std::int64_t> start = texts.alphabet.encode("\n");
  for (const char c : texts.alphabet.decode(nn::generate(net, start, 200, {.temperature = 0.7}))) {
    if (c != '\n') line += c;
    if (c == '\n' && !line.empty()) std::printf("%s\n", line.c_str()), line.clear();
  }
  std::printf("%s\n\n", line.c_str());
  return series;
}

int main(int argc, char** argv) {
  const Texts texts;
  const auto letters = static_cast<double>(texts.alphabet.size());
  std::printf("%g letters: knowing nothing is %.2f nats a letter\n\n", letters, std::log(letters));
  nn::CharRnn rnn({.vocabulary = texts.alphabet.size(), .embedding = 32, .hidden = 96});
  nn::CharGpt gpt(
      {.vocabulary = texts.alphabet.size(), .block = 32, .layers = 2, .heads = 4, .channels = 48});
  plot::Figure figure{
      .title = "loss on text that was not seen", .note = "nats a letter", .x = {.label = "step"}};
  figure.series = {learn_to_write("LSTM", rnn, texts, 0.01),
                   learn_to_write("transformer", gpt, texts, 0.003)};
  learn::Pictures(argc, argv).save("loss", figure);
}
