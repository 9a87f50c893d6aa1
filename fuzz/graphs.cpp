// Random graphs for some time:  fuzz_graphs [--seconds S] [--seed N] [--graphs N]
//
// Prints one line in ten seconds, and each finding with the seed that repeats it. Exits with 1 after
// findings.
#include <chrono>
#include <iostream>
#include <string>

#include "random_graph.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  double seconds = 60;
  std::uint64_t seed = 1;
  std::uint64_t graphs = UINT64_MAX;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(name + " needs a number");
    if (name == "--seconds") {
      options.seconds = std::stod(argv[i + 1]);
    } else if (name == "--seed") {
      options.seed = std::stoull(argv[i + 1]);
    } else if (name == "--graphs") {
      options.graphs = std::stoull(argv[i + 1]);
    } else {
      throw std::invalid_argument("unknown option " + name);
    }
  }
  return options;
}

/// The number of findings.
int fuzz(const Options& options) {
  const std::vector<chainrule::fuzz::Part> parts = chainrule::fuzz::all_parts();
  std::cout << parts.size() << " parts, from seed " << options.seed << std::endl;
  const Clock::time_point start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  double next_line = 10;
  int findings = 0;
  std::uint64_t done = 0;
  for (; done < options.graphs && seconds() < options.seconds; ++done) {
    const std::uint64_t seed = options.seed + done;
    const chainrule::fuzz::RandomGraph graph(parts, seed);
    const std::string fault = chainrule::fuzz::find_fault(graph, seed);
    if (!fault.empty()) {
      std::cout << "seed " << seed << ": " << fault << "\n" << graph.to_string() << std::flush;
      ++findings;
    }
    if (seconds() > next_line) {
      std::cout << done + 1 << " graphs, " << findings << " findings, " << static_cast<int>(seconds()) << " s"
                << std::endl;
      next_line += 10;
    }
  }
  std::cout << done << " graphs, " << findings << " findings" << std::endl;
  return findings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return fuzz(parse(argc, argv)) == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "fuzz_graphs: " << error.what() << "\n";
    return 2;
  }
}
