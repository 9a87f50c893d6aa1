#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/data.h"

namespace chainrule::cli {

/// Data that have images, whatever they come from.
struct ImageData {
  std::string name;
  data::Source train, test;          ///< test may be empty
  int column = 0;                    ///< the one that holds images
  int target = -1;                   ///< the one that holds class numbers; -1: none
  std::vector<std::string> classes;  ///< their names, if they are known
};
/// A set, a folder of pictures, which are brought to the size of the first, arrays whose rows have the shape
/// of images, or a table with as many numbers a row as a square has pixels.
/// @param target  of a table: the column of the class; "": none.
/// @param seed  of the digits.
/// @throws ValueError  for data without images (E632). @throws FileError  as data::load and its like.
ImageData image_data(const std::string& name, const std::string& dir, const std::string& target,
                     std::uint64_t seed);

/// Some rows as bytes with their classes: numbers from 0 to 1, or to 255, as they are, others from the
/// smallest to the largest.
data::ImageSet images_of(const ImageData& data, const data::Source& part,
                         const std::vector<std::int64_t>& rows);
/// The first rows of each of the first classes, class by class; rows in their order where there are no
/// classes, as if each `columns` of them were one. `rows` and `columns` become what there is.
data::ImageSet images_by_class(const ImageData& data, const data::Source& part, std::int64_t& rows,
                               std::int64_t& columns);

}  // namespace chainrule::cli
