// The examples in docs/errors.md that are code, with their messages.
#include <map>

#include "io/files.h"

namespace chainrule::io {
namespace {

TEST(FileMessages, AreThoseOfTheDocumentation) {
  const std::map<int, std::function<void()>> mistakes = {
      {202, [] { parse_npy("PK"); }},
      {206,
       [] {
         safetensors_bytes({{"w", tensor({0, -65520})}}, {}, {.f32_as_f16 = true});
       }},
      {209,
       [] {
         NamedTensors tensors{{"W1", scalar(1)}, {"b1", scalar(2)}};
         tensors["w1"];
       }},
      {210,
       [] {
         NamedTensors{{"w", scalar(1)}, {"w", scalar(1)}};
       }},
      {211,
       [] {
         safetensors_bytes({{"__metadata__", scalar(1)}});
       }},
  };
  const std::string text = read_file(CHAINRULE_SOURCE_DIR "/docs/errors.md");
  for (const auto& [code, mistake] : mistakes) {
    const std::size_t begin = text.find("```text\n", text.find("## E" + std::to_string(code))) + 8;
    EXPECT_EQ(message(mistake) + "\n", text.substr(begin, text.find("```", begin) - begin));
  }
}

}  // namespace
}  // namespace chainrule::io
