// Precompiled for all tests (tests/CMakeLists.txt). A test includes what it uses all the same.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"
