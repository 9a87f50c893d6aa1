#include <array>
#include <charconv>

#include "chainrule/array.h"
#include "chainrule/data/table.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::data {
namespace {

std::string quoted(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

template <class T>
void append(std::string& text, T number) {
  if constexpr (std::is_same_v<T, bool>) {
    text += number ? '1' : '0';
  } else {
    std::array<char, 32> digits;
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  }
}

}  // namespace

std::string csv_text(const Batch& columns) {
  std::string text;
  std::vector<Tensor> tensors;
  for (int i = 0; i < columns.size(); ++i) {
    const std::string& name = columns.columns()[static_cast<std::size_t>(i)].name;
    const Tensor& tensor = columns[i];
    if (tensor.ndim() > 2) {
      throw ValueError(
          289, cat("[csv] '", name, "' has the shape ", tensor.shape(), "; need (rows) or (rows, k)."));
    }
    const std::int64_t width = tensor.ndim() == 2 ? tensor.size(1) : 1;
    for (std::int64_t k = 0; k < width; ++k) {
      text += cat(text.empty() ? "" : ",", quoted(width == 1 ? name : cat(name, k + 1)));
    }
    tensors.push_back(detach(cast(tensor, computed_as(tensor.dtype()))));
  }
  text += '\n';
  for (std::int64_t row = 0; row < columns.rows(); ++row) {
    bool first = true;
    for (const Tensor& tensor : tensors) {
      const std::int64_t width = tensor.ndim() == 2 ? tensor.size(1) : 1;
      with_type(tensor.dtype(), [&]<class T>(std::type_identity<T>) {
        const T* numbers = tensor.node()->array().as<T>() + row * width;
        for (std::int64_t k = 0; k < width; ++k) {
          if (!std::exchange(first, false)) text += ',';
          append(text, numbers[k]);
        }
      });
    }
    text += '\n';
  }
  return text;
}

void write_csv(const std::string& path, const Batch& columns) { io::replace_file(path, csv_text(columns)); }

}  // namespace chainrule::data
