#pragma once

/// Data: sources of rows, where they come from, and how a training run sees them. Link `chainrule::data`.

#include "chainrule/batches.h"
#include "chainrule/images.h"
#include "chainrule/loader.h"
#include "chainrule/scaler.h"
#include "chainrule/source.h"
#include "chainrule/table.h"
#include "chainrule/transform.h"
