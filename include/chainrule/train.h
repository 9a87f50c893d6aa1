#pragma once

/// Training: what is to be learnt, the loop, what happens beside it, and runs that survive being killed. Link
/// `chainrule::train` (which brings `chainrule::data`).

#include "chainrule/data.h"
#include "chainrule/nn.h"
#include "chainrule/optim.h"
#include "chainrule/train/find_lr.h"
#include "chainrule/train/fit.h"
#include "chainrule/train/handlers.h"
#include "chainrule/train/history.h"
#include "chainrule/train/loss.h"
#include "chainrule/train/metric.h"
#include "chainrule/train/sweep.h"
#include "chainrule/train/task.h"
#include "chainrule/train/trainer.h"
