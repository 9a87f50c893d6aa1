#include "formats.h"

#include <sys/mman.h>
#include <unistd.h>

#include <system_error>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "core/text.h"
#if CHAINRULE_HAS_ONNX
#include "chainrule/onnx.h"
#endif

namespace chainrule::fuzz {
namespace {

/// A file in memory, for what reads files only.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("fuzz", 0)) {
    if (fd_ < 0 || write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::system_error(errno, std::generic_category(), "memfd");
    }
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return cat("/proc/self/fd/", fd_); }

 private:
  int fd_;
};

void use(const NamedTensors& tensors) { io::checksum(tensors); }

void npy(std::string_view bytes) { io::Fnv1a().add(io::parse_npy(bytes)); }
void npz(std::string_view bytes) { use(io::parse_npz(bytes)); }
void safetensors(std::string_view bytes) { use(io::parse_safetensors(bytes).tensors); }

/// As a table, and as its first batch.
void csv(std::string_view bytes) {
  const MemoryFile file(bytes);
  const data::Table table = data::read_csv(file.path(), {.missing = data::Missing::mean});
  static_cast<void>(table.to_string());
  const data::Source source = table;
  source.take({0});
}

/// Two bytes say how many bytes the file of images has; what follows it is the file of labels.
void idx(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto first = static_cast<std::uint8_t>(bytes[0]), second = static_cast<std::uint8_t>(bytes[1]);
  bytes.remove_prefix(2);
  const std::size_t length = std::min<std::size_t>(bytes.size(), 256 * first + second);
  const MemoryFile images(bytes.substr(0, length)), labels(bytes.substr(length));
  data::read_idx(images.path(), labels.path());
}

/// What is read can be written, and read again to the same.
template <class Parse, class Write>
void settings(std::string_view bytes, Parse parse, Write write) {
  const std::string text = write(parse(bytes, "fuzz"));
  std::string again;
  try {
    again = write(parse(text, "fuzz"));
  } catch (const Error& error) {
    again = error.what();
  }
  if (again != text) throw std::logic_error(cat("wrote ", text, "\nand read of it ", again));
}
void toml(std::string_view bytes) { settings(bytes, config::parse_toml, config::to_toml); }
void json(std::string_view bytes) {
  settings(bytes, config::parse_json, [](const config::Value& value) { return config::to_json(value); });
}
void text(std::string_view bytes) { settings(bytes, config::parse_text, config::to_text); }

#if CHAINRULE_HAS_ONNX
/// As a net, and what it gives.
void onnx(std::string_view bytes) {
  constexpr std::int64_t kMost = 4096;  // numbers of an input or an output that is computed
  const nn::OnnxNet net = load_onnx_bytes(bytes);
  const std::vector<Tensor> inputs = net.example_inputs();
  for (const Tensor& x : inputs) {
    if (x.numel() > kMost) return;
  }
  const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
  for (const Tensor& y : outputs.all()) {
    if (y.numel() <= kMost) evaluate({y});
  }
}
#endif

constexpr Format kFormats[] = {
    {"npy", npy},   {"npz", npz},   {"safetensors", safetensors}, {"csv", csv}, {"idx", idx}, {"toml", toml},
    {"json", json}, {"text", text},
#if CHAINRULE_HAS_ONNX
    {"onnx", onnx},
#endif
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

}  // namespace chainrule::fuzz
