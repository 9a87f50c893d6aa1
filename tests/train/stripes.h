#pragma once

#include <string>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/random.h"
#include "chainrule/train.h"
#include "message_of.h"

namespace chainrule::train {

/// Images of 6 x 5 with a bright row for each of four classes, and noise.
inline data::ImageSet stripes(std::int64_t count, std::uint64_t seed, int noise = 100) {
  data::ImageSet set;
  set.count = count;
  set.height = 6;
  set.width = 5;
  set.class_names = {"first", "second", "third", "fourth"};
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 4));
    for (std::int64_t p = 0; p < 30; ++p) {
      set.pixels.push_back(static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(noise)) +
                                                     (p / 5 == i % 4 ? 100 : 0)));
    }
  }
  return set;
}

inline nn::Sequential small_net() { return nn::Sequential{nn::Affine{12}, nn::Relu{}, nn::Affine{4}}; }

/// Of all parameters and states of layers.
inline std::uint64_t checksum_of(const nn::Layer& net) {
  NamedTensors all;
  for (const auto& [name, parameter] : net.parameters()) all.add(name, parameter.value());
  for (const auto& [name, state] : net.states()) all.add(name, state.value());
  return io::checksum(all);
}

}  // namespace chainrule::train
