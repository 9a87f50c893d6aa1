// .safetensors: a header, and the elements of all tensors, little-endian. github.com/huggingface/safetensors
#include <algorithm>
#include <cmath>
#include <list>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "core/utf8.h"
#include "graph/node.h"
#include "io/elements.h"
#include "io/names.h"
#include "io/safetensors_header.h"

namespace chainrule::io {
namespace {

void check_text(const std::string& what, std::string_view text) {
  if (!is_utf8(text)) {
    throw ValueError(211,
                     cat("[safetensors] ", what, " ", in_quotes(text), " is not UTF-8. Encode it as UTF-8."));
  }
}

void check_texts(const NamedTensors& tensors, const Metadata& metadata) {
  std::vector<std::string_view> keys;
  for (const auto& [key, text] : metadata) {
    check_text("the metadata key", key);
    check_text("the metadata " + in_quotes(key) + ",", text);
    keys.push_back(key);
  }
  if (const auto key = repeated(keys)) {
    throw ValueError(211, cat("[safetensors] the metadata key ", in_quotes(*key),
                              " is there twice. Give each a name of its own."));
  }
  for (const auto& [name, tensor] : tensors) {
    check_text("the name", name);
    if (name == "__metadata__") {
      throw ValueError(211,
                       "[safetensors] the name \"__metadata__\" is the format's own. Rename the tensor.");
    }
  }
}

std::string as_halves(const std::string& name, const Tensor& tensor) {
  const std::span<const float> elements = tensor.data<float>();
  std::string bytes(2 * elements.size(), '\0');
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::uint16_t half = Float16::nearest(elements[i]).bits;
    if ((half & 0x7FFF) == 0x7C00 && std::isfinite(elements[i])) {
      throw ValueError(206, cat("[safetensors] element ", i, " of ", in_quotes(name), " is ", elements[i],
                                "; f16 ends at 65504. Store f32."));
    }
    bytes[2 * i] = static_cast<char>(half & 0xFF);
    bytes[2 * i + 1] = static_cast<char>(half >> 8);
  }
  return bytes;
}

/// The file in pieces, most of which lie in the tensors.
struct Pieces {
  std::list<std::string> own;
  std::vector<std::string_view> all;
};

Pieces pieces_of(const NamedTensors& tensors, const Metadata& metadata, SafetensorsOptions options) {
  check_texts(tensors, metadata);
  evaluate_all(tensors);
  struct Part {
    const NamedTensor* item;
    const Stored* stored;
    bool halve;
  };
  std::vector<Part> parts;
  for (const NamedTensor& item : tensors) {
    const bool halve = options.f32_as_f16 && item.tensor.dtype() == f32;
    parts.push_back({&item, &stored_as(halve ? f16 : item.tensor.dtype()), halve});
  }
  // Large elements first, so that every tensor is aligned to its own.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.stored != b.stored ? a.stored > b.stored : a.item->name < b.item->name;
  });
  Pieces pieces;
  pieces.all.emplace_back();
  std::vector<Safetensors::Entry> entries;
  std::uint64_t at = 0;
  for (const auto& [item, stored, halve] : parts) {
    std::string_view bytes;
    if (halve) {
      bytes = pieces.own.emplace_back(as_halves(item->name, item->tensor));
    } else {
      bytes = bytes_of(item->tensor);
    }
    entries.push_back({item->name, std::string(stored->safetensors), stored->dtype, item->tensor.shape(), at,
                       at + bytes.size()});
    at += bytes.size();
    pieces.all.push_back(bytes);
  }
  pieces.all[0] = pieces.own.emplace_back(safetensors_header(entries, metadata));
  return pieces;
}

}  // namespace

Safetensors::Safetensors(const std::string& path) : Safetensors(Shared<Counted>(open_file(path))) {}

Safetensors::Safetensors(Shared<Counted> input) : input_(std::move(input)) {
  SafetensorsHeader header = read_safetensors_header(static_cast<Input&>(*input_));
  entries_ = std::move(header.entries);
  metadata_ = std::move(header.metadata);
}

Tensor Safetensors::tensor(const Entry& entry) const {
  const Stored& stored = *find_safetensors(entry.stored);
  return make_leaf(
      read_elements(static_cast<Input&>(*input_), entry.begin, stored, false, entry.shape.numel()),
      stored.dtype, entry.shape);
}

Tensor Safetensors::tensor(std::string_view name) const {
  NamedTensors names;  // for its error
  for (const Entry& entry : entries_) {
    if (entry.name == name) return tensor(entry);
    names.add(entry.name, {});
  }
  return names[name];
}

NamedTensors Safetensors::tensors() const {
  NamedTensors tensors;
  for (const Entry& entry : entries_) tensors.add(entry.name, tensor(entry));
  return tensors;
}

TensorFile read_safetensors(const std::string& path) {
  const Safetensors file(path);
  return {file.tensors(), file.metadata()};
}

TensorFile parse_safetensors(std::string_view bytes) {
  const Safetensors file(Shared<Counted>(in_memory(bytes)));
  return {file.tensors(), file.metadata()};
}

void write_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata,
                       SafetensorsOptions options) {
  const Pieces pieces = pieces_of(tensors, metadata, options);
  AtomicFile file(path);
  for (const std::string_view piece : pieces.all) file.write(piece);
  file.commit();
}

std::string safetensors_bytes(const NamedTensors& tensors, const Metadata& metadata,
                              SafetensorsOptions options) {
  std::string bytes;
  for (const std::string_view piece : pieces_of(tensors, metadata, options).all) bytes += piece;
  return bytes;
}

}  // namespace chainrule::io
