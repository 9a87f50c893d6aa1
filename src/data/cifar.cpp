// The binary format of CIFAR-10 and CIFAR-100: one record an image, of one or two labels and 3 x 32 x 32
// bytes, all red, all green, all blue. Nothing before, between or after the records.
#include <algorithm>
#include <array>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "data/byte_source.h"
#include "data/outline.h"

namespace chainrule::data {
namespace {

constexpr std::int64_t kSide = 32, kChannels = 3;
constexpr std::size_t kImageBytes = kChannels * kSide * kSide;

/// Appends the images of one file.
class CifarReader {
 public:
  CifarReader(const std::string& path, const CifarOptions& options) : source_(path), options_(options) {}

  void read(std::vector<std::uint8_t>& pixels, std::vector<std::uint8_t>& labels) {
    const std::size_t record = record_bytes();
    if (!source_.packed() && source_.most_bytes() % record != 0) refuse(source_.most_bytes(), record);
    std::array<std::uint8_t, 256> names{};
    const std::span<std::uint8_t> label_bytes(names.data(), record - kImageBytes);
    std::int64_t row = 0;
    for (;; ++row) {
      const std::size_t got = source_.read(label_bytes.data(), label_bytes.size());
      if (got == 0) break;
      const std::size_t begin = pixels.size();
      pixels.resize(begin + kImageBytes);
      if (got < label_bytes.size() || source_.read(pixels.data() + begin, kImageBytes) < kImageBytes) {
        refuse(source_.offset(), record);
      }
      const std::uint8_t label = label_bytes[static_cast<std::size_t>(options_.label)];
      if (label >= options_.classes) refuse_label(row, label, record);
      labels.push_back(label);
    }
    if (row == 0) refuse(0, record);
  }

  /// How many there are; of a file that is not packed its size tells.
  std::int64_t count() {
    std::uint64_t bytes = source_.most_bytes();
    if (source_.packed()) {
      std::vector<std::uint8_t> piece(std::size_t{1} << 16);
      while (source_.read(piece.data(), piece.size()) > 0) {
      }
      bytes = source_.offset();
    }
    if (bytes == 0 || bytes % record_bytes() != 0) refuse(bytes, record_bytes());
    return static_cast<std::int64_t>(bytes / record_bytes());
  }

 private:
  std::size_t record_bytes() const { return static_cast<std::size_t>(options_.labels) + kImageBytes; }

  [[noreturn]] void refuse(std::uint64_t bytes, std::size_t record) const {
    throw FileError(
        462, cat("[data] ", source_.path().string(), ": ", bytes, " bytes are no whole number of images of ",
                 record, ", ", options_.labels, options_.labels == 1 ? " label" : " labels", " and ",
                 kImageBytes, " pixels each. Fetch the file again, or is it of another set?"));
  }
  [[noreturn]] void refuse_label(std::int64_t row, int label, std::size_t record) const {
    throw FileError(68, cat("[data] ", source_.path().string(), ": at byte ",
                            row * static_cast<std::int64_t>(record) + options_.label, " the label of image ",
                            row, " is ", label, ", but there are ", options_.classes, " classes, 0 to ",
                            options_.classes - 1, ". Is it a file of another set?"));
  }

  ByteSource source_;
  const CifarOptions& options_;
};

}  // namespace

ImageSet read_cifar(const std::vector<std::string>& files, const CifarOptions& options) {
  if (options.labels < 1 || options.labels > 256 || options.label < 0 || options.label >= options.labels ||
      options.classes < 1 || options.classes > 256 || files.empty()) {
    throw ValueError(462, cat("[read_cifar] ", files.size(), " files, label ", options.label, " of ",
                              options.labels, ", ", options.classes,
                              " classes; need at least one file, 1 to 256 labels and classes, and a label "
                              "counted from 0."));
  }
  std::vector<std::uint8_t> pixels, labels;
  for (const std::string& file : files) CifarReader(file, options).read(pixels, labels);
  ImageSet set;
  set.count = static_cast<std::int64_t>(labels.size());
  set.channels = kChannels, set.height = set.width = kSide;
  set.pixels = std::move(pixels), set.labels = std::move(labels);
  set.check();
  return set;
}

std::int64_t count_cifar(const std::string& file, const CifarOptions& options) {
  return CifarReader(file, options).count();
}

}  // namespace chainrule::data
