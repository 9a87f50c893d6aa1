// What a word that is none was probably meant to be.
#include "core/nearest.h"

#include <gtest/gtest.h>

namespace chainrule {
namespace {

const std::vector<std::string> kLosses{"softmax_cross_entropy",
                                       "nll",
                                       "binary_cross_entropy_with_logits",
                                       "tanh_cross_entropy",
                                       "mse",
                                       "half_mse",
                                       "mae",
                                       "huber"};

TEST(Nearest, IsANameWithFewLettersChanged) {
  EXPECT_EQ(nearest("hubber", kLosses), "huber");
  EXPECT_EQ(nearest("softmax_crossentropy", kLosses), "softmax_cross_entropy");
  EXPECT_EQ(nearest("mze", kLosses), "mse");
  EXPECT_EQ(nearest("cosine", kLosses), "");
}

TEST(Nearest, IsANameThatHasTheWholeWord) {
  EXPECT_EQ(nearest("binary_cross_entropy", kLosses), "binary_cross_entropy_with_logits");
  EXPECT_EQ(nearest("cross_entropy", kLosses), "softmax_cross_entropy");
  EXPECT_EQ(nearest("hub", kLosses), "huber") << "or its beginning";
}

}  // namespace
}  // namespace chainrule
