#include "nets.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "chainrule/ops.h"

namespace learn {

using namespace chainrule;

data::Dataset images(const std::string& name) {
  const char* folder = std::getenv("CHAINRULE_DATA_DIR");
  if (folder != nullptr && std::filesystem::exists(std::string(folder) + "/" + name)) return data::load(name);
  std::printf("(made here: CHAINRULE_DATA_DIR has no %s)\n\n", name.c_str());
  return data::make_digits(1);
}

plot::Series curve(const train::History& history, const std::string& metric, const std::string& name) {
  plot::Series series{.name = name};
  for (const train::Report& report : history) {
    series.x.push_back(report.epoch), series.y.push_back(report[metric]);
  }
  return series;
}

plot::Tile image(const Tensor& numbers, const std::string& caption, double low, double high) {
  const int last = numbers.ndim() - 1;
  const std::int64_t channels = last == 2 ? numbers.size(0) : 1;
  return {plot::image(numbers.to_vector(), channels, numbers.size(last - 1), numbers.size(last), low, high),
          caption};
}

plot::Tile weight(const Tensor& numbers, const std::string& caption) {
  return {plot::signs(numbers.to_vector(), numbers.size(0), numbers.size(1), max(abs(numbers)).item()),
          caption};
}

}  // namespace learn
