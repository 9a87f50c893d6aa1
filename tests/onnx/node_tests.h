#pragma once

#include <algorithm>
#include <string_view>

// The format's own tests of its operators that do not pass.
namespace chainrule::onnx {

inline constexpr int kNodeTests = 922;  ///< of ONNX 1.12

struct NotPassed {
  int count;
  std::string_view why;
  /// Their names without "test_", with blanks between; a '*' at the end stands for anything.
  std::string_view tests;
};

inline constexpr NotPassed kNotPassed[] = {
    {24, "sequences and optional values, which are not read",
     "identity_opt identity_sequence if_opt if_seq loop13_seq loop16_seq_none optional_* sequence_*"},
    {12, "texts, which are not read",
     "cast_FLOAT_to_STRING cast_STRING_to_FLOAT castlike_FLOAT_to_STRING* castlike_STRING_to_FLOAT* "
     "strnormalizer_*"},
    {26, "operators that are not there: GridSample, NonMaxSuppression, RoiAlign, TfIdfVectorizer",
     "gridsample* nonmaxsuppression_* roialign_* tfidfvectorizer_*"},
    {10, "random numbers, which are those of the pass and not those of another program",
     "bernoulli* training_dropout training_dropout_default training_dropout_default_mask "
     "training_dropout_mask"},
    {7, "steps of optimizers (the domain ai.onnx.preview.training), of which the library has its own",
     "adagrad* adam* momentum* nesterov_momentum"},
    {6, "bfloat16, which these tests hold as whole numbers of 16 bits",
     "cast_BFLOAT16_to_FLOAT cast_FLOAT_to_BFLOAT16 castlike_BFLOAT16_to_FLOAT* "
     "castlike_FLOAT_to_BFLOAT16*"},
    {1, "Scan in its form of opset 8", "scan_sum"},
};

/// What comes before the next blank; taken off the text.
inline std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

/// The row of a test; null if it passes.
inline const NotPassed* find_not_passed(std::string_view test) {
  test.remove_prefix(std::min(test.find('_') + 1, test.size()));
  for (const NotPassed& row : kNotPassed) {
    for (std::string_view names = row.tests; !names.empty();) {
      const std::string_view name = take_word(names);
      const bool is_any = name.ends_with('*');
      if (is_any ? test.starts_with(name.substr(0, name.size() - 1)) : test == name) return &row;
    }
  }
  return nullptr;
}

}  // namespace chainrule::onnx
