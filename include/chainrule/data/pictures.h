#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/fields.h"

// Pictures in files, a folder a class.
//
//     const data::Source train = data::pictures("flowers/train", {.height = 64, .width = 64});
//     const data::Source test = data::pictures("flowers/test", {.height = 64, .width = 64,
//                                                               .classes = train.class_names()});
namespace chainrule::data {

struct PicturesOptions {
  bool grey = false;                   ///< one channel; else three, and grey pictures have them alike
  std::int64_t height = 0, width = 0;  ///< to bring each to, both; 0: all are as large as the first
  bool invert = false;                 ///< one minus each number
  /// Endings of names of pictures, in any case; other files are passed over, and those that begin with a dot.
  std::vector<std::string> extensions = {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".pnm"};
  /// The classes, in the order of their numbers, as a test set needs those of its training set. None: the
  /// sub-folders by name.
  std::vector<std::string> classes = {};

  void fields(Fields& f);
};

/// A folder with a sub-folder for each class as a source: x, f32 (channels, height, width) in [0, 1], as
/// read_image reads, and t, i64 (). Rows are sorted by class, then by path, byte by byte; pictures in folders
/// below a class count as its own. Only names are kept in memory: a picture is read when it is asked for, so
/// give a Loader workers, or keep small ones with `data::arrays(source.all())`.
/// @throws FileError  if the folder cannot be read, has no classes or other ones, or a class has no pictures
///     (E463); and, when they are read, for pictures of different sizes (E464), or what read_image throws.
/// @throws ValueError  for a size that is not allowed (E292).
Source pictures(const std::string& folder, const PicturesOptions& options = {});

/// The files of such a source, one a row, in its order: of a prediction that is wrong.
std::vector<std::string> picture_files(const std::string& folder, const PicturesOptions& options = {});

}  // namespace chainrule::data
