#pragma once

#include <string>
#include <vector>

namespace chainrule::c_export {

/// A way to compile and run a C program; missing on some machines.
struct Compiler {
  std::string name, command, run;  // `run` stands before the program's path: an emulator
};

/// gcc and clang; also for 32 bits and, in an emulator, for ARM, where they are installed.
const std::vector<Compiler>& compilers();
/// Whether it compiles and runs a program of one line here.
bool works(const Compiler& compiler);
/// What a program printed; the compiler's messages, which should be none, in `messages`.
std::string compile_and_run(const Compiler& compiler, const std::string& source, const std::string& options,
                            std::string& messages);

}  // namespace chainrule::c_export
