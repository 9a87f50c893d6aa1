// Files that are not what they should be: an error or a result, never a crash. (Sanitizers see the rest.)
#include <algorithm>
#include <cstring>
#include <utility>

#include "io/files.h"

namespace chainrule::io {
namespace {

void use(const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) Fnv1a().add(tensor);
}

TEST(Damage, OfNpy) {
  const std::string bytes = npy_bytes(tensor({1, 2, 3, 4, 5, 6}, {2, 3}));
  // Truncations and most changes of the header are refused; changes of elements cannot be.
  EXPECT_GT(damage(bytes, 128, 0, [](const std::string& damaged) { Fnv1a().add(parse_npy(damaged)); }), 600);
}

TEST(Damage, OfNpyInFortranOrderAndBigEndian) {
  std::string bytes = npy_bytes(tensor({1, 2, 3, 4, 5, 6}, {2, 3}, f64));
  for (const auto& [what, with] : {std::pair<const char*, const char*>{"<", ">"}, {"False, ", "True,  "}}) {
    std::copy_n(with, std::strlen(with), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.find(what)));
  }
  EXPECT_EQ(parse_npy(bytes).shape(), (Shape{2, 3}));
  damage(bytes, 128, 0, [](const std::string& damaged) { Fnv1a().add(parse_npy(damaged)); });
}

TEST(Damage, OfNpz) {
  for (const bool compressed : {false, true}) {
    const std::string bytes = npz_bytes({{"w", tensor({1, 2, 3})}, {"b", zeros({2, 2}, i64)}}, {compressed});
    // Every byte belongs to the archive's own records, a header, or elements with a checksum.
    EXPECT_GT(damage(bytes, bytes.size(), 0, [](const std::string& damaged) { use(parse_npz(damaged)); }),
              static_cast<int>(bytes.size()));
  }
}

TEST(Damage, OfSafetensors) {
  const std::string bytes =
      safetensors_bytes({{"w", tensor({1, 2, 3})}, {"b", zeros({2, 2}, i64)}}, {{"format", "1"}});
  EXPECT_GT(damage(bytes, bytes.size() - 44, 0,
                   [](const std::string& damaged) { use(parse_safetensors(damaged).tensors); }),
            1000);
}

}  // namespace
}  // namespace chainrule::io
