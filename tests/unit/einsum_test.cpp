#include <gtest/gtest.h>

#include <map>

#include "chainrule/error.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

/// The definition: loops over every letter, with the output written out and no ellipsis.
Values by_loops(const std::string& equation, const std::vector<Tensor>& operands) {
  const std::size_t arrow = equation.find("->");
  std::vector<std::string> words;
  std::string left = equation.substr(0, arrow);
  for (std::size_t start = 0; start <= left.size();) {
    const std::size_t comma = std::min(left.find(',', start), left.size());
    words.push_back(left.substr(start, comma - start));
    start = comma + 1;
  }
  const std::string out = equation.substr(arrow + 2);
  std::map<char, std::int64_t> size, at;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::size_t j = 0; j < words[i].size(); ++j)
      size[words[i][j]] = operands[i].shape()[static_cast<int>(j)];
  }
  std::int64_t total = 1, outputs = 1;
  for (const auto& [letter, n] : size) total *= n;
  for (const char letter : out) outputs *= size[letter];
  std::vector<Values> numbers;
  for (const Tensor& operand : operands) numbers.push_back(operand.to_vector());
  const auto place = [&](const std::string& word) {
    std::int64_t index = 0;
    for (const char letter : word) index = index * size[letter] + at[letter];
    return static_cast<std::size_t>(index);
  };
  Values result(static_cast<std::size_t>(outputs));
  for (std::int64_t n = 0; n < total; ++n) {
    std::int64_t rest = n;
    for (const auto& [letter, count] : size) {
      at[letter] = rest % count;
      rest /= count;
    }
    double product = 1;
    for (std::size_t i = 0; i < words.size(); ++i) product *= numbers[i][place(words[i])];
    result[place(out)] += product;
  }
  return result;
}

TEST(Einsum, IsTheSumOverAllLetters) {
  const std::map<char, std::int64_t> size{{'i', 2}, {'j', 3}, {'k', 4}, {'l', 5}, {'b', 3}};
  for (const std::string equation :
       {"i->i",         "ij->ji",       "ij->",    "ij->j",     "ii->i",       "ii->",         "iij->j",
        "bib->bi",      "i,i->",        "i,j->ij", "ij,jk->ik", "ij,kj->ik",   "ji,jk->ki",    "bij,bjk->bik",
        "bij,bkj->ikb", "ij,ij->ij",    "ij,j->i", "ij,ik->jk", "ijk,jil->kl", "ij,jk,kl->il", "ij,jk,ik->",
        "i,i,i->i",     "ik,jk,kk->ij", "ij,kl->", "bij,b->i",  "j,ij,i->"}) {
    std::vector<Tensor> operands;
    std::vector<std::int64_t> sizes;
    for (const char c : equation + ",") {
      if (size.count(c)) {
        sizes.push_back(size.at(c));
      } else {
        operands.push_back(
            normal(Shape(std::span<const std::int64_t>(sizes)), {operands.size() + 1}, 0, 1, f64));
        sizes.clear();
        if (c == '-') break;
      }
    }
    const Tensor got = einsum(equation, operands);
    const Values expected = by_loops(equation, operands), values = got.to_vector();
    ASSERT_EQ(values.size(), expected.size()) << equation;
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-12) << equation;
  }
}

TEST(Einsum, WithoutAnOutputTakesTheLettersThatStandOnce) {
  const Tensor a = normal({2, 3}, {1}, 0, 1, f64), b = normal({3, 4}, {2}, 0, 1, f64);
  EXPECT_EQ(einsum("ij,jk", {a, b}).to_vector(), matmul(a, b).to_vector());
  EXPECT_EQ(einsum("ba", {a}).to_vector(), transpose(a).to_vector()) << "in alphabetical order";
  EXPECT_NEAR(einsum("ii", {matmul(b, transpose(b))}).item(), sum(b * b).item(), 1e-12);
}

TEST(Einsum, EllipsisStandsForAnyAxes) {
  const Tensor a = normal({5, 1, 2, 3}, {3}, 0, 1, f64), b = normal({4, 3, 6}, {4}, 0, 1, f64);
  const Tensor product = einsum("...ij,...jk->...ik", {a, b});
  EXPECT_EQ(product.shape(), Shape({5, 4, 2, 6}));
  const Values expected = matmul(a, b).to_vector(), values = product.to_vector();
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-12);
  EXPECT_EQ(einsum("...j", {a}).shape(), Shape({5, 1, 2, 3}));
  EXPECT_EQ(einsum("i...->...i", {a}).shape(), Shape({1, 2, 3, 5}));
  EXPECT_EQ(einsum("...->", {a}).shape(), Shape({}));
  EXPECT_EQ(einsum(" i j , j k -> i k ", {zeros({2, 3}), zeros({3, 4})}).shape(), Shape({2, 4})) << "spaces";
}

TEST(Einsum, WholeNumbersStayWhole) {
  const Tensor a = tensor({1, 2, 3, 4}, {2, 2}, i64);
  const Tensor product = einsum("ij,jk", {a, a});
  EXPECT_EQ(product.dtype(), i64);
  EXPECT_EQ(product.to_vector(), (Values{7, 10, 15, 22}));
}

TEST(Einsum, EmptyAxes) {
  EXPECT_EQ(einsum("ij,jk->ik", {zeros({2, 0}), zeros({0, 3})}).to_vector(), Values(6, 0.0));
  EXPECT_EQ(einsum("ij,jk->ik", {zeros({0, 2}), zeros({2, 3})}).shape(), Shape({0, 3}));
}

void expect_error(int code, const std::string& part, std::string_view equation,
                  std::initializer_list<Tensor> operands) {
  try {
    einsum(equation, operands);
    ADD_FAILURE() << equation << ": no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Einsum, NamesWhatIsWrong) {
  const Tensor a = zeros({2, 3}), b = zeros({4, 5});
  expect_error(115, "the output's 'k' is in no operand", "ij->ik", {a});
  expect_error(115, "has 'i' twice", "ij->ii", {a});
  expect_error(115, "'1' is no letter", "i1", {a});
  expect_error(115, "it has 2 operand(s), 1 given", "ij,jk", {a});
  expect_error(115, "it has 1 operand(s), 2 given", "ij->i", {a, b});
  expect_error(115, "'.' is no letter", "i..j", {a});
  expect_error(115, "'-' is no letter", "ij-i", {a});
  expect_error(116, "'j' stands for 3 in operand 0 and 4 in operand 1", "ij,jk", {a, b});
  expect_error(116, "'i' stands for 2 and 3 in operand 0", "ii", {a});
  expect_error(116, "operand 0 has shape (2, 3), \"ijk\" speaks of 3 axes", "ijk", {a});
  expect_error(115, "given", "", {});
}

}  // namespace
}  // namespace chainrule
