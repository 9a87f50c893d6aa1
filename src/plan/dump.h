#pragma once

#include <string>
#include <vector>

#include "plan/program.h"

// A program in words.
namespace chainrule {

/// For each instruction what it computes, from what, into what. A line, or one for each set of arrays if it
/// does the same to several.
std::vector<std::string> instruction_lines(const Program& program);

/// For each result why it is kept: what holds it, and the line that made that.
/// @param trace  what the program was made from.
std::vector<std::string> kept_lines(const Program& program, const Trace& trace);

/// Multiply-adds and other floating operations of an instruction, each addition and each multiplication
/// counted; an elementwise step counts one an element.
double flops(const Program& program, std::size_t instruction);
/// Bytes that an instruction reads from memory and writes to it, each array once.
std::size_t bytes(const Program& program, std::size_t instruction);

}  // namespace chainrule
