// Several nets as one.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace chainrule::nn {
namespace {

using Values = std::vector<double>;

/// x W for x of one number: the outputs are w.
Affine net(double a, double b, double c) { return Affine(tensor({a, b, c}, {1, 3}), zeros({3})); }

Ensemble three(Voting voting) {
  Ensemble all(voting);
  all.add(net(1, 2, 0));
  all.add(net(0, 3, 1));
  all.add(net(4, 0, 2));
  return all;
}

TEST(Ensemble, TakesTheMeanOrTheVotes) {
  const Tensor one = ones({1, 1});
  const Values mean = three(Voting::mean).predict(one).to_vector();
  const Values shares = three(Voting::probabilities).predict(one).to_vector();
  const Values votes = three(Voting::vote).predict(one).to_vector();
  const Values expected{5.0 / 3, 5.0 / 3, 1}, counted{1.0 / 3, 2.0 / 3, 0};
  double p[3] = {0, 0, 0};
  for (const auto& z : {Values{1, 2, 0}, Values{0, 3, 1}, Values{4, 0, 2}}) {
    const double sum = std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]);
    for (std::size_t i = 0; i < 3; ++i) p[i] += std::exp(z[i]) / sum / 3;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(mean[i], expected[i], 1e-6);
    EXPECT_NEAR(votes[i], counted[i], 1e-6);
    EXPECT_NEAR(shares[i], std::log(p[i]), 1e-6);
  }
}

TEST(Ensemble, IsSavedWhole) {
  const TemporaryFolder folder;
  const std::string path = folder / "all.safetensors";
  const Ensemble all = three(Voting::vote);
  save(path, all);
  const auto again = load_model(path);
  EXPECT_EQ(again.predict(ones({1, 1})).to_vector(), all.predict(ones({1, 1})).to_vector());
  EXPECT_EQ(again.net->parameters().size(), 6u);
  EXPECT_EQ(again.net->parameters()[2].name, "net2.weight");
}

TEST(Ensemble, NeedsNets) {
  EXPECT_EQ(message_of([] { Ensemble().predict(ones({1, 1})); }).find("[ensemble] there are no nets"), 0u);
}

}  // namespace
}  // namespace chainrule::nn
