#include "core/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "chainrule/error.h"
#include "set_environment.h"

namespace chainrule::environment {
namespace {

bool is_limited(const Variable& variable) { return variable.most > 0 || !variable.words[0].empty(); }

/// What is read of a variable that is limited.
std::optional<int> read(const Variable& variable) {
  return variable.most > 0 ? number(variable) : word(variable);
}

TEST(Environment, EmptyIsUnset) {
  for (const Variable& variable : kVariables) {
    const SetEnvironment empty(variable.name, "");
    EXPECT_EQ(text(variable), std::nullopt) << variable.name;
    if (!is_limited(variable)) continue;
    EXPECT_EQ(read(variable), std::nullopt) << variable.name;
  }
}

TEST(Environment, WordsAreNumberedInTheirOrder) {
  for (const Variable& variable : kVariables) {
    if (variable.words[0].empty()) continue;
    for (std::size_t i = 0; i < variable.words.size(); ++i) {
      const SetEnvironment set(variable.name, std::string(variable.words[i]));
      EXPECT_EQ(word(variable), static_cast<int>(i)) << variable.name;
    }
  }
}

// What was set for other programs is passed over.
TEST(Environment, WhatIsNotAllowedIsAnError) {
  for (const Variable& variable : kVariables) {
    if (!is_limited(variable)) continue;
    const SetEnvironment set(variable.name, "2x");
    if (!variable.is_ours) {
      EXPECT_EQ(read(variable), std::nullopt) << variable.name;
      continue;
    }
    try {
      read(variable);
      ADD_FAILURE() << variable.name;
    } catch (const ValueError& error) {
      EXPECT_EQ(error.what(), "[environment] " + std::string(variable.name) + " is \"2x\". Need " +
                                  allowed(variable) + "; or unset it. (E003)");
    }
  }
}

TEST(Environment, SaysWhatIsAllowed) {
  EXPECT_EQ(allowed(kMode), "lazy, eager or verify");
  EXPECT_EQ(allowed(kNumThreads), "a number from 1 to 1024");
  EXPECT_EQ(allowed(kDataDir), "any text");
}

TEST(Environment, ANumberIsTheFirstOfAList) {
  const auto read_as = [](const char* held) {
    const SetEnvironment set(kOmpNumThreads.name, held);
    return number(kOmpNumThreads);
  };
  EXPECT_EQ(read_as("4"), 4);
  EXPECT_EQ(read_as(" 12 "), 12);
  EXPECT_EQ(read_as("4,2"), 4);
  EXPECT_EQ(read_as("1024"), 1024);
  for (const char* held : {" ", "0", "-1", "1025", "99999999999999999999", "two", "4x", "3.5", "0x4", ",2"})
    EXPECT_EQ(read_as(held), std::nullopt) << held;
}

}  // namespace
}  // namespace chainrule::environment
