#pragma once

#include <chrono>
#include <span>
#include <string>

#include "chainrule/dtype.h"
#include "chainrule/plot/figure.h"
#include "chainrule/tensor.h"

/// What the lessons share: a folder for their pictures, and the data of a course.
namespace learn {

/// The folder that is a lesson's first argument. Without one it draws nothing.
class Pictures {
 public:
  Pictures(int argc, char** argv) : folder_(argc > 1 ? argv[1] : "") {}
  /// Writes NAME.svg there.
  void save(const std::string& name, const chainrule::plot::Figure& figure) const;
  void save(const std::string& name, std::span<const chainrule::plot::Figure> side_by_side) const;
  void save_svg(const std::string& name, const std::string& svg) const;

 private:
  std::string folder_;
};

/// What printf would print.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

/// How long f takes. On a page it stands behind "took": it differs from run to run, so nothing compares it.
template <class F>
double milliseconds(F f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Rows to learn from: inputs, and what is to be said of them.
struct Rows {
  chainrule::Tensor x, t;
};
/// The arrays `data` and `label` of a file of Microsoft's course on neural networks, from the folder
/// $CHAINRULE_DATA_DIR/ai-edu. Where it is not there: what `make` gives, and a line that says so.
Rows read(const std::string& file, Rows (*make)(), chainrule::DType dtype = chainrule::f64);

}  // namespace learn
