#pragma once

#include <string>
#include <vector>

#include "chainrule/plot/figure.h"

namespace chainrule::plot {

/// The step of 1, 2 or 5 times a power of ten that makes at most `most` steps of a length.
double step_for(double length, int most);

/// Where numbers of an axis lie along it.
class Scale {
 public:
  /// @param low, high  ends of the data; what the axis says of them counts first.
  /// @param margin  share of the length that is left free beyond the data.
  Scale(const Axis& axis, double low, double high, double margin);

  /// From 0 at the low end to 1 at the high end; not finite where the number has no place.
  double at(double number) const;

  struct Tick {
    double at = 0;  ///< from 0 to 1
    std::string text;
  };
  /// At most `most` of them, at numbers that are easily read, `least` apart.
  std::vector<Tick> ticks(int most, double least = 0) const;

 private:
  double place(double number) const;  // the logarithm, if the axis has it
  std::vector<Tick> decades(int most) const;

  bool logarithmic_;
  double low_ = 0, high_ = 1;
};

/// Whether a place is on the axis.
inline bool is_on(double at) { return at >= -1e-6 && at <= 1 + 1e-6; }

/// The scales of a figure's axes, from what it shows.
Scale x_scale(const Figure& figure);
Scale y_scale(const Figure& figure);

/// A number for people: "0.25", "12k", "3e-5".
std::string number_text(double number);

}  // namespace chainrule::plot
