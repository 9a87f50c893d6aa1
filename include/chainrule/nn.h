#pragma once

/// Nets: layers, what they are made of, and the nets of the books.

#include "chainrule/nn/ensemble.h"
#include "chainrule/nn/functional.h"
#include "chainrule/nn/initializer.h"
#include "chainrule/nn/layer.h"
#include "chainrule/nn/layers.h"
#include "chainrule/nn/model.h"
#include "chainrule/nn/nets.h"
#include "chainrule/nn/parameter.h"
#include "chainrule/nn/pass.h"
#include "chainrule/nn/ports.h"
#include "chainrule/nn/text_nets.h"
