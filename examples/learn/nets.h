#pragma once

#include <cstdint>
#include <string>

#include "chainrule/data/images.h"
#include "chainrule/plot/figure.h"
#include "chainrule/tensor.h"
#include "chainrule/train/history.h"

/// What lessons with nets share: images to learn from, and what a training was like.
namespace learn {

/// A set of images: "mnist", "fashion-mnist". Where $CHAINRULE_DATA_DIR has none: digits that the program
/// draws, and a line that says so.
chainrule::data::Dataset images(const std::string& name);

/// A metric of each report, over the epochs.
chainrule::plot::Series curve(const chainrule::train::History& history, const std::string& metric,
                              const std::string& name);

/// Numbers (height, width) or an image (channels, height, width) as a small picture, from dark (`low`) to
/// light; a weight, around 0, in two colours.
chainrule::plot::Tile image(const chainrule::Tensor& numbers, const std::string& caption = "", double low = 0,
                            double high = 1);
chainrule::plot::Tile weight(const chainrule::Tensor& numbers, const std::string& caption = "");

}  // namespace learn
