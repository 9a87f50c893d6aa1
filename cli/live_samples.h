#pragma once

#include <string>
#include <vector>

#include "live_numbers.h"

namespace chainrule::cli {

/// Some rows that are not learnt from, and what the net makes of them while it learns: images with the class,
/// rows of a table with the number, the beginning of a text with how the net goes on.
class Samples {
 public:
  explicit Samples(const Training& training);

  /// What they are: `kind` ("images", "rows", "text"), `part`, and `rows`, each with `image` or `input`, and
  /// `truth`.
  const Json& inputs() const { return inputs_; }
  /// What the net says of each: `said`, and of classes `probability` and `right`. Null of a net that cannot
  /// be asked.
  Json predictions();

 private:
  std::string prompt(std::int64_t row) const;
  Json of_rows() const;
  Json of_text() const;

  const Training& training_;
  Model model_;
  data::Batch batch_;
  Json inputs_;
  bool has_failed_ = false;
};

}  // namespace chainrule::cli
