// The workloads of `chainrule bench` in libtorch, written as its users write them for speed. Prints a JSON
// array.
//
//   apt-get install libtorch-dev
//   cmake -S bench/peers -B build/peers -DCMAKE_BUILD_TYPE=Release && cmake --build build/peers
//   build/peers/libtorch_workloads two-layer-net xor --threads 1 --seconds 1 --json
//
// The same work as in torch_workloads.py, timed in the same way: the median over blocks of steps.
// Convolutions run channels-last, ReLU in place. It runs itself again where OpenBLAS, which reads its
// settings when it is loaded, needs others.
#include <malloc.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;
using Clock = std::chrono::steady_clock;

/// One step, which gives its loss or its outputs.
using Step = std::function<Tensor()>;

/// Sixty thousand images of random bytes, and class numbers.
struct Images {
  explicit Images(std::vector<std::int64_t> shape) {
    shape.insert(shape.begin(), 60000);
    x = torch::randint(0, 256, shape, torch::kByte);
    t = torch::randint(0, 10, {60000}, torch::kLong);
  }
  Tensor x, t;
};

struct Batch {
  Tensor x, t;
};

/// Rows drawn with replacement, as numbers in [0, 1].
Batch draw_batch(const Images& images, std::int64_t size) {
  const Tensor rows = torch::randint(0, 60000, {size}, torch::kLong);
  return {images.x.index_select(0, rows).to(torch::kFloat).mul_(1.0 / 255), images.t.index_select(0, rows)};
}

Batch draw_image_batch(const Images& images, std::int64_t size) {
  const Batch b = draw_batch(images, size);
  return {b.x.contiguous(torch::MemoryFormat::ChannelsLast), b.t};
}

Tensor weight(torch::IntArrayRef shape, std::int64_t inputs) {
  return torch::randn(shape).mul_(std::sqrt(2.0 / static_cast<double>(inputs)));
}

void add_affine(Tensors& p, std::int64_t in, std::int64_t out) {
  p.push_back(weight({in, out}, in).requires_grad_());
  p.push_back(torch::zeros({out}).requires_grad_());
}

void add_conv(Tensors& p, std::int64_t in, std::int64_t out, std::int64_t kernel) {
  const Tensor w = weight({out, in, kernel, kernel}, in * kernel * kernel);
  p.push_back(w.contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_());
  p.push_back(torch::zeros({out}).requires_grad_());
}

Tensor affine(const Tensors& p, std::size_t at, const Tensor& x) { return torch::addmm(p[at + 1], x, p[at]); }

template <class Optimizer, class Loss>
Step training(const Tensors& p, std::shared_ptr<Optimizer> optimizer, Loss loss, double clip_norm = 0) {
  return [=] {
    for (const Tensor& parameter : p) parameter.mutable_grad().reset();  // zero_grad of 1.13 fills with zeros
    Tensor value = loss();
    value.backward();
    if (clip_norm > 0) torch::nn::utils::clip_grad_norm_(p, clip_norm);
    optimizer->step();
    return value;
  };
}

template <class Loss>
Step by_sgd(const Tensors& p, double lr, Loss loss) {
  return training(p, std::make_shared<torch::optim::SGD>(p, lr), loss);
}

template <class Loss>
Step by_adam(const Tensors& p, Loss loss) {
  return training(p, std::make_shared<torch::optim::Adam>(p), loss);
}

Tensors two_layer_parameters() {
  Tensors p;
  add_affine(p, 784, 50);
  add_affine(p, 50, 10);
  return p;
}

Tensor two_layer(const Tensors& p, const Tensor& x) { return affine(p, 2, affine(p, 0, x).relu_()); }

Step two_layer_net() {
  const Images images({784});
  const Tensors p = two_layer_parameters();
  return by_sgd(p, 0.1, [=] {
    const Batch b = draw_batch(images, 100);
    return torch::cross_entropy_loss(two_layer(p, b.x), b.t);
  });
}

template <int kBatch>
Step inference() {
  const Tensor x = draw_batch(Images({784}), kBatch).x;
  Tensors p = two_layer_parameters();
  if (kBatch == 1) {  // columns of weights one after the other are faster for one row
    for (std::size_t i : {0, 2}) p[i] = p[i].detach().t().contiguous().t();
  }
  return [=] {
    const c10::InferenceMode guard;
    return two_layer(p, x);
  };
}

Step sigmoid_regression() {
  const Tensors p = {weight({1000, 100}, 1000).requires_grad_(), weight({100, 10}, 100).requires_grad_()};
  const Tensor x = torch::randn({64, 1000}), t = torch::randn({64, 10});
  return by_sgd(p, 1e-5,
                [=] { return torch::mse_loss(x.mm(p[0]).sigmoid_().mm(p[1]), t, torch::Reduction::Sum); });
}

Step wide_mlp() {
  const Images images({784});
  Tensors p;
  add_affine(p, 784, 1024);
  add_affine(p, 1024, 1024);
  add_affine(p, 1024, 10);
  return by_sgd(p, 0.01, [=] {
    const Batch b = draw_batch(images, 256);
    const Tensor x = affine(p, 2, affine(p, 0, b.x).relu_()).relu_();
    return torch::cross_entropy_loss(affine(p, 4, x), b.t);
  });
}

Step simple_conv_net() {
  const Images images({1, 28, 28});
  Tensors p;
  add_conv(p, 1, 30, 5);
  add_affine(p, 30 * 12 * 12, 100);
  add_affine(p, 100, 10);
  return by_adam(p, [=] {
    const Batch b = draw_image_batch(images, 100);
    const Tensor x = torch::max_pool2d(torch::conv2d(b.x, p[0], p[1]).relu_(), 2).flatten(1);
    return torch::cross_entropy_loss(affine(p, 4, affine(p, 2, x).relu_()), b.t);
  });
}

Step deep_conv_net() {
  const Images images({1, 28, 28});
  const std::int64_t channels[] = {1, 16, 16, 32, 32, 64, 64};
  Tensors p;
  for (int i = 0; i < 6; ++i) add_conv(p, channels[i], channels[i + 1], 3);
  add_affine(p, 64 * 4 * 4, 50);
  add_affine(p, 50, 10);
  return by_adam(p, [=] {
    const Batch b = draw_image_batch(images, 100);
    Tensor x = b.x;
    for (std::size_t i = 0; i < 6; ++i) {
      x = torch::conv2d(x, p[2 * i], p[2 * i + 1], 1, i == 3 ? 2 : 1).relu_();
      if (i % 2 == 1) x = torch::max_pool2d(x, 2);
    }
    x = torch::dropout(affine(p, 12, x.flatten(1)).relu_(), 0.5, true);
    return torch::cross_entropy_loss(torch::dropout(affine(p, 14, x), 0.5, true), b.t);
  });
}

Step lenet_bn() {
  const Images images({1, 28, 28});
  Tensors p;
  add_conv(p, 1, 8, 5);
  add_conv(p, 8, 16, 5);
  add_affine(p, 256, 32);
  add_affine(p, 32, 10);
  const auto norm = torch::nn::BatchNorm1d(32).ptr();
  for (const Tensor& parameter : norm->parameters()) p.push_back(parameter);
  const auto options = torch::optim::SGDOptions(0.01).momentum(0.9);
  return training(p, std::make_shared<torch::optim::SGD>(p, options), [=] {
    const Batch b = draw_image_batch(images, 128);
    Tensor x = torch::max_pool2d(torch::conv2d(b.x, p[0], p[1]).relu_(), 2);
    x = torch::max_pool2d(torch::conv2d(x, p[2], p[3]).relu_(), 2).flatten(1);
    x = norm->forward(affine(p, 4, x)).relu_();
    return torch::cross_entropy_loss(affine(p, 6, x), b.t);
  });
}

Step mlp_dropout_adam() {
  const Images images({784});
  Tensors p;
  add_affine(p, 784, 512);
  add_affine(p, 512, 512);
  add_affine(p, 512, 10);
  return by_adam(p, [=] {
    const Batch b = draw_batch(images, 128);
    Tensor x = torch::dropout(affine(p, 0, b.x).relu_(), 0.5, true);
    x = torch::dropout(affine(p, 2, x).relu_(), 0.5, true);
    return torch::cross_entropy_loss(affine(p, 4, x), b.t);
  });
}

/// Windows of a million numbers of symbols, at any place, and the same one symbol on.
Batch draw_text(const Tensor& text, std::int64_t size) {
  const Tensor rows = torch::randint(0, 1000000 - 64, {size, 1}, torch::kLong) + torch::arange(65);
  const Tensor windows = text.index({rows});
  return {windows.narrow(1, 0, 64), windows.narrow(1, 1, 64)};
}

Tensor random_text() { return torch::randint(0, 65, {1000000}, torch::kLong); }

Tensor token_loss(const Tensor& logits, const Tensor& targets) {
  return torch::cross_entropy_loss(logits.flatten(0, 1), targets.flatten());
}

Step lstm_char() {
  const Tensor text = random_text();
  const auto embedding = torch::nn::Embedding(65, 64).ptr();
  const auto lstm = torch::nn::LSTM(torch::nn::LSTMOptions(64, 128).batch_first(true)).ptr();
  Tensors p = embedding->parameters();
  for (const Tensor& parameter : lstm->parameters()) p.push_back(parameter);
  const std::size_t output = p.size();
  add_affine(p, 128, 65);
  const auto options = torch::optim::AdamOptions(0.002);
  return training(p, std::make_shared<torch::optim::Adam>(p, options), [=] {
    const Batch b = draw_text(text, 32);
    const Tensor said = std::get<0>(lstm->forward(embedding->forward(b.x)));
    return token_loss(affine(p, output, said.flatten(0, 1)).view({32, 64, 65}), b.t);
  });
}

Tensor gpt_weight(torch::IntArrayRef shape) { return torch::randn(shape).mul_(0.02).requires_grad_(); }

Tensor normed(const Tensor& x, const Tensor& scale) { return torch::layer_norm(x, {128}, scale); }

/// Causal attention of 4 heads to x (N, 64, 128), by weights for queries, keys and values side by side, and
/// for what is said. libtorch 1.13 has no function for it.
Tensor attend(const Tensor& x, const Tensor& in, const Tensor& out, const Tensor& hidden) {
  const auto parts = x.matmul(in).view({-1, 64, 3, 4, 32}).permute({2, 0, 3, 1, 4}).unbind(0);
  const Tensor scores = parts[0].matmul(parts[1].transpose(-1, -2)).mul_(1 / std::sqrt(32.0));
  const Tensor shares = scores.masked_fill_(hidden, -INFINITY).softmax(-1);
  return shares.matmul(parts[2]).transpose(1, 2).reshape({-1, 64, 128}).matmul(out);
}

Step gpt_char() {
  const Tensor text = random_text(), hidden = torch::ones({64, 64}, torch::kBool).triu(1);
  Tensors p = {gpt_weight({65, 128}), gpt_weight({64, 128}), torch::ones({128}).requires_grad_()};
  constexpr std::size_t kBlocks = 4, kPerBlock = 6;
  constexpr std::int64_t kProducts[][2] = {{128, 384}, {128, 128}, {128, 512}, {512, 128}};
  for (std::size_t i = 0; i < kBlocks; ++i) {
    for (int norms = 0; norms < 2; ++norms) p.push_back(torch::ones({128}).requires_grad_());
    for (const auto& [in, out] : kProducts) p.push_back(gpt_weight({in, out}));
  }
  const auto options = torch::optim::AdamWOptions(0.001).betas({0.9, 0.99}).weight_decay(0.1);
  const auto loss = [=] {
    const Batch b = draw_text(text, 12);
    Tensor x = torch::embedding(p[0], b.x) + p[1];
    for (std::size_t i = 0; i < kBlocks; ++i) {
      const Tensor* w = &p[3 + i * kPerBlock];
      x = x + attend(normed(x, w[0]), w[2], w[3], hidden);
      x = x + torch::gelu(normed(x, w[1]).matmul(w[4])).matmul(w[5]);
    }
    return token_loss(normed(x, p[2]).matmul(p[0].t()), b.t);
  };
  return training(p, std::make_shared<torch::optim::AdamW>(p, options), loss, 1);
}

Step exclusive_or() {
  Tensors p;
  add_affine(p, 2, 3);
  add_affine(p, 3, 1);
  const Tensor x = torch::tensor({{0.F, 0.F}, {0.F, 1.F}, {1.F, 0.F}, {1.F, 1.F}});
  const Tensor t = torch::tensor({{0.F}, {1.F}, {1.F}, {0.F}});
  return by_sgd(p, 0.5,
                [=] { return torch::mse_loss(affine(p, 2, affine(p, 0, x).sigmoid_()).sigmoid_(), t); });
}

Step scalar_gradient() {
  return [] {
    const Tensor w = torch::tensor(3.F).requires_grad_(), b = torch::tensor(4.F).requires_grad_();
    const Tensor z = (w * 2 + b) * (b + 1);
    z.backward();
    const float all = z.item<float>() + w.grad().item<float>() + b.grad().item<float>();
    if (all != 50 + 10 + 15) throw std::runtime_error("a wrong gradient");
    return z;
  };
}

struct Workload {
  const char* name;
  Step (*prepare)();
};

constexpr Workload kWorkloads[] = {
    {"two-layer-net", two_layer_net},
    {"sigmoid-regression", sigmoid_regression},
    {"simple-conv-net", simple_conv_net},
    {"deep-conv-net", deep_conv_net},
    {"lenet-bn", lenet_bn},
    {"mlp-dropout-adam", mlp_dropout_adam},
    {"lstm-char", lstm_char},
    {"gpt-char", gpt_char},
    {"wide-mlp", wide_mlp},
    {"xor", exclusive_or},
    {"scalar", scalar_gradient},
    {"inference-1", inference<1>},
    {"inference-256", inference<256>},
};

const Workload* find(const std::string& name) {
  const auto* end = std::end(kWorkloads);
  const auto* found =
      std::find_if(std::begin(kWorkloads), end, [&](const auto& w) { return w.name == name; });
  return found == end ? nullptr : found;
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Seconds a step in blocks of some milliseconds each, for the given time, in order of size.
std::vector<double> timed_blocks(const Step& step, double seconds) {
  const Clock::time_point warm = Clock::now();
  while (since(warm) < std::min(0.2, seconds)) step();
  for (std::int64_t steps = 1;; steps *= 2) {
    const auto block = [&] {
      const Clock::time_point start = Clock::now();
      for (std::int64_t i = 0; i < steps; ++i) step();
      return since(start);
    };
    if (block() < 0.005) continue;
    std::vector<double> blocks;
    const Clock::time_point begin = Clock::now();
    while (since(begin) < seconds || blocks.size() < 5)
      blocks.push_back(block() / static_cast<double>(steps));
    std::sort(blocks.begin(), blocks.end());
    return blocks;
  }
}

struct Options {
  std::vector<const Workload*> chosen;
  int threads = 1;
  double seconds = 1;
  bool json = false;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\nusage: libtorch_workloads [NAME...] [--threads T] [--seconds S] [--json]\n",
               why.c_str());
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    const auto value = [&] { return ++i < argc ? std::atof(argv[i]) : 0; };
    if (arg == "--json") {
      options.json = true;
    } else if (arg == "--threads") {
      options.threads = static_cast<int>(value());
    } else if (arg == "--seconds") {
      options.seconds = value();
    } else if (const Workload* workload = find(arg)) {
      options.chosen.push_back(workload);
    } else {
      fail("unknown workload or option " + arg);
    }
  }
  if (options.threads < 1 || !(options.seconds > 0)) fail("threads and seconds have to be positive");
  if (options.chosen.empty()) {
    for (const Workload& workload : kWorkloads) options.chosen.push_back(&workload);
  }
  return options;
}

/// Runs the program again, once, if OpenBLAS was loaded with other settings. libtorch does not pass on its
/// number of threads, and the OpenBLAS of Debian 12 takes AVX2 kernels on processors that it does not know.
/// OpenMP's threads spin while they wait, on the cores that OpenBLAS's own threads need, unless they are told
/// to sleep.
void set_up_openblas(int threads, char** argv) {
  const char* before = std::getenv("OPENBLAS_NUM_THREADS");
  const std::string wanted = std::to_string(threads);
  const bool kernels = std::getenv("OPENBLAS_CORETYPE") || !__builtin_cpu_supports("avx512f");
  if (kernels && before && before == wanted && std::getenv("OMP_WAIT_POLICY")) return;
  setenv("OPENBLAS_NUM_THREADS", wanted.c_str(), 1);
  setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  if (!kernels) setenv("OPENBLAS_CORETYPE", "SKYLAKEX", 1);
  execv("/proc/self/exe", argv);
  std::perror("cannot run itself again, OpenBLAS stays as it is");
}

/// Keeps freed memory for the next step: glibc would give large pieces back, and get them as new pages.
void keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most it takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void measure(const Workload& workload, const Options& options) {
  const Step step = workload.prepare();
  const std::vector<double> blocks = timed_blocks(step, options.seconds);
  if (!step().isfinite().all().item<bool>()) throw std::runtime_error("a result that is not finite");
  const std::size_t n = blocks.size();
  std::printf(R"({"name": "%s", "threads": %d, "seconds_per_step": %.9g, "spread": %.4g})", workload.name,
              options.threads, blocks[n / 2], (blocks[3 * n / 4] - blocks[n / 4]) / blocks[n / 2]);
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  set_up_openblas(options.threads, argv);
  keep_memory();
  at::set_num_threads(options.threads);
  at::set_num_interop_threads(1);
  torch::manual_seed(1);
  for (std::size_t i = 0; i < options.chosen.size(); ++i) {
    std::fputs(i == 0 ? "[" : options.json ? ", " : ",\n ", stdout);
    measure(*options.chosen[i], options);
  }
  std::puts("]");
} catch (const std::exception& error) {
  std::fprintf(stderr, "libtorch_workloads: %s\n", error.what());
  return 1;
}
