#pragma once

/// Data: sources of rows, where they come from, and how a training run sees them. Link `chainrule::data`.

#include "chainrule/data/augment.h"
#include "chainrule/data/batches.h"
#include "chainrule/data/images.h"
#include "chainrule/data/loader.h"
#include "chainrule/data/npz.h"
#include "chainrule/data/pictures.h"
#include "chainrule/data/scaler.h"
#include "chainrule/data/source.h"
#include "chainrule/data/table.h"
#include "chainrule/data/text.h"
#include "chainrule/data/transform.h"
