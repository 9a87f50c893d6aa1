// Images of data, for people to look at.
#include "data_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "experiment.h"
#include "fetch.h"
#include "table_file.h"

namespace chainrule::cli {
namespace {

struct ImageShape {
  std::int64_t channels = 1, height = 0, width = 0;
  bool channels_last = false;
};

/// What a row is as an image: (28, 28), (3, 32, 32), (32, 32, 3), or 784 numbers, as a square.
std::optional<ImageShape> image_shape(const Shape& row) {
  constexpr std::int64_t kFewest = 8;
  const auto are_channels = [](std::int64_t size) { return size == 1 || size == 3; };
  if (row.ndim() == 3 && are_channels(row[0])) return ImageShape{row[0], row[1], row[2]};
  if (row.ndim() == 3 && are_channels(row[2])) return ImageShape{row[2], row[0], row[1], true};
  if (row.ndim() == 2) return ImageShape{1, row[0], row[1]};
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(row.numel()))));
  if (row.ndim() != 1 || side < kFewest || side * side != row.numel()) return {};
  return ImageShape{1, side, side};
}

/// The columns that hold images and classes.
void find_columns(ImageData& data) {
  const std::vector<data::Column>& columns = data.train.columns();
  const auto images = std::find_if(columns.begin(), columns.end(), [](const data::Column& column) {
    return image_shape(column.shape).has_value();
  });
  if (images == columns.end()) {
    throw ValueError(
        632, fmt::format("[data] {} has no images: {}. Give a set, a folder of pictures, or rows "
                         "of (height, width), (channels, height, width) or a square of numbers, such as "
                         "784.",
                         data.name, data.train.to_string()));
  }
  data.column = static_cast<int>(images - columns.begin());
  for (std::size_t i = columns.size(); i-- > 0 && data.target < 0;) {
    if (static_cast<int>(i) == data.column || columns[i].shape.numel() != 1) continue;
    if (is_floating(columns[i].dtype)) continue;
    data.target = static_cast<int>(i), data.classes = columns[i].classes;
  }
}

data::Source pictures_alike(const std::string& folder, data::PicturesOptions options) {
  const Shape first = data::pictures(folder, options).columns()[0].shape;
  options.height = first[1], options.width = first[2];
  return data::pictures(folder, options);
}

/// The class of each row; of those without one 0.
std::vector<std::int64_t> labels_of(const ImageData& data, const data::Source& part) {
  if (data.target < 0) return std::vector<std::int64_t>(static_cast<std::size_t>(part.rows()));
  if (data.target + 1 == std::ssize(part.columns())) return part.targets().to_vector<std::int64_t>();
  return part.all()[data.target].to_vector<std::int64_t>();
}

}  // namespace

ImageData image_data(const std::string& name, const std::string& dir, const std::string& target,
                     std::uint64_t seed) {
  ImageData data;
  data.name = name;
  const DataKind kind = kind_of(name);
  if (kind == DataKind::text) {
    throw ValueError(632,
                     fmt::format("[data] {} has no images: it is a text. chainrule data stats {} says what "
                                 "is in it.",
                                 name, name));
  }
  if (kind == DataKind::arrays) {
    data.train = data::read_npz(name, {});
  } else if (kind == DataKind::table) {
    data::CsvOptions options{.target = target, .codes = names_in(name), .missing = data::Missing::value};
    if (!target.empty()) options.words = {target};  // numbers of classes name them
    data.train = data::read_csv(name, options);
  } else if (kind == DataKind::pictures) {
    std::error_code ignored;
    const std::string train = name + "/train", test = name + "/test";
    if (std::filesystem::is_directory(train, ignored) && std::filesystem::is_directory(test, ignored)) {
      data.train = pictures_alike(train, {});
      data.test = pictures_alike(test, {.classes = data.train.class_names()});
    } else {
      data.train = pictures_alike(name, {});
    }
  } else {
    const data::Dataset set = load_set(name, {.data_dir = dir, .seed = seed});
    data.train = set.train, data.test = set.test, data.name = set.name;
  }
  find_columns(data);
  return data;
}

data::ImageSet images_of(const ImageData& data, const data::Source& part,
                         const std::vector<std::int64_t>& rows) {
  const ImageShape shape = *image_shape(part.columns()[static_cast<std::size_t>(data.column)].shape);
  const std::vector<double> numbers = part.take(rows)[data.column].to_vector<double>();
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  double from = 0, scale = 255;
  if (!numbers.empty() && (*least < 0 || *most > 255)) {
    from = *least, scale = *most > *least ? 255 / (*most - *least) : 0;
  } else if (!numbers.empty() && *most > 1) {
    scale = 1;
  }
  data::ImageSet set;
  set.count = static_cast<std::int64_t>(rows.size());
  set.channels = shape.channels, set.height = shape.height, set.width = shape.width;
  set.class_names = data.classes;
  set.pixels.resize(numbers.size());
  set.labels.resize(rows.size());
  std::uint8_t* const to = set.pixels.data();
  const std::int64_t area = shape.height * shape.width;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::size_t place = i;
    if (shape.channels_last) {  // pixels of colours become planes of them
      const auto channels = static_cast<std::size_t>(shape.channels), size = static_cast<std::size_t>(area);
      const std::size_t image = i / (channels * size), in_image = i % (channels * size);
      place = (image * channels + in_image % channels) * size + in_image / channels;
    }
    to[place] = static_cast<std::uint8_t>(std::lround((numbers[i] - from) * scale));
  }
  return set;
}

data::ImageSet images_by_class(const ImageData& data, const data::Source& part, std::int64_t& rows,
                               std::int64_t& columns) {
  const std::vector<std::int64_t> labels = labels_of(data, part);
  std::vector<std::vector<std::int64_t>> chosen(static_cast<std::size_t>(rows));
  for (std::size_t row = 0, place = 0; row < labels.size(); ++row) {
    if (data.target >= 0) place = static_cast<std::size_t>(labels[row]);
    while (data.target < 0 && place < chosen.size() && std::ssize(chosen[place]) == columns) ++place;
    if (place < chosen.size() && std::ssize(chosen[place]) < columns)
      chosen[place].push_back(static_cast<std::int64_t>(row));
  }
  while (chosen.size() > 1 && chosen.back().empty()) chosen.pop_back();
  std::vector<std::int64_t> all;
  std::vector<std::uint8_t> classes;
  columns = 1;
  for (std::size_t place = 0; place < chosen.size(); ++place) {
    columns = std::max(columns, static_cast<std::int64_t>(chosen[place].size()));
    all.insert(all.end(), chosen[place].begin(), chosen[place].end());
    classes.resize(all.size(), static_cast<std::uint8_t>(place));
  }
  rows = static_cast<std::int64_t>(chosen.size());
  data::ImageSet set = images_of(data, part, all);
  set.labels = std::move(classes);
  return set;
}

}  // namespace chainrule::cli
