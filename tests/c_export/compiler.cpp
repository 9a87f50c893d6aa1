#include "c_export/compiler.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "chainrule/io.h"
#include "temporary_folder.h"

namespace chainrule::c_export {
namespace {

/// Output of a command, and in `status` its exit code.
std::string output_of(const std::string& command, int& status) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");  // NOLINT: a test runs compilers
  if (pipe == nullptr) {
    status = -1;
    return output;
  }
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, count);
  status = pclose(pipe);
  return output;
}

}  // namespace

const std::vector<Compiler>& compilers() {
  static const std::vector<Compiler> kCompilers{
      {"gcc", "gcc", ""},
      {"clang", "clang-14", ""},
      {"gcc_32_bits", "gcc -m32 -msse2 -mfpmath=sse", ""},
      {"gcc_32_bits_x87", "gcc -m32", ""},
      {"arm", "arm-linux-gnueabihf-gcc-12 -static", "qemu-arm "},
  };
  return kCompilers;
}

bool works(const Compiler& compiler) {
  static std::map<std::string, bool> known;
  const auto [found, is_new] = known.try_emplace(compiler.name, false);
  if (is_new) {
    std::string messages;
    found->second =
        compile_and_run(
            compiler, "#include <math.h>\n#include <stdio.h>\nint main(void) { puts(\"yes\"); return 0; }\n",
            "", messages) == "yes\n";
  }
  return found->second;
}

std::string compile_and_run(const Compiler& compiler, const std::string& source, const std::string& options,
                            std::string& messages) {
  const TemporaryFolder folder;
  const std::string path = (folder / "program").string();
  io::replace_file(path + ".c", source);
  int status = 0;
  messages = output_of(compiler.command + " -std=c99 -Wall -Wextra -pedantic " + options + " " + path +
                           ".c -o " + path + " -lm 2>&1",
                       status);
  if (status != 0) return "";
  return output_of(compiler.run + path, status);
}

}  // namespace chainrule::c_export
