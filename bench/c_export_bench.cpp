// One image through LeNet: as C, by each compiler that is there, over `predict` through a Plan, which takes
// turns with it on one thread. Counts the processor's time; on a busy machine the fastest of many rounds says
// most.
//     build/release/bench/bench_c_export [ROUNDS]                          # as this processor allows
//     CHAINRULE_SIMD=avx2 build/release/bench/bench_c_export [ROUNDS]      # predict as on a smaller one
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/c_export.h"
#include "chainrule/chainrule.h"

namespace {

using namespace chainrule;

constexpr int kImages = 10;  // a turn
constexpr const char* kCommands[] = {
    "gcc -O2",
    "gcc -O3",
    "clang -O2",
    "gcc -O2 -mavx2 -mfma",
    "gcc -O3 -march=native",
    "clang -O3 -march=native",
};

/// One that takes turns: what computes an image, and its shortest time.
struct Contestant {
  std::string name;
  std::function<void()> image;
  double least = std::numeric_limits<double>::infinity();  // microseconds an image
};

double processor_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

void take_turn(Contestant& one) {
  one.image();  // its numbers are near
  const double start = processor_microseconds();
  for (int i = 0; i < kImages; ++i) one.image();
  one.least = std::min(one.least, (processor_microseconds() - start) / kImages);
}

/// What a compiler makes of PATH.c, or nothing.
using Predict = void (*)(const float*, float*, void*);
Predict compiled(const std::string& command, const std::string& path) {
  std::string library = path;
  for (const char c : command) library += c == ' ' || c == '=' ? '_' : c;
  library += ".so";
  std::string all = command;
  all.append(" -std=c99 -shared -fPIC ").append(path).append(".c -o ").append(library);
  all.append(" -lm 2> /dev/null");
  if (std::system(all.c_str()) != 0) return nullptr;
  void* loaded = dlopen(library.c_str(), RTLD_NOW);
  return loaded == nullptr ? nullptr : reinterpret_cast<Predict>(dlsym(loaded, "lenet_predict"));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1000;
  set_num_threads(1);
  nn::LeNet net;
  const Tensor image = normal({1, 1, 28, 28}, {.seed = 3});
  net.build(image);

  std::string folder = (std::filesystem::temp_directory_path() / "lenet_as_c_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return std::perror(folder.c_str()), 1;
  const std::string path = folder + "/lenet";
  const CSource made = export_c(path, net, image);
  const std::vector<float> x = image.to_vector<float>();
  std::vector<float> workspace(static_cast<std::size_t>(made.workspace_bytes) / sizeof(float)), y(10);

  Plan plan = make_plan({net.predict(image)}, {image});
  Tensor scores = plan.run({image})[0];
  std::vector<Contestant> all{{"predict", [&] { plan.run({&image, 1}, {&scores, 1}); }}};
  for (const std::string command : kCommands) {
    const Predict predict = compiled(command, path);
    if (predict == nullptr) {
      std::printf("%s: does not compile it\n", command.c_str());
      continue;
    }
    all.push_back({command, [&, predict] { predict(x.data(), y.data(), workspace.data()); }});
  }
  std::filesystem::remove_all(folder);

  for (int round = 0; round < rounds; ++round) {
    for (Contestant& one : all) take_turn(one);
  }
  for (const Contestant& one : all) {
    std::printf("| `%s` | %.1f us | %.2f |\n", one.name.c_str(), one.least, one.least / all[0].least);
  }
}
