#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/random.h"
#include "temporary_folder.h"

namespace chainrule::io {

inline void write_raw(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string read_raw(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What the library says, or "no error"; any other exception is the test's failure.
inline std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// The same dtype, shape and bits.
inline void expect_same(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.dtype(), expected.dtype());
  ASSERT_EQ(actual.shape(), expected.shape());
  EXPECT_EQ(Fnv1a().add(actual).value(), Fnv1a().add(expected).value()) << actual << "\n" << expected;
}

/// One of each dtype, of odd shapes.
inline NamedTensors samples() {
  NamedTensors all;
  all.add("scalar", scalar(-0.5));
  all.add("empty", zeros({3, 0, 2}, f64));
  for (const DTypeInfo& info : kDTypes) {
    if (info.dtype == bf16) continue;  // NumPy has none
    all.add("matrix." + std::string(info.name), tensor({0, 1, 2, 3, 250, 7}, {2, 3}, info.dtype));
  }
  all.add("größe", from_data(std::vector<double>{0.1, -1e300, 5e-324}, {1, 3, 1}));
  return all;
}

/// Gives every damaged form of `bytes` to `read`: each truncation, each bit of the first `header` bytes and
/// of the last `trailer` ones turned, and many random changes. Each must be read, or refused by an Error.
/// Returns how many were refused.
inline int damage(const std::string& bytes, std::size_t header, std::size_t trailer,
                  const std::function<void(const std::string&)>& read) {
  int refused = 0;
  const auto attempt = [&](const std::string& damaged) {
    try {
      read(damaged);
    } catch (const Error& error) {
      ++refused;
      EXPECT_LT(std::string(error.what()).size(), 1000u);
    }
  };
  for (std::size_t length = 0; length < bytes.size(); ++length) attempt(bytes.substr(0, length));
  attempt(bytes + '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= header && i + trailer < bytes.size()) continue;
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      attempt(damaged);
    }
  }
  const Philox random(7, streams::kUser);
  for (std::uint64_t trial = 0; trial < 5000; ++trial) {
    std::string damaged = bytes;
    const std::uint64_t changes = 1 + random.block(trial, 0)[0] % 4;
    for (std::uint64_t k = 1; k <= changes; ++k) {
      const Philox::Block block = random.block(trial, k);
      damaged[block[0] % bytes.size()] = static_cast<char>(block[1]);
    }
    attempt(damaged);
  }
  return refused;
}

}  // namespace chainrule::io
