#pragma once

#include "chainrule/config.h"
#include "chainrule/nn/layer.h"

namespace chainrule {

/// What is held in several places: {"affine2.weight" = "affine1.weight"}, the first place on the right.
config::Value ties_of(const nn::Layer& net);
/// Lets a net hold in several places what it held there when it was saved.
void tie(nn::Layer& net, const config::Value& ties);

}  // namespace chainrule
