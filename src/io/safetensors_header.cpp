// The header of a .safetensors file: its length in 8 bytes, then JSON:
// {"__metadata__": {"key": "text"}, "W": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
#include "io/safetensors_header.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "core/other_formats.h"
#include "core/text.h"
#include "io/elements.h"
#include "io/names.h"

namespace chainrule::io {
namespace {

using Json = nlohmann::json;
using Entry = Safetensors::Entry;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::uint64_t kMostHeader = 100'000'000;  // as the format's own library
constexpr std::uint64_t kLengthBytes = 8;

/// Another kind of file is said to be what it is.
void refuse_other_formats(Input& input) {
  char begin[256];
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), sizeof(begin)));
  input.read(0, begin, count);
  chainrule::refuse_other_formats({begin, count}, input.name());
}

FileError malformed(const Input& input, const std::string& reason) {
  return FileError(202, cat("[safetensors] ", input.name(), ": ", reason, ". Fetch or write it again."));
}
FileError misfit(const Input& input, const std::string& reason) {
  return FileError(204, cat("[safetensors] ", input.name(), ": ", reason, ". Fetch or write it again."));
}

FileError twice(const Input& input, std::string_view name) {
  return FileError(207, cat("[safetensors] ", input.name(), ": the name ", in_quotes(name),
                            " is there twice. Give each tensor a name of its own."));
}

/// Takes the JSON as it is parsed: no tree is built, and nothing is kept but what the format has. (A tree
/// would have lost the names that are there twice.)
class HeaderReader : public Json::json_sax_t {
 public:
  HeaderReader(const Input& input, SafetensorsHeader& header) : input_(input), header_(header) {}

  bool start_object(std::size_t) override {
    if (depth_ >= 2 || in_array_ || (depth_ == 1 && !named_)) throw odd();
    if (++depth_ == 2) {
      in_metadata_ = key_ == kMetadata;
      if (in_metadata_ && had_metadata_) throw twice(input_, key_);
      had_metadata_ = had_metadata_ || in_metadata_;
      if (!in_metadata_) header_.entries.push_back({.name = key_, .stored = {}, .shape = {}});
      seen_ = {};
    }
    named_ = false;
    return true;
  }
  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_ && !(seen_.dtype && seen_.shape && seen_.offsets)) {
      throw malformed(input_, cat("tensor ", in_quotes(entry().name), " lacks dtype, shape or data_offsets"));
    }
    return true;
  }
  bool key(std::string& key) override {
    key_ = std::move(key);
    named_ = true;
    if (depth_ == 2 && !in_metadata_) {
      bool* const seen = key_ == "dtype"          ? &seen_.dtype
                         : key_ == "shape"        ? &seen_.shape
                         : key_ == "data_offsets" ? &seen_.offsets
                                                  : nullptr;
      if (seen == nullptr) throw odd();
      if (std::exchange(*seen, true)) throw twice(input_, key_);
    }
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ != 2 || in_array_ || (!in_metadata_ && key_ != "dtype")) throw odd();
    if (in_metadata_) {
      header_.metadata.emplace_back(key_, std::move(text));
    } else {
      entry().stored = std::move(text);
    }
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || key_ == "dtype") throw odd();
    in_array_ = true;
    numbers_.clear();
    return true;
  }
  bool number_unsigned(Json::number_unsigned_t number) override {
    constexpr std::size_t kMost = 64;
    if (!in_array_ || numbers_.size() == kMost) throw odd();
    numbers_.push_back(number);
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    if (key_ == "shape") {
      entry().shape = shape();
    } else if (numbers_.size() == 2) {
      entry().begin = numbers_[0], entry().end = numbers_[1];
    } else {
      throw odd();
    }
    return true;
  }
  bool null() override { throw odd(); }
  bool boolean(bool) override { throw odd(); }
  bool number_integer(Json::number_integer_t) override { throw odd(); }
  bool number_float(Json::number_float_t, const std::string&) override { throw odd(); }
  bool binary(Json::binary_t&) override { throw odd(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    throw malformed(input_, cat("its header is no JSON at byte ", position + kLengthBytes));
  }

 private:
  Entry& entry() { return header_.entries.back(); }

  FileError odd() const {
    return malformed(input_, cat("its header has something unexpected at ",
                                 depth_ == 0 ? "its beginning" : in_quotes(key_),
                                 depth_ == 2 && !in_metadata_ && !header_.entries.empty()
                                     ? " of tensor " + in_quotes(header_.entries.back().name)
                                     : ""));
  }
  Shape shape() {
    const bool fits =
        std::all_of(numbers_.begin(), numbers_.end(), [](auto n) { return std::in_range<std::int64_t>(n); });
    try {
      if (fits) return Shape(std::vector<std::int64_t>(numbers_.begin(), numbers_.end()));
    } catch (const ShapeError&) {
    }
    throw FileError(
        205, cat("[safetensors] ", input_.name(), ": tensor ", in_quotes(entry().name),
                 " has a shape beyond the limits: at most ", Shape::kMaxNdim, " axes and 2^59 elements."));
  }

  const Input& input_;
  SafetensorsHeader& header_;
  int depth_ = 0;
  bool named_ = false, in_array_ = false, in_metadata_ = false, had_metadata_ = false;
  struct {
    bool dtype = false, shape = false, offsets = false;
  } seen_;
  std::string key_;
  std::vector<std::uint64_t> numbers_;
};

void check_names(const Input& input, const SafetensorsHeader& header) {
  std::vector<std::string_view> names, keys;
  for (const Entry& entry : header.entries) names.push_back(entry.name);
  for (const auto& [key, text] : header.metadata) keys.push_back(key);
  for (const auto& list : {names, keys}) {
    if (const auto name = repeated(list)) throw twice(input, *name);
  }
}

/// Whether each tensor has the bytes that its dtype and shape ask for.
void check_sizes(const Input& input, std::vector<Entry>& entries) {
  for (Entry& entry : entries) {
    const Stored* const stored = find_safetensors(entry.stored);
    if (stored == nullptr) {
      throw FileError(203,
                      cat("[safetensors] ", input.name(), ": tensor ", in_quotes(entry.name), " has dtype ",
                          in_quotes(entry.stored),
                          ". Can be read: BOOL, U8 to U64, I8 to I64, F16, BF16, F32, F64. Convert it."));
    }
    entry.dtype = stored->dtype;
    const std::uint64_t needed = bytes_of(*stored, entry.shape.numel());
    if (entry.end < entry.begin || entry.end - entry.begin != needed) {
      throw misfit(input, cat("tensor ", in_quotes(entry.name), " lies from byte ", entry.begin, " to ",
                              entry.end, " of the data, but ", entry.shape.to_string(), " of ", entry.stored,
                              " has ", needed, " bytes"));
    }
  }
}

/// Whether the tensors lie one behind the other, from the first byte of the data to the last.
void check_cover(const Input& input, const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::uint64_t reached = 0;
  for (const Entry* entry : order) {
    if (entry->begin != reached) {
      throw misfit(input, cat("tensor ", in_quotes(entry->name), " begins at byte ", entry->begin,
                              " of the data, the one before it ends at ", reached));
    }
    reached = entry->end;
  }
  if (reached != data_bytes) {
    throw misfit(input, cat("its tensors have ", reached, " bytes, the file has ", data_bytes, " for them"));
  }
}

/// Adds a member to the text of a JSON object that is not closed yet.
void append(std::string& object, std::string_view name, const std::string& value) {
  if (object.size() > 1) object += ',';
  (object += Json(name).dump()) += ':';
  object += value;
}

}  // namespace

SafetensorsHeader read_safetensors_header(Input& input) {
  std::uint64_t length = 0;
  if (input.size() < kLengthBytes) {
    refuse_other_formats(input);
    throw malformed(input, "is no .safetensors file: too short");
  }
  input.read(0, &length, kLengthBytes);
  if (length > kMostHeader || length > input.size() - kLengthBytes) {
    refuse_other_formats(input);
    // Where another kind of file is taken for one, its first letters make a number as large as this.
    throw malformed(
        input, length > kMostHeader
                   ? cat("is no .safetensors file: it does not begin with a length of at most ", kMostHeader)
                   : cat("its header should have ", length, " bytes, the file has ", input.size()));
  }
  std::string text(length, '\0');
  input.read(kLengthBytes, text.data(), length);
  // What JSON allows around a value, the format does not: only spaces at the end.
  if (text.empty() || text[0] != '{' || text[text.find_last_not_of(' ')] != '}') {
    throw malformed(input, "its header is not one JSON object");
  }
  SafetensorsHeader header;
  HeaderReader reader(input, header);
  Json::sax_parse(text, &reader);
  check_names(input, header);
  check_sizes(input, header.entries);
  const std::uint64_t data = kLengthBytes + length;
  check_cover(input, header.entries, input.size() - data);
  for (Entry& entry : header.entries) entry.begin += data, entry.end += data;
  return header;
}

std::string safetensors_header(const std::vector<Entry>& entries, const Metadata& metadata) {
  std::string all = "{";
  if (!metadata.empty()) {
    std::string inner = "{";
    for (const auto& [key, text] : metadata) append(inner, key, Json(text).dump());
    append(all, kMetadata, inner += '}');
  }
  for (const Entry& entry : entries) {
    append(all, entry.name,
           nlohmann::ordered_json({{"dtype", entry.stored},
                                   {"shape", entry.shape.sizes()},
                                   {"data_offsets", {entry.begin, entry.end}}})
               .dump());
  }
  all += '}';
  all.append((kLengthBytes - all.size() % kLengthBytes) % kLengthBytes, ' ');
  const std::uint64_t length = all.size();
  std::string header(kLengthBytes, '\0');
  std::memcpy(header.data(), &length, kLengthBytes);
  return header += all;
}

}  // namespace chainrule::io
