#pragma once

/// The whole public interface. A program that wants to compile faster includes only the parts that it uses.

#include "chainrule/dtype.h"
#include "chainrule/error.h"
#include "chainrule/location.h"
#include "chainrule/shape.h"
