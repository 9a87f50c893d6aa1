#pragma once

#include <string>
#include <string_view>

namespace chainrule {

/// Of files of models that other programs read: what they are is said, and what to do.
/// @param begin  of the file: 64 bytes or more, or all.
/// @throws FileError  if they are of torch.save, or GGUF (E574).
void refuse_other_formats(std::string_view begin, std::string_view path);

}  // namespace chainrule
