// Recurrent nets on tasks with an exact answer: minutes, with one thread.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/nn/text_nets.h"

namespace chainrule {
namespace {

// Sums of two numbers of up to three digits, "27+981" to "1008", as characters.
namespace sums {

const data::Alphabet kAlphabet({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", " ", "_"});
constexpr std::int64_t kQuestion = 7, kAnswer = 5;  // "999+999" and "1998 "

/// Rows drawn from all 10^6 pairs: question, what is written so far ("_1008"), length, and the answer.
struct Sums : data::Rows {
  Sums(std::int64_t first, std::int64_t count)
      : Rows(count, {{"source", i64, {kQuestion}},
                     {"target", i64, {kAnswer}},
                     {"lengths", i64, {}},
                     {"t", i64, {kAnswer}}}),
        order(permutation(1000000, {.seed = 1}).to_vector<std::int64_t>()),
        begin(first) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t pair = order[static_cast<std::size_t>(begin + rows[i])];
      const std::int64_t a = pair / 1000, b = pair % 1000;
      const std::string question = std::to_string(a) + "+" + std::to_string(b);
      std::string answer = std::to_string(a + b);
      answer.resize(kAnswer, ' ');
      const auto at = static_cast<std::int64_t>(i);
      write(question + std::string(kQuestion - question.size(), ' '),
            out[0].as<std::int64_t>() + at * kQuestion);
      write("_" + answer.substr(0, kAnswer - 1), out[1].as<std::int64_t>() + at * kAnswer);
      out[2].as<std::int64_t>()[i] = static_cast<std::int64_t>(question.size());
      write(answer, out[3].as<std::int64_t>() + at * kAnswer);
    }
  }
  static void write(const std::string& text, std::int64_t* to) {
    const std::vector<std::int64_t> numbers = kAlphabet.encode(text);
    std::copy(numbers.begin(), numbers.end(), to);
  }
  std::vector<std::int64_t> order;
  std::int64_t begin;
};

}  // namespace sums

class Sequences : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Sequences, ::testing::Values(1, 2, 3));

TEST_P(Sequences, SumsAreWrittenBySeq2Seq) {
  set_num_threads(1);
  const data::Source train = sums::Sums(0, 45000), test = sums::Sums(45000, 5000);
  nn::Seq2Seq net({.source_vocabulary = 13, .vocabulary = 13, .embedding = 16, .hidden = 128});
  const train::Task task(net, nn::token_loss);
  optim::Optimizer optimizer(net, optim::Adam{},
                             {.lr = optim::cosine(4e-3, epochs(30), 1e-5), .clip_norm = 1});
  train::Trainer trainer(task, optimizer, {train, {.batch_size = 128, .seed = GetParam()}},
                         {.seed = GetParam()});
  const train::Result result = trainer.run(epochs(30));
  const data::Batch all = test.all();
  const Tensor written =
      nn::write_greedily(net, all["source"], sums::kAlphabet.encode("_")[0], sums::kAnswer, all["lengths"]);
  const double right = mean(chainrule::all(equal(written, all["t"]), 1)).item();
  std::cout << result << "\n" << right << " of 5000 sums are right\n";
  RecordProperty("right", std::to_string(right));
  EXPECT_GE(right, 0.99);
}

// The sets of Microsoft's ai-edu course, chapter 19.
class AiEdu : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) GTEST_SKIP() << "needs ai-edu/ in CHAINRULE_DATA_DIR";
    set_num_threads(1);
  }
  static NamedTensors read(const std::string& name) {
    return io::read_npz(std::string(std::getenv("CHAINRULE_DATA_DIR")) + "/ai-edu/ch19." + name + ".npz");
  }
  static Tensor f32_of(const Tensor& x) { return detach(cast(x, f32)); }
};

INSTANTIATE_TEST_SUITE_P(Seeds, AiEdu, ::testing::Values(1, 2, 3));

/// A recurrent layer, and a number at each step.
template <class Reader>
struct EachStep : nn::LayerOf<EachStep<Reader>> {
  static constexpr Info kInfo{.name = "each_step", .doc = "A number at each step."};
  Reader reader;
  nn::Linear output{1};
  explicit EachStep(std::int64_t hidden = 16) : reader(hidden) {}
  void members(nn::Members& m) {
    m("reader", reader);
    m("output", output);
  }
  Tensor compute(const Tensor& x, nn::Pass& pass) const { return squeeze(output(reader(x, pass), pass), -1); }
};

TEST_P(AiEdu, EchoIsLearntByAnRnn) {
  const NamedTensors train = read("train_echo"), test = read("test_echo");
  EachStep<nn::Rnn> net(4);
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  const data::Source rows = data::arrays(f32_of(train["data"]), f32_of(train["label"]));
  train::Trainer trainer({net, loss::mse}, optimizer, {rows, {.batch_size = 32, .seed = GetParam()}},
                         {.seed = GetParam()});
  trainer.run(epochs(400));
  const double error = mse(net.predict(f32_of(test["data"])), f32_of(test["label"])).item();
  std::cout << "mean squared error " << error << "\n";
  EXPECT_LT(error, 1e-3);
}

/// Differences of four bits, the lowest first: a borrow is to be kept in mind.
template <class Reader>
void expect_differences(const NamedTensors& set, std::uint64_t seed) {
  const Tensor x = detach(cast(set["data"], f32)), t = detach(cast(set["label"], f32));
  ASSERT_EQ(x.shape(), (Shape{136, 4, 2}));
  EachStep<Reader> net(16);
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  train::Trainer trainer({net, loss::binary_cross_entropy_with_logits}, optimizer,
                         {data::arrays(x, t), {.batch_size = 32, .seed = seed}}, {.seed = seed});
  trainer.run(epochs(200));
  const Tensor right = all(equal(net.predict(x) > 0, t > 0), 1);
  std::cout << Reader::kInfo.name << ": " << sum(right).item() << " of 136 are right\n";
  EXPECT_EQ(sum(right).template item<std::int64_t>(), 136);
}

TEST_P(AiEdu, SubtractionIsLearntByAnRnn) { expect_differences<nn::Rnn>(read("train_minus"), GetParam()); }
TEST_P(AiEdu, SubtractionIsLearntByAnLstm) { expect_differences<nn::Lstm>(read("train_minus"), GetParam()); }
TEST_P(AiEdu, SubtractionIsLearntByAGru) { expect_differences<nn::Gru>(read("train_minus"), GetParam()); }

}  // namespace
}  // namespace chainrule
