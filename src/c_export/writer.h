#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "c_export/program.h"

namespace chainrule::c_export {

/// The steps of one C function, as they are written.
class Writer {
 public:
  explicit Writer(Constants& constants) : constants_(constants) {}

  int add_argument(std::string name, DType dtype, std::int64_t elements);
  int add_work(DType dtype, std::int64_t elements);
  int add_constant(const Tensor& constant);
  /// All of an array, row-major.
  View whole(int array, const Shape& shape) const;

  /// What the next steps are of: stands above them as a comment.
  void begin(std::string comment);
  /// A line, or several; `touched` are the arrays in it.
  void line(std::string text, const std::vector<int>& touched);
  /// Loops over `to`: its elements become what `body` says of those of `from`, all of its sizes or 1, aligned
  /// at the last axis. `body` gets their names, may add lines of its own, and returns an expression.
  using Body =
      std::function<std::string(const std::vector<std::string>& values, std::vector<std::string>& lines)>;
  void loop(const View& to, const std::vector<View>& from, const Body& body);
  void copy(const View& to, const View& from);
  /// Sets all of an array to 0.
  void clear(int array);
  /// The view itself, or a copy without gaps.
  View contiguous(const View& view);

  /// Where a view begins: "v3 + 16".
  std::string at(const View& view, const std::vector<std::int64_t>& batch_strides = {}) const;
  void use(std::string_view function) { functions_.insert(function); }
  /// Names of loop variables, so many.
  std::vector<std::string> loop_variables(std::size_t count);

  Array& array(int number) { return arrays_[static_cast<std::size_t>(number)]; }
  const Array& array(int number) const { return arrays_[static_cast<std::size_t>(number)]; }
  int step() const { return step_; }
  Constants& constants() { return constants_; }

  /// Finds places for the arrays of kind work. Returns the bytes that they take.
  std::int64_t assign_memory();
  /// The function's body.
  std::string text() const;
  const std::set<std::string_view>& functions() const { return functions_; }

 private:
  void touch(int array);

  Constants& constants_;
  std::vector<Array> arrays_;
  std::vector<std::string> lines_;
  std::set<std::string_view> functions_;
  std::string comment_;
  int step_ = 0, works_ = 0;
  std::size_t depth_ = 0;  // of loops
};

}  // namespace chainrule::c_export
