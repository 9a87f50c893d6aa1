#pragma once

/// The whole public interface but for chainrule/op.h, which is for those who write operations of their own;
/// chainrule/io.h and chainrule/config.h, files of tensors and settings as text; chainrule/explain.h and
/// what lies in chainrule/explain/, expressions and nets looked into; and chainrule/plot.h, pictures. A
/// program that wants to compile faster includes only the parts that it uses.
///
/// Link chainrule::chainrule (CMake) or what `pkg-config --libs chainrule` says. chainrule::core alone has
/// all but data, training, plots and the .npz functions of chainrule/io.h.

#include "chainrule/conv.h"
#include "chainrule/data.h"
#include "chainrule/dtype.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/grad_check.h"
#include "chainrule/linalg.h"
#include "chainrule/location.h"
#include "chainrule/loss.h"
#include "chainrule/nn.h"
#include "chainrule/normalize.h"
#include "chainrule/numeric.h"
#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "chainrule/plan.h"
#include "chainrule/random.h"
#include "chainrule/random_tensor.h"
#include "chainrule/shape.h"
#include "chainrule/tensor.h"
#include "chainrule/threads.h"
#include "chainrule/train.h"
