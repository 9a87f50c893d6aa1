// Every message of the core library, whole, against the example in docs/errors.md. Those of files and
// training are tested beside their readers (idx_test, loader_test, trainer_test).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/op.h"
#include "core/thread_pool.h"
#include "errors/mistake.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// A schedule that is wrong.
struct Mistaken {
  static constexpr Info kInfo{.name = "mistaken", .doc = "Less than 0."};
  double at(std::int64_t, std::int64_t) const { return -1; }
};

/// A user's operation whose name is taken.
struct Cosine {
  static constexpr OpInfo kInfo{.name = "cos", .elementwise = true, .doc = "Cosine."};
  static constexpr std::string_view kNotDifferentiable = "it is never used";
  bool operator==(const Cosine&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  void run(const Kernel&) const {}
};

// The examples of docs/errors.md, in its order; those of layers are in layer_messages_test. E003 needs a
// variable of the environment: mode_test and others have it.
const Mistake kMistakes[] = {
    {1,
     [] {
       zeros({32, -1});
     }},
    {2, [] { set_num_threads(0); }},
    {10,
     [] {
       Tensor x;
       x.shape();
     }},
    {11,
     [] {
       zeros({2, 3}) + zeros({4});
     }},
    {12,
     [] {
       matmul(zeros({32, 784}), zeros({512, 784}));
     }},
    {13,
     [] {
       sum(zeros({2, 3}), 2);
     }},
    {14,
     [] {
       reshape(zeros({2, 3}), {4, 2});
     }},
    {15,
     [] {
       const Tensor t = tensor({0, 1}, boolean);
       t + t;
     }},
    {16, [] { slice(zeros({5}), 0, 0, 5, 0); }},
    {17,
     [] {
       permute(zeros({2, 3}), {0, 0});
     }},
    {18, [] { pad(zeros({4}), 0, -1, 0); }},
    {19,
     [] {
       zeros({2, 3}).item();
     }},
    {20, [] { zeros({2}).data<double>(); }},
    {21,
     [] {
       softmax_cross_entropy(zeros({32, 10}), zeros({16}, i64));
     }},
    {22,
     [] {
       softmax_cross_entropy(zeros({2, 3}), tensor({0, 3}, i64)).item();
     }},
    {23,
     [] {
       tensor({1, 2, 3}, {2, 2});
     }},
    {24,
     [] {
       max(zeros({3, 0}), 1);
     }},
    {25,
     [] {
       matmul(zeros({2, 3, 4}), zeros({3, 4, 5}));
     }},
    {26,
     [] {
       broadcast_to(zeros({3}), {3, 4});
     }},
    {27,
     [] {
       select(zeros({3, 2}), 3);
     }},
    {30,
     [] {
       const Tensor x = zeros({3});
       grad(x * x, x);
     }},
    {31, [] { grad(square(scalar(2)), scalar(2)); }},
    {32,
     [] {
       const Tensor x = tensor({1, 2});
       grad(sum(cast(x > 0.0, f32)), x);
     }},
    {33,
     [] {
       const Tensor x = zeros({3});
       vjp(x * x, {&x, 1}, ones({2}));
     }},
    {34,
     [] {
       const Tensor n = tensor({1, 2}, i64);
       grad(sum(n), n);
     }},
    {40,
     [] {
       nn::Relu relu;
       relu.backward(ones({2}));
     }},
    {41,
     [] {
       nn::Relu relu;
       relu.forward(ones({2}), ones({2}));
     }},
    {42,
     [] {
       nn::Affine(zeros({4, 3}), zeros({2}));
     }},
    {43,
     [] {
       nn::TwoLayerNet net;
       net.layers().parameter("affine3.weight");
     }},
    {44,
     [] {
       nn::TwoLayerNet net({.input = 4});
       optim::Optimizer(net, optim::Sgd{}).step();
     }},
    {45,
     [] {
       nn::TwoLayerNet net({.input = 4});
       optim::Optimizer(net, optim::Sgd{}, {.lr = Mistaken{}}).lr();
     }},
    {49,
     [] {
       const Tensor x = zeros({2, 3});
       Plan plan = make_plan({exp(x)}, {x});
       plan.run({zeros({4, 3})});
     }},
    {100, [] { norm(ones({3}), 3); }},
    {101,
     [] {
       squeeze(zeros({2, 3}), 0);
     }},
    {102,
     [] {
       pad(zeros({2, 3}), {{1, 1}, {1, 1}, {1, 1}});
     }},
    {103,
     [] {
       pad(zeros({0}), {{1, 1}}, PadMode::edge);
     }},
    {104, [] { tile(zeros({2}), {-1}); }},
    {105, [] { concatenate(std::vector<Tensor>{}); }},
    {106,
     [] {
       concatenate({zeros({2, 3}), zeros({2, 4})});
     }},
    {107, [] { split(zeros({7}), 3); }},
    {108,
     [] {
       take_along_axis(zeros({2, 3}), zeros({3}, i64), 1);
     }},
    {109,
     [] {
       take(zeros({5}), tensor({0, 7}, i64)).to_vector();
     }},
    {110, [] { topk(zeros({3}), 4); }},
    {111,
     [] {
       solve(zeros({4, 4}), zeros({3}));
     }},
    {112,
     [] {
       inverse(tensor({1, 2, 2, 4}, {2, 2})).to_vector();
     }},
    {113,
     [] {
       cholesky(tensor({1, 2, 2, 1}, {2, 2})).to_vector();
     }},
    {115,
     [] {
       einsum("ij,jk->il", {zeros({2, 3}), zeros({3, 4})});
     }},
    {116,
     [] {
       einsum("ij,jk->ik", {zeros({2, 3}), zeros({4, 5})});
     }},
    {120,
     [] {
       conv2d(zeros({3, 28, 28}), zeros({16, 3, 3, 3}));
     }},
    {121,
     [] {
       conv2d(zeros({8, 3, 32, 32}), zeros({16, 4, 3, 3}));
     }},
    {122,
     [] {
       conv2d(zeros({8, 4, 32, 32}), zeros({6, 1, 3, 3}), {.groups = 4});
     }},
    {123,
     [] {
       conv2d(zeros({8, 3, 4, 32}), zeros({16, 3, 7, 7}), {.padding = 1});
     }},
    {124,
     [] {
       conv2d(zeros({8, 3, 32, 32}), zeros({16, 3, 3, 3}), {.stride = {1, 1, 2}});
     }},
    {125,
     [] {
       conv2d(zeros({8, 3, 32, 32}), zeros({16, 3, 3, 3}), zeros({3}));
     }},
    {126,
     [] {
       max_pool2d(zeros({8, 3, 32, 32}), 2, {.padding = 2});
     }},
    {127,
     [] {
       adaptive_avg_pool(zeros({8, 3, 32, 32}), {7, 0});
     }},
    {128,
     [] {
       fold(zeros({2, 9, 16}), {4, 4}, 2);
     }},
    {130,
     [] {
       const Tensor x = zeros({3});
       jvp(x * x, x, ones({2}));
     }},
    {131, [] { grad_check([](const Tensor& at) { return sum(at); }, zeros({3}), {.order = 3}); }},
    {132, [] { grad_check([](const Tensor& at) { return at * at; }, zeros({3})); }},
    {133, [] { grad_check([](const Tensor& at) { return sum(at); }, zeros({3}), ones({2})); }},
    {134, [] { register_op<Cosine>(); }},
    {140,
     [] {
       mse(zeros({32, 1}), zeros({32}));
     }},
    {141, [] { huber(zeros({3}), zeros({3}), 0); }},
    {142,
     [] {
       batch_norm(zeros({32, 16, 8, 8}), ones({8}));
     }},
    {143,
     [] {
       group_norm(zeros({2, 10, 4}), 4);
     }},
    {144,
     [] {
       layer_norm(zeros({2, 4}), -1, {}, {}, -1e-5);
     }},
    {145,
     [] {
       const OpRow& row = *find_op("random");
       const Tensor key = zeros({2}, i64);
       apply_row(row, row.samples()[0].attributes.data(), {&key, 1}, Location());
     }},
    {146, [] { dropout(zeros({3}), 50, {.seed = 1}); }},
    {147, [] { check_finite(log(zeros({2}))).to_vector(); }},
    {635,
     [] {
       binary_cross_entropy_with_logits(zeros({2}), tensor({1, 2})).to_vector();
     }},
    {148,
     [] {
       zeros({1 << 28, 1 << 28});
     }},
    {149,
     [] {
       tensor({1, 2}, u8) - 300;
     }},
    {239,
     [] {
       optim::Rate rate;
       rate.at(0);
     }},
    {260, [] { optim::cosine(0.1, epochs(5)).at(0); }},
    {262,
     [] {
       nn::TwoLayerNet net({.input = 4});
       optim::Optimizer(net, optim::Sgd{}, {.groups = {{.match = "affine1.*", .frozen = true}}});
     }},
    {263,
     [] {
       nn::Parameter used(ones({2})), forgotten(ones({2}));
       optim::Optimizer optimizer({{"used", used}, {"forgotten", forgotten}}, optim::Sgd{});
       optimizer.step(sum(used.value()));
     }},
    {264,
     [] {
       nn::Parameter p(ones({2}));
       const optim::Optimizer momentum({{"p", p}}, optim::Momentum{});
       optim::Optimizer({{"p", p}}, optim::Adam{}).restore(momentum.state());
     }},
    {430,
     [] {
       local_response_norm(zeros({1, 8, 4, 4}), {.size = 0});
     }},
    {590,
     [] {
       io::npy_bytes(tensor({1, 2}, bf16));
     }},
    {591,
     [] {
       nn::Affine net(1);
       keep_weights(net, i32);
     }},
    {592,
     [] {
       nn::Affine net(1);
       net.build(zeros({1, 2}));
       keep_weights(net, f16);
       optim::Optimizer(net, optim::Sgd{});
     }},
};

/// The first ```text block of each section of docs/errors.md, by number.
std::map<int, std::string> documented_messages() {
  std::ifstream file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
  std::map<int, std::string> messages;
  int code = 0;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("## E", 0) == 0) code = std::stoi(line.substr(4, 3));
    if (inside && line != "```" && !messages.count(code)) messages[code] = line;
    inside = line == "```text" || (inside && line != "```");
  }
  return messages;
}

/// The message without where it happened, which differs from run to run.
std::string without_origin(std::string text) {
  const std::size_t file = text.find("messages_test.cpp:");
  if (file == std::string::npos) return text;
  const std::size_t begin = std::min(text.rfind(" In layer ", file), text.rfind(" Called from ", file));
  return text.erase(begin, text.find(" (E", file) - begin);
}

TEST(ErrorMessages, AreThoseOfTheDocumentation) {
  const std::map<int, std::string> documented = documented_messages();
  ASSERT_FALSE(documented.empty());
  std::vector<Mistake> mistakes = layer_mistakes();
  mistakes.insert(mistakes.end(), std::begin(kMistakes), std::end(kMistakes));
  for (const Mistake& mistake : mistakes) {
    try {
      mistake.make();
      ADD_FAILURE() << "E" << mistake.code << " is not thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), mistake.code);
      ASSERT_TRUE(documented.count(mistake.code)) << mistake.code;
      EXPECT_EQ(without_origin(error.what()), documented.at(mistake.code));
    }
  }
}

TEST(ErrorMessages, NameTheUsersLine) {
  const Tensor a = zeros({2, 3});
  int line = 0;
  const auto message = [](const std::function<void()>& make) -> std::string {
    try {
      make();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const auto here = [](int at) { return " Called from messages_test.cpp:" + std::to_string(at) + ". ("; };

  const std::function<void()> calls[] = {
      [&] { line = __LINE__, static_cast<void>(a + zeros({4})); },
      [&] { line = __LINE__, matmul(a, a); },
      [&] { line = __LINE__, mean(a, 2); },
      [&] { line = __LINE__, slice(a, 5, 0, 1); },
      [&] {
        line = __LINE__, softmax_cross_entropy(a, tensor({1, 2, 3}, i64));
      },
      [&] { line = __LINE__, grad(a, a); },
      [&] { line = __LINE__, a.item(); },
      [&] { line = __LINE__, a.data<double>(); },
      [&] { line = __LINE__, a.size(2); },
      [&] {
        line = __LINE__, tensor({1, 2, 3}, {2, 2});
      },
      [&] {
        line = __LINE__, from_data(std::vector<double>{1, 2, 3}, {2, 2});
      },
      [&] { line = __LINE__, numerical_gradient([](const Tensor& x) { return sum(x); }, tensor({1}, i64)); },
  };
  for (const auto& call : calls) {
    const std::string text = message(call);
    EXPECT_NE(text.find(here(line)), std::string::npos) << text;
  }
}

// Not what the function is made of: neither at the call, nor when it is computed, nor of its gradient.
TEST(ErrorMessages, NameTheFunctionThatWasCalled) {
  const Tensor a = tensor({1, 2, 2, 4}, {2, 2}, f64), b = ones({2}, f64);
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"[mean] axis 2 of", [&] { mean(a, 2); }},
      {"[norm] axis 5 of", [&] { norm(a, 2, 5); }},
      {"[log_determinant] a (2,) is not", [&] { log_determinant(b); }},
      {"[lstsq] matrix 0 has",
       [&] {
         lstsq(concatenate({a, a}), ones({4}, f64)).to_vector();
       }},
      {"[inverse] matrix 0 is", [&] { inverse(a).to_vector(); }},
      {"[solve] matrix 0 is", [&] { solve(a, b).to_vector(); }},
      {"[log_determinant] matrix 0 is", [&] { grad(log_determinant(a).logarithm, a).to_vector(); }},
      {"[take_along_axis] index 2,", [&] { take_along_axis(b, tensor({2}, i64), 0).to_vector(); }},
  };
  for (const auto& [start, call] : calls) {
    try {
      call();
      ADD_FAILURE() << start << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find(start), 0u) << error.what();
    }
  }
}

// A fault met while computing names the line where the operation was called, not the one where it was read.
TEST(ErrorMessages, OfRunTimeFaultsNameTheCallsLine) {
  const int line = __LINE__ + 1;
  const Tensor loss = softmax_cross_entropy(zeros({2, 3}), tensor({0, 3}, i64));
  try {
    loss.item();
    FAIL() << "no error";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("messages_test.cpp:" + std::to_string(line)), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace chainrule
