// Nets that are trained already, through a Plan and in ONNX Runtime, turn by turn on one thread each; of each
// the fastest run of all rounds.
//     npm install --prefix /tmp/ort --ignore-scripts onnxruntime-node
//     CHAINRULE_ONNXRUNTIME=/tmp/ort build/release/bench/bench_onnxruntime [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"

namespace {

using namespace chainrule;

constexpr int kRuns = 50;  // a round

Tensor images(std::int64_t batch) { return normal({batch, 1, 28, 28}, {.seed = 1}); }
Tensor rows(std::int64_t batch) { return normal({batch, 784}, {.seed = 1}); }
Tensor characters(std::int64_t batch) {
  return detach(cast(floor(uniform({batch, 64}, {.seed = 1}, 0, 65)), i64));
}

struct Workload {
  const char* name;
  const char* net;
  Tensor (*input)(std::int64_t batch);
  std::int64_t batch;
};
constexpr Workload kWorkloads[] = {
    {"two-layer-net", "two_layer_net", rows, 1},
    {"two-layer-net", "two_layer_net", rows, 64},
    {"lenet", "lenet", images, 1},
    {"lenet", "lenet", images, 64},
    {"deep-conv-net", "deep_conv_net", images, 1},
    {"deep-conv-net", "deep_conv_net", images, 64},
    {"char-gpt, 64 characters", "char_gpt(vocabulary=65, block=64, layers=4, heads=4, channels=128)",
     characters, 1},
};

/// A net with its input, a folder for the other program, and the shortest times.
struct Contest {
  const Workload* workload;
  std::filesystem::path folder;
  Tensor x;
  Plan plan;
  std::vector<Tensor> y;
  double ours = std::numeric_limits<double>::infinity(), theirs = ours;  // microseconds
};

Contest contest(const Workload& workload, const std::filesystem::path& folder) {
  const Shared<nn::Layer> net = config::make<nn::Layer>(config::parse_text(workload.net, workload.net));
  const Tensor x = workload.input(workload.batch);
  Plan plan = make_plan({net->predict(x)}, {x});
  std::filesystem::create_directories(folder);
  save_onnx((folder / "model.onnx").string(), *net, nn::Inputs({x}));
  std::string dims;
  for (const std::int64_t size : x.shape()) dims += (dims.empty() ? "" : ", ") + std::to_string(size);
  const bool is_whole = x.dtype() == i64;
  const std::string whole = is_whole ? "int64" : "float32";
  io::replace_file((folder / "job.json").string(), "{\"inputs\": [{\"name\": \"x\", \"type\": \"" + whole +
                                                       "\", \"dims\": [" + dims +
                                                       "]}], \"repeat\": " + std::to_string(kRuns) + "}");
  std::ofstream numbers(folder / "input_0.bin", std::ios::binary);
  const auto write = [&](const auto& all) {
    numbers.write(reinterpret_cast<const char*>(all.data()),
                  static_cast<std::streamsize>(all.size() * sizeof(all[0])));
  };
  is_whole ? write(x.to_vector<std::int64_t>()) : write(x.to_vector<float>());
  std::vector<Tensor> y = plan.run({x});
  return {&workload, folder, x, std::move(plan), std::move(y)};
}

void run_ours(Contest& one) {
  for (int i = 0; i < kRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    one.plan.run({&one.x, 1}, one.y);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    one.ours = std::min(one.ours, took.count());
  }
}

void read_theirs(Contest& one) {
  const std::string result = (one.folder / "result.json").string();
  const config::Value made = config::parse_json(io::read_file(result), result);
  const config::Value* error = made.find("error");
  if (error != nullptr) std::printf("%s: %s\n", one.workload->name, error->text.c_str());
  const config::Value* milliseconds = made.find("ms");
  if (milliseconds != nullptr) one.theirs = std::min(one.theirs, 1000 * milliseconds->number);
  std::filesystem::remove(result);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 10;
  const char* place = std::getenv("CHAINRULE_ONNXRUNTIME");
  if (place == nullptr) return std::fprintf(stderr, "CHAINRULE_ONNXRUNTIME is not set\n"), 2;
  set_num_threads(1);
  std::string root = (std::filesystem::temp_directory_path() / "beside_onnxruntime_XXXXXX").string();
  if (mkdtemp(root.data()) == nullptr) return std::perror(root.c_str()), 1;
  std::vector<Contest> all;
  for (const Workload& workload : kWorkloads)
    all.push_back(contest(workload, std::filesystem::path(root) / std::to_string(all.size())));

  std::string command = "NODE_PATH='";
  command.append(place).append("/node_modules' node '").append(CHAINRULE_SOURCE_DIR);
  command.append("/tests/onnx/run_onnxruntime.js' '").append(root).append("'");
  for (int round = 0; round < rounds; ++round) {
    for (Contest& one : all) run_ours(one);
    if (std::system(command.c_str()) != 0) return 1;
    for (Contest& one : all) read_theirs(one);
  }
  for (const Contest& one : all) {
    std::printf("| %s | %lld | %.1f | %.1f | %.2f |\n", one.workload->name,
                static_cast<long long>(one.workload->batch), one.ours, one.theirs, one.theirs / one.ours);
  }
  std::filesystem::remove_all(root);
}
