// Nets that predict the next character.
#include <string>

#include "training_workload.h"

namespace chainrule::cli {
namespace {

constexpr std::int64_t kSymbols = 65, kLength = 64;

/// A text of a million characters drawn from the alphabet, cut at any place.
data::Loader text_loader(std::int64_t batch_size) {
  static const data::Source source = [] {
    std::vector<std::string> symbols;
    for (std::int64_t i = 0; i < kSymbols; ++i) symbols.emplace_back(1, static_cast<char>('0' + i));
    const data::Alphabet alphabet(symbols);
    std::string text;
    Random random(1);
    for (int i = 0; i < 1000000; ++i) text += symbols[random.below(kSymbols)];
    return data::windows(text, alphabet, {.length = kLength});
  }();
  return {source, {.batch_size = batch_size, .seed = 1, .order = data::Batches::Order::with_replacement}};
}

template <class Net>
Prepared text_training(Net net, optim::AnyRule rule, optim::Options options, std::int64_t batch_size,
                       DType dtype) {
  const auto loader = std::make_shared<data::Loader>(text_loader(batch_size));
  net.build(zeros({1, kLength}, i64), {.dtype = dtype, .follow = false});
  return training(std::move(net), std::move(rule), std::move(options),
                  [=](const Net& inside, std::int64_t step, nn::Pass& pass) {
                    const auto [x, t] = loader->at(step);
                    return nn::token_loss(inside.forward(x, pass), t);
                  });
}

Prepared lstm_char(DType dtype) {
  return text_training(nn::CharRnn({.vocabulary = kSymbols, .embedding = 64, .hidden = 128}), optim::Adam{},
                       {.lr = 0.002}, 32, dtype);
}

// The settings that nanoGPT's README names for a CPU.
Prepared gpt_char(DType dtype) {
  return text_training(nn::CharGpt({.vocabulary = kSymbols, .block = kLength, .bias = false}),
                       optim::AdamW{.beta2 = 0.99, .decay = 0.1}, {.lr = 0.001, .clip_norm = 1}, 12, dtype);
}

// Multiply-adds of a character: three products for each layer, since the vectors that go in are trained, too.
constexpr double kLstmChar = 3.0 * (64 * 512 + 128 * 512 + 128 * kSymbols);
constexpr double kGptBlock = 128.0 * 3 * 128 + 2 * kLength * 128 + 128 * 128 + 2 * 128 * 512;
constexpr double kGptChar = 3.0 * (4 * kGptBlock + 128 * kSymbols);

constexpr Workload kTextWorkloads[] = {
    {"lstm-char", "65 symbols to 64, LSTM 128, 64 steps, batch 32, Adam", 2 * 32 * kLength* kLstmChar,
     lstm_char},
    {"gpt-char", "4 layers, 4 heads, 128, 64 steps, batch 12, AdamW, clipped", 2 * 12 * kLength* kGptChar,
     gpt_char},
};

}  // namespace

std::span<const Workload> text_workloads() { return kTextWorkloads; }

}  // namespace chainrule::cli
