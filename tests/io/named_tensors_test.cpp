#include "chainrule/named_tensors.h"

#include "io/files.h"

namespace chainrule {
namespace {

TEST(NamedTensors, KeepTheirOrderAndAreFound) {
  NamedTensors tensors{{"W2", scalar(2)}, {"W1", scalar(1)}};
  tensors.add("b", scalar(3));
  EXPECT_EQ(tensors.names(), (std::vector<std::string>{"W2", "W1", "b"}));
  EXPECT_EQ(tensors["W1"].item(), 1);
  EXPECT_EQ(tensors.find("b")->item(), 3);
  EXPECT_EQ(tensors.find("W"), nullptr);
  EXPECT_TRUE(tensors.contains("W2"));
  EXPECT_FALSE(NamedTensors().contains(""));
  EXPECT_EQ(tensors.size(), 3u);
  double sum = 0;
  for (const auto& [name, tensor] : tensors) sum = 10 * sum + tensor.item();
  EXPECT_EQ(sum, 213);
}

TEST(NamedTensors, AreFoundAmongMany) {
  NamedTensors tensors;
  constexpr int kCount = 100'000;  // with a search of the list each, this would take minutes
  for (int i = 0; i < kCount; ++i) tensors.add("layer" + std::to_string(i), {});
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(tensors.find("layer" + std::to_string(i)), &tensors.begin()[i].tensor);
  }
  EXPECT_FALSE(tensors.contains("layer100000"));
  const NamedTensors copy = tensors;
  EXPECT_NE(copy.find("layer7"), tensors.find("layer7"));
}

TEST(NamedTensors, SayWhichNamesThereAre) {
  const NamedTensors tensors{{"W1", scalar(1)}, {"b1", scalar(2)}};
  EXPECT_EQ(io::message([&] { tensors["w1"]; }),
            "[tensors] no tensor \"w1\". Did you mean \"W1\"? There are: W1, b1. (E209)");
  EXPECT_EQ(io::message([&] { tensors["embedding"]; }),
            "[tensors] no tensor \"embedding\". There are: W1, b1. (E209)");
  EXPECT_EQ(io::message([] { NamedTensors()["x"]; }), "[tensors] no tensor \"x\". There are none. (E209)");
  NamedTensors many;
  std::string list;
  for (int i = 10; i < 32; ++i) {
    many.add(std::to_string(i), {});
    if (i < 30) list += (list.empty() ? "" : ", ") + std::to_string(i);
  }
  const std::string said = io::message([&] { many["embedding"]; });
  EXPECT_TRUE(said.ends_with(" There are: " + list + " and 2 more. (E209)")) << said;
}

TEST(NamedTensors, RefuseANameTwice) {
  EXPECT_EQ(io::message([] {
              NamedTensors{{"w", scalar(1)}, {"w", scalar(1)}};
            }),
            "[tensors] two tensors named \"w\". Give each a name of its own. (E210)");
}

}  // namespace
}  // namespace chainrule
