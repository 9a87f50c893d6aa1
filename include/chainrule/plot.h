#pragma once

/// Pictures: figures as SVG, PNG and text, and what can be shown of nets and their training. Link
/// `chainrule::train`.

#include "chainrule/plot/figure.h"
#include "chainrule/plot/plot.h"
