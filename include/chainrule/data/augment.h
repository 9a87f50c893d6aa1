#pragma once

#include <cstdint>

#include "chainrule/data/transform.h"

// Augmentation of images: the last two axes of a row are height and width, what is before them, such as
// colours, is treated alike. Each image draws by its row and epoch.
//
//     data::Loader loader(set.train, {.transforms = {data::Affine(10, 0.9, 1.1, 5, 2)}});
//
// What comes in from outside is 0. Between pixels they are interpolated linearly in both directions.
namespace chainrule::data {

/// Turns each image about its centre, by an angle that is drawn evenly from both directions.
struct Rotate : TransformOf<Rotate> {
  static constexpr Info kInfo{.name = "rotate", .doc = "Turns each image by a random angle."};
  double degrees = 15;
  Rotate() = default;
  explicit Rotate(double most);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Makes what is on each image larger or smaller about its centre; the image keeps its size.
struct Scale : TransformOf<Scale> {
  static constexpr Info kInfo{.name = "scale", .doc = "Makes what is on each image larger or smaller."};
  double low = 0.9, high = 1.1;
  Scale() = default;
  Scale(double smallest, double largest);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Scales, shears, turns and moves each image at once, in this order, about its centre: with only one
/// interpolation. A point (x, y), x to the right and y down, goes to
///     s (cos a  -sin a) (1  tan b) (x)   (right)
///       (sin a   cos a) (0    1  ) (y) + (down ).
struct Affine : TransformOf<Affine> {
  static constexpr Info kInfo{.name = "affine", .doc = "Scales, shears, turns and moves each image."};
  double degrees = 10;           ///< the largest angle a, to both sides
  double low = 0.9, high = 1.1;  ///< of the factor s
  double shear = 5;              ///< the largest angle b, in degrees, to both sides
  double pixels = 2;             ///< the farthest that an image is moved, in each direction
  Affine() = default;
  Affine(double most_degrees, double smallest, double largest, double most_shear, double most_pixels);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Moves each pixel's place by a random field: uniform numbers from -1 to 1 for each direction, smoothed by a
/// Gaussian of deviation sigma, times alpha; both in pixels (Simard, Steinkraus, Platt: Best practices for
/// convolutional neural networks applied to visual document analysis. ICDAR 2003).
struct Elastic : TransformOf<Elastic> {
  static constexpr Info kInfo{.name = "elastic", .doc = "Distorts each image as if it were of rubber."};
  double alpha = 34, sigma = 4;
  Elastic() = default;
  Elastic(double strength, double smoothness);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// A square of zeros, its centre on any pixel of the image: it may stand out over the edge (DeVries, Taylor:
/// Improved regularization of convolutional neural networks with cutout. 2017).
struct CutOut : TransformOf<CutOut> {
  static constexpr Info kInfo{.name = "cut_out", .doc = "Puts a square of zeros into each image."};
  std::int64_t size = 8;
  CutOut() = default;
  explicit CutOut(std::int64_t side);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Multiplies each image by a random factor. Nothing is cut off.
struct Brightness : TransformOf<Brightness> {
  static constexpr Info kInfo{.name = "brightness", .doc = "Multiplies each image by a random factor."};
  double low = 0.8, high = 1.2;
  Brightness() = default;
  Brightness(double smallest, double largest);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// Multiplies the distances of each image's numbers from their mean by a random factor. Nothing is cut off.
struct Contrast : TransformOf<Contrast> {
  static constexpr Info kInfo{.name = "contrast",
                              .doc = "Moves each image's numbers away from their mean, or towards it."};
  double low = 0.8, high = 1.2;
  Contrast() = default;
  Contrast(double smallest, double largest);
  void fields(Fields& f);
  void check(std::span<const Column> columns) const override;
  void apply(std::span<const Array> columns, const Draw& draw) const override;
};

/// A part of each image, after `padding` zeros on each of its sides: from a random place, each equally
/// likely, or from the centre (rounded up and left). Gives images of another size.
struct Crop : RemakeOf<Crop> {
  static constexpr Info kInfo{.name = "crop", .doc = "Cuts a part out of each image."};
  std::int64_t height = 24, width = 24;
  std::int64_t padding = 0;
  bool centre = false;
  Crop() = default;
  Crop(std::int64_t to_height, std::int64_t to_width, std::int64_t zeros = 0, bool from_centre = false);
  void fields(Fields& f);
  std::vector<Column> columns(std::span<const Column> before) const override;
  void make(std::span<const Array> rows, std::span<const Array> partners, std::span<const Array> out,
            const Draw& draw) const override;
};

/// Brings each image to a size as read_image does: averaged or interpolated by a triangle as wide as two
/// pixels of the coarser size.
struct Resize : RemakeOf<Resize> {
  static constexpr Info kInfo{.name = "resize", .doc = "Brings each image to a size."};
  std::int64_t height = 32, width = 32;
  Resize() = default;
  Resize(std::int64_t to_height, std::int64_t to_width);
  void fields(Fields& f);
  std::vector<Column> columns(std::span<const Column> before) const override;
  void make(std::span<const Array> rows, std::span<const Array> partners, std::span<const Array> out,
            const Draw& draw) const override;
};

/// Mixes each row with another of the source: l x + (1 - l) x', and so the target, with l drawn from
/// Beta(alpha, alpha) (Zhang, Cisse, Dauphin, Lopez-Paz: mixup. ICLR 2018). A target of class numbers becomes
/// one of probabilities, f32 (classes), as softmax_cross_entropy takes them; one of real numbers stays.
struct Mixup : RemakeOf<Mixup> {
  static constexpr Info kInfo{.name = "mixup", .doc = "Mixes each row, and its target, with another row."};
  double alpha = 0.2;
  std::int64_t classes = 0;  ///< of the target; 0: as many as its column has names
  Mixup() = default;
  explicit Mixup(double shape, std::int64_t count = 0);
  void fields(Fields& f);
  std::vector<Column> columns(std::span<const Column> before) const override;
  bool mixes() const override { return true; }
  void make(std::span<const Array> rows, std::span<const Array> partners, std::span<const Array> out,
            const Draw& draw) const override;
};

}  // namespace chainrule::data
