// Image sets as sources.
#include "chainrule/data/images.h"

#include "chainrule/error.h"
#include "core/text.h"
#include "kernels/simd/elementwise.h"

namespace chainrule::data {
void ImageSet::check() const {
  if (static_cast<std::int64_t>(pixels.size()) != count * image_size() ||
      static_cast<std::int64_t>(labels.size()) != count || count > 0x7FFFFFFF) {
    throw ValueError(
        74, cat("[data] a set of ", count, " images of ", channels == 1 ? "" : cat(channels, " x "), height,
                " x ", width, " with ", pixels.size(), " pixels and ", labels.size(),
                " labels does not fit together. Fill both vectors."));
  }
}

namespace {

void check_row(const ImageSet& set, std::int64_t row) {
  if (row < 0 || row >= set.count) {
    throw ValueError(
        72, cat("[gather] row ", row, " of a set of ", set.count, " images; need 0 to ", set.count - 1, "."));
  }
}

}  // namespace

void gather(const ImageSet& set, std::span<const std::int64_t> rows, float scale, float* out) {
  for (std::int64_t row : rows) check_row(set, row);
  kernels::gather_rows(set.pixels.data(), set.image_size(), rows.data(),
                       static_cast<std::int64_t>(rows.size()), scale, out);
}

void gather_labels(const ImageSet& set, std::span<const std::int64_t> rows, std::int64_t* out) {
  for (std::int64_t row : rows) {
    check_row(set, row);
    *out++ = set.labels[static_cast<std::size_t>(row)];
  }
}

namespace {

class ImageRows : public Rows {
 public:
  ImageRows(const ImageSet& set, const ImagesOptions& options)
      : Rows(set.count,
             {{.name = "x",
               .shape = options.flat ? Shape{set.image_size()} : Shape{set.channels, set.height, set.width}},
              {.name = "t", .dtype = i64, .classes = set.class_names}}),
        set_(set),
        scale_(static_cast<float>(options.scale)) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    kernels::gather_rows(set_.pixels.data(), set_.image_size(), rows.data(),
                         static_cast<std::int64_t>(rows.size()), scale_, out[0].as<float>());
    gather_target(rows, out[1]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    const std::uint8_t* labels = set_.labels.data();
    std::int64_t* classes = out.as<std::int64_t>();
    for (std::size_t i = 0; i < rows.size(); ++i) classes[i] = labels[rows[i]];
  }

 private:
  ImageSet set_;
  float scale_;
};

}  // namespace

Source images(const ImageSet& set, const ImagesOptions& options) {
  set.check();
  return ImageRows(set, options);
}

ImageSet::operator Source() const { return images(*this); }

}  // namespace chainrule::data
