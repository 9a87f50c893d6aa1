#pragma once

#include "chainrule/array.h"
