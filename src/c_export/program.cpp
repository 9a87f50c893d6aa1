// Arrays of a C program.
#include "c_export/program.h"

#include <charconv>
#include <cmath>

#include "core/text.h"
#include "graph/node.h"

namespace chainrule::c_export {

std::int64_t View::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  return count;
}

bool View::is_contiguous() const {
  std::int64_t expected = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] != 1 && strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0; stride *= sizes[i]) strides[i] = stride;
  return strides;
}

std::vector<std::int64_t> sizes_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

std::string_view c_type(DType dtype) {
  return dtype == i64 ? "int32_t" : is_floating(dtype) ? "float" : "unsigned char";
}

std::string c_number(float value) {
  if (std::isnan(value)) return "NAN";
  if (std::isinf(value)) return value > 0 ? "INFINITY" : "-INFINITY";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  text += "f";
  return text;
}

std::vector<std::string> numbers_of(const Tensor& tensor) {
  std::vector<std::string> numbers;
  if (is_floating(tensor.dtype())) {
    for (const float value : tensor.to_vector<float>()) numbers.push_back(c_number(value));
  } else {
    for (const std::int64_t value : tensor.to_vector<std::int64_t>())
      numbers.push_back(std::to_string(value));
  }
  return numbers;
}

std::string array_text(const std::string& name, std::string_view type,
                       const std::vector<std::string>& numbers) {
  std::string text = cat("static const ", type, " ", name, "[", numbers.size(), "] = {\n");
  std::string line = "  ";
  for (const std::string& number : numbers) {
    if (line.size() + number.size() > 108) {
      text += line;
      text += "\n";
      line = "  ";
    }
    line += cat(line.size() > 2 ? " " : "", number, ",");
  }
  line.pop_back();
  text += line;
  text += "};\n";
  return text;
}

std::string Constants::name_of(const Tensor& constant) {
  const auto key = std::pair(constant.node()->value.data(), constant.numel());
  const auto [known, is_new] = known_.try_emplace(key);
  if (!is_new) return known->second;
  const auto named = names.find(constant.node());
  const std::string wanted = named != names.end() ? named->second : cat("$_constant", known_.size());
  std::string name = wanted;
  for (int i = 2; !taken_.insert(name).second; ++i) name = cat(wanted, "_", i);
  known->second = name;
  text_ += "\n";
  if (const auto found = whole.find(constant.node()); found != whole.end()) {
    std::vector<std::string> values, scales;
    for (const int value : found->second.values) values.push_back(std::to_string(value));
    for (const float scale : found->second.scales) scales.push_back(c_number(scale));
    text_ += array_text(name, "signed char", values);
    text_ += array_text(cat(name, "_scales"), "float", scales);
    bytes_ += static_cast<std::int64_t>(values.size() + 4 * scales.size());
  } else {
    text_ += array_text(name, c_type(constant.dtype()), numbers_of(constant));
    bytes_ += constant.numel() * bytes_of(constant.dtype());
  }
  return name;
}

std::string Constants::window(const std::string& initializer) {
  const auto [known, is_new] = windows_.try_emplace(initializer, cat("$_window", windows_.size() + 1));
  if (is_new) text_ += cat("\nstatic const $_window ", known->second, " = ", initializer, ";\n");
  return known->second;
}

}  // namespace chainrule::c_export
