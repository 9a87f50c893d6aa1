#include "core/other_formats.h"

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule {

void refuse_other_formats(std::string_view begin, std::string_view path) {
  std::string_view what;
  if (begin.starts_with("PK\x03\x04") && begin.substr(0, 256).find(".pkl") != std::string_view::npos)
    what = "a file of torch.save (a zip archive with pickled objects)";
  if (begin.size() > 1 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5)
    what = "a file of torch.save (pickled objects)";
  if (begin.starts_with("GGUF")) what = "a GGUF file";
  if (what.empty()) return;
  throw FileError(
      574, cat("[load] ", path, " is ", what,
               ". Reading that could run code, or needs another program. Write the tensors alone, in Python: "
               "safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")."));
}

}  // namespace chainrule
