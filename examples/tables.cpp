// Three tables, from CSV files to a number that says how well a net does on rows it has not seen.   tables
// FOLDER
#include <chainrule/chainrule.h>

#include <iostream>
using namespace chainrule;

/// Accuracy on the fifth of the rows that is set aside.
double classify(const std::string& file, const std::string& target, std::uint64_t seed) {
  const data::Table table = data::read_csv(file, {.target = target, .missing = data::Missing::drop});
  const auto [train, test] = data::split(table, 0.8, {.seed = seed, .stratify = true});
  const auto scaler = data::standardize(train);
  auto net = nn::mlp({16, 3});
  train::fit(net, loss::softmax_cross_entropy, scaler(train), {.epochs = 60, .lr = 0.01, .seed = seed});
  return train::evaluate(net, scaler(test), metric::accuracy);
}

/// Share of the variance of fuel consumption that is explained.
double regress(const std::string& file, std::uint64_t seed) {
  const data::Table cars =
      data::read_csv(file, {.target = "mpg", .ignore = {"name"}, .missing = data::Missing::drop});
  const auto [train, test] = data::split(cars, 0.8, {.seed = seed});
  const auto scaler = data::standardize(train, {.target = true});
  auto net = nn::mlp({32, 32, 1});
  train::fit(net, loss::mse, scaler(train), {.epochs = 60, .lr = 0.003, .weight_decay = 0.001, .seed = seed});
  return train::evaluate(net, scaler(test), metric::r2);
}

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  double iris = 0, penguins = 0, mpg = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    iris += classify(folder + "/iris.csv", "species", seed) / 5;
    penguins += classify(folder + "/penguins.csv", "species", seed) / 5;
    mpg += regress(folder + "/mpg.csv", seed) / 5;
  }
  std::cout << "iris " << iris << "\npenguins " << penguins << "\nmpg " << mpg << "\n";
}
