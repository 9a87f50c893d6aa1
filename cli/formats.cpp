#include "formats.h"

#include <fmt/format.h>

#include <filesystem>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "output.h"

namespace chainrule::cli {
namespace {

std::string ending_of(const std::string& format) { return format == "text" ? ".txt" : "." + format; }

}  // namespace

std::string format_of(const std::string& format, const std::string& out,
                      const std::vector<std::string>& known) {
  const std::string ending = std::filesystem::path(out).extension().string();
  if (!format.empty()) return format;
  if (ending.empty()) return known.front();
  std::string all;
  for (const std::string& each : known) {
    if (ending == ending_of(each)) return each;
    all += fmt::format("{}{}", all.empty() ? "" : &each == &known.back() ? " or " : ", ", ending_of(each));
  }
  throw ValueError(
      380, fmt::format("[write] {}: the ending {} says nothing of how to write it. Take {}{}.", out, ending,
                       all, known.size() > 1 ? ", or name the kind with --format" : ""));
}

void write_result(const std::string& out, std::string_view text) {
  out.empty() ? write_text(stdout, text) : io::replace_file(out, text);
}

}  // namespace chainrule::cli
