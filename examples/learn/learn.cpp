#include "learn.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "chainrule/io.h"
#include "chainrule/ops.h"

namespace learn {

using namespace chainrule;

void Pictures::save_svg(const std::string& name, const std::string& svg) const {
  if (!folder_.empty()) io::replace_file(folder_ + "/" + name + ".svg", svg);
}

void Pictures::save(const std::string& name, std::span<const plot::Figure> side_by_side) const {
  save_svg(name, plot::svg(side_by_side));
}

void Pictures::save(const std::string& name, const plot::Figure& figure) const {
  save(name, std::span(&figure, 1));
}

std::string text(const char* format, ...) {
  char made[256];
  va_list values;
  va_start(values, format);
  std::vsnprintf(made, sizeof(made), format, values);
  va_end(values);
  return made;
}

Rows read(const std::string& file, Rows (*make)(), DType dtype) {
  const char* folder = std::getenv("CHAINRULE_DATA_DIR");
  const std::string path = std::string(folder != nullptr ? folder : "") + "/ai-edu/" + file;
  if (folder == nullptr || !std::filesystem::exists(path)) {
    std::printf("(made here: CHAINRULE_DATA_DIR has no ai-edu/%s)\n\n", file.c_str());
    const Rows made = make();
    return {cast(made.x, dtype), cast(made.t, dtype)};
  }
  const NamedTensors arrays = io::read_npz(path);
  return {cast(arrays["data"], dtype), cast(arrays["label"], dtype)};
}

}  // namespace learn
