// A checkpoint as a safetensors file: numbers and texts in its metadata, under a checksum of everything.
#include "train/checkpoint_file.h"

#include <charconv>
#include <filesystem>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::train {
namespace {

constexpr std::string_view kFormat = "chainrule checkpoint", kVersion = "1";

template <class T>
std::string text_of(T number) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};  // a double as it can be read back
}

/// The metadata of one file, with messages that name it.
class Reader {
 public:
  Reader(const std::string& path, const io::Metadata& metadata) : path_(path), metadata_(metadata) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(307, cat("[checkpoint] ", path_, ": ", what));
  }
  const std::string* find(std::string_view key) const {
    for (const auto& [name, text] : metadata_) {
      if (name == key) return &text;
    }
    return nullptr;
  }
  const std::string& text(std::string_view key) const {
    if (const std::string* found = find(key)) return *found;
    fail(cat("\"", key, "\" is missing from its metadata."));
  }
  template <class T>
  T number(std::string_view key) const {
    const std::string& written = text(key);
    T value{};
    const auto end = written.data() + written.size();
    if (std::from_chars(written.data(), end, value).ptr != end || written.empty()) {
      fail(cat("\"", key, "\" is \"", written, "\", which is no number."));
    }
    return value;
  }

 private:
  const std::string& path_;
  const io::Metadata& metadata_;
};

/// To a microsecond: with as many digits each time, so that files of like runs are of one size.
std::string text_of_seconds(double seconds) {
  char text[400];  // the largest double has 309 digits
  const auto end = std::to_chars(std::begin(text), std::end(text), seconds, std::chars_format::fixed, 6).ptr;
  return std::string(std::begin(text), end);
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  io::Metadata metadata{{"format", std::string(kFormat)},
                        {"version", std::string(kVersion)},
                        {"step", text_of(checkpoint.step)},
                        {"seed", text_of(checkpoint.seed)},
                        {"loss_sum", text_of(checkpoint.loss_sum)},
                        {"loss_count", text_of(checkpoint.loss_count)},
                        {"seconds", text_of_seconds(checkpoint.seconds)},
                        {"reports", text_of(checkpoint.reports)},
                        {"history", checkpoint.history_digest},
                        {"configuration", checkpoint.configuration}};
  metadata.emplace_back("checksum", io::checksum(checkpoint.tensors, metadata));
  io::write_safetensors(path, checkpoint.tensors, metadata);
}

Checkpoint read_checkpoint(const std::string& path) {
  io::TensorFile file = io::read_safetensors(path);
  const Reader reader(path, file.metadata);
  const std::string* format = reader.find("format");
  if (format == nullptr || *format != kFormat) {
    reader.fail("it is no checkpoint of a training run: its metadata has no \"format\" that says so.");
  }
  if (reader.text("version") != kVersion) {
    reader.fail(cat("it has version ", reader.text("version"), " of the format; this program reads version ",
                    kVersion, "."));
  }
  if (reader.text("checksum") != io::checksum(file.tensors, file.metadata)) {
    reader.fail("its checksum does not fit: it was changed after it was written.");
  }
  Checkpoint checkpoint{.step = reader.number<std::int64_t>("step"),
                        .seed = reader.number<std::uint64_t>("seed"),
                        .loss_sum = reader.number<double>("loss_sum"),
                        .loss_count = reader.number<std::int64_t>("loss_count"),
                        .seconds = reader.number<double>("seconds"),
                        .reports = reader.number<std::int64_t>("reports"),
                        .history_digest = reader.text("history"),
                        .configuration = reader.text("configuration"),
                        .tensors = std::move(file.tensors)};
  return checkpoint;
}

Newest read_newest(const std::string& folder) {
  Newest newest;
  std::string damaged;
  for (const std::string_view name : kCheckpointNames) {
    const std::string path = cat(folder, "/", name);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    try {
      Checkpoint found = read_checkpoint(path);
      if (newest.path.empty() || found.step > newest.checkpoint.step) {
        newest.checkpoint = std::move(found);
        newest.path = path;
      }
    } catch (const Error& error) {
      damaged += cat(damaged.empty() ? "" : "\n", error.what());
    }
  }
  newest.damaged = damaged;
  if (newest.path.empty() && !damaged.empty()) {
    throw FileError(307, cat("[resume] no checkpoint in ", folder, " is whole:\n", damaged,
                             "\nRemove them to start again from step 0."));
  }
  return newest;
}

}  // namespace chainrule::train
