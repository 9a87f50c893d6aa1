// Every message about options of losses, whole, against the example in docs/errors.md.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "chainrule/chainrule.h"
#include "message_of.h"

namespace chainrule {
namespace {

/// The first line of the ```text block of a section.
std::string documented(int code) {
  std::ifstream file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
  bool is_here = false, is_next = false;
  for (std::string line; std::getline(file, line);) {
    if (is_next) return line;
    if (line.rfind("## E", 0) == 0) is_here = line.rfind("## E" + std::to_string(code) + " ", 0) == 0;
    is_next = is_here && line == "```text";
  }
  return "no such section";
}

template <class F>
void expect_documented(int code, F make) {
  std::string text = message_of(make);
  const std::size_t at = text.find(" Called from loss_messages_test.cpp:");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.erase(at, text.rfind(" (E") - at), documented(code));
}

TEST(LossMessages, AreThoseOfTheDocumentation) {
  const Tensor z = zeros({4, 3}), t = zeros({4}, i64);
  expect_documented(150, [&] { mse(z, z, {.sample_weights = ones({3})}); });
  expect_documented(151, [&] { softmax_cross_entropy(z, t, {.label_smoothing = 10}); });
  expect_documented(152, [&] { softmax_cross_entropy(z, t, {.class_weights = ones({2})}); });
  expect_documented(154, [&] {
    ctc(zeros({2, 5, 3}), ones({2, 4}, i64), {.input_lengths = tensor({5, 6}, i64)});
  });
  expect_documented(153, [&] { ctc(zeros({2, 5, 3}), zeros({3, 4}, i64)); });
}

}  // namespace
}  // namespace chainrule
