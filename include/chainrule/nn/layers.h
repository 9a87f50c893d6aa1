#pragma once

/// The layers, family by family. Sizes of inputs are taken from the first input; src/nn/layer_list.def has
/// the list, docs/layers.md every setting.

#include "chainrule/nn/activation.h"
#include "chainrule/nn/affine.h"
#include "chainrule/nn/arithmetic.h"
#include "chainrule/nn/attention.h"
#include "chainrule/nn/container.h"
#include "chainrule/nn/conv.h"
#include "chainrule/nn/dropout.h"
#include "chainrule/nn/embedding.h"
#include "chainrule/nn/linear.h"
#include "chainrule/nn/loss.h"
#include "chainrule/nn/norm.h"
#include "chainrule/nn/pool.h"
#include "chainrule/nn/rearrange.h"
#include "chainrule/nn/recurrent.h"
#include "chainrule/nn/transformer.h"
