#pragma once

#include <string>
#include <string_view>

#include "chainrule/plot/figure.h"

namespace chainrule::plot {

/// @name Texts
/// @{
/// With what means something in XML escaped; what may not stand in XML, such as bytes that are not UTF-8,
/// becomes U+FFFD.
std::string xml(std::string_view text);
/// How many characters, and how wide they are about, in pixels of a font of this size.
double width_of(std::string_view text, double size);
/// As much of it as is so wide, with one character in place of what is left out in the middle: names often
/// differ at their ends.
std::string fitted(std::string_view text, double size, double width);
/// @}

/// The inside of an SVG, written from the top. Lengths are pixels.
class Drawing {
 public:
  double left = 0, top = 0;  ///< where 0, 0 is

  /// @param kind  class of the style: "t" for text, ...
  void text(double x, double y, std::string_view kind, std::string_view words);
  /// The same, no wider than so; what is cut off is shown on hovering.
  void text(double x, double y, std::string_view kind, std::string_view words, double size, double width);
  void rectangle(double x, double y, double width, double height, std::string_view kind, double opacity = 1);
  void line(double x1, double y1, double x2, double y2, std::string_view kind);
  void dot(double x, double y, double radius, std::string_view kind);
  void path(std::string_view way, std::string_view kind);
  void picture(double x, double y, double width, double height, const Picture& picture);
  /// Of a way of a path: "M3.1 4".
  std::string point(char letter, double x, double y) const;
  void raw(std::string_view xml_text) { made_.append(xml_text); }

  const std::string& made() const { return made_; }

 private:
  std::string made_;
};

/// What a figure takes up, and how it is drawn there.
struct Size {
  double width = 0, height = 0;
};
inline constexpr double kWidth = 360;               // of most figures
inline constexpr double kMargin = 8;                // around them
inline constexpr double kText = 12, kSmall = 10.5;  // sizes of the fonts

/// Title and note; gives how high they are.
double heading_height(const Figure& figure);
void draw_heading(Drawing& to, const Figure& figure, double width);

Size size_of_chart(const Figure& figure);
void draw_chart(Drawing& to, const Figure& figure);
bool has_squares(const Figure& figure);  // a matrix or a heat map
Size size_of_squares(const Figure& figure);
void draw_squares(Drawing& to, const Figure& figure);
Size size_of_tiles(const Figure& figure);
void draw_tiles(Drawing& to, const Figure& figure);

/// "c3": the class of a color of the palette.
std::string color_class(int index);

}  // namespace chainrule::plot
