#pragma once

#include <stdexcept>
#include <string>

namespace chainrule {

/// The base of everything that the library throws. what() has one form:
///
///     [matmul] inner sizes differ: a (32, 784), b (512, 784). Need ... In layer affine1, called from
///     train.cpp:41. (E012)
///
/// docs/errors.md has cause, example and fix for each number.
class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& message);

  /// The number in parentheses at the end of the message.
  int code() const { return code_; }

 private:
  int code_;
};

/// Shapes that do not fit together, or an axis that is not there.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A dtype that an operation does not take.
class DTypeError : public Error {
 public:
  using Error::Error;
};

/// A value that is not allowed: an option, an argument, or an element met while evaluating.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Memory that cannot be had.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// A gradient that does not exist.
class NotDifferentiable : public Error {
 public:
  using Error::Error;
};

/// A file that is missing, unreadable, malformed or cannot be written.
class FileError : public Error {
 public:
  using Error::Error;
};

}  // namespace chainrule
