#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "chainrule/data/images.h"
#include "chainrule/data/on_disk.h"
#include "core/reused.h"
#include "core/text.h"
#include "data/byte_source.h"
#include "data/on_disk_rows.h"
#include "data/outline.h"
#include "kernels/simd/elementwise.h"

// IDX, as MNIST comes: two zero bytes, an element type (8: unsigned byte), the number of axes; the sizes,
// each a big-endian 32-bit integer; then the elements, row by row.

namespace chainrule::data {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kFirstBytes = std::size_t{1} << 26;  // taken at once; beyond it only as the bytes come

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string kind_of(int ndim) {
  return ndim == 3 ? "images" : ndim == 1 ? "labels" : cat("an array of ", ndim, " axes");
}

std::string type_name(std::uint8_t type) {
  switch (type) {
    case 0x08:
      return "unsigned bytes";
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return "an unknown type";
  }
}

struct Contents {
  std::vector<std::int64_t> sizes;
  std::vector<std::uint8_t> bytes;
};

/// Reads one IDX file of unsigned bytes with a given number of axes, and complains precisely.
class IdxReader {
 public:
  IdxReader(const std::filesystem::path& path, int ndim) : source_(path), ndim_(ndim) {}

  Contents read() {
    read_magic();
    Contents contents;
    const std::uint64_t bytes = read_sizes(contents.sizes);
    read_elements(bytes, contents.bytes);
    return contents;
  }

  /// The sizes, of a file whose elements are read later, from `offset` on.
  std::vector<std::int64_t> read_header(std::uint64_t& offset) {
    if (source_.packed())
      throw not_by_rows(source_.path().string(), "is packed by gzip", "Unpack it with gunzip");
    std::vector<std::int64_t> sizes = read_header();
    offset = source_.offset();
    return sizes;
  }

  /// The sizes, of a file whose elements are not read.
  std::vector<std::int64_t> read_header() {
    read_magic();
    std::vector<std::int64_t> sizes;
    const std::uint64_t end = read_sizes(sizes) + source_.offset();
    if (!source_.packed() && source_.most_bytes() > end) throw goes_on(end);
    return sizes;
  }

 private:
  template <class... Parts>
  FileError error(int code, const Parts&... parts) const {
    return {code, cat("[data] ", source_.path().string(), ": ", parts...)};
  }

  FileError goes_on(std::uint64_t end) const {
    return error(65, "goes on after byte ", end,
                 ", where its header says that it ends. Fetch the file again.");
  }

  void read_magic() {
    std::array<std::uint8_t, 4> magic{};
    const std::size_t got = source_.read(magic.data(), magic.size());
    if (got == 0) throw error(61, "the file is empty; expected IDX ", kind_of(ndim_), ".");
    const auto seen = std::span(magic).first(got);
    const std::array<std::uint8_t, 4> expected{0, 0, kUnsignedByte, static_cast<std::uint8_t>(ndim_)};
    if (got < 4) throw error(61, "ends at byte ", got, ", within the magic number; expected an IDX file.");
    if (magic == expected) return;
    const std::string found = cat("at byte 0 magic number ", hex(seen), ", expected ", hex(expected),
                                  " (IDX ", kind_of(ndim_), " of unsigned bytes)");
    if (magic[0] != 0 || magic[1] != 0) throw error(62, found, ". This is not an IDX file.");
    if (magic[2] != kUnsignedByte) {
      throw error(62, found, ". Its elements are ", type_name(magic[2]), "; convert them to bytes.");
    }
    const bool swapped = (ndim_ == 3 && magic[3] == 1) || (ndim_ == 1 && magic[3] == 3);
    throw error(62, found, ". It holds ", kind_of(magic[3]), ", not ", kind_of(ndim_), ".",
                swapped ? " Are the image and the label file swapped?" : "");
  }

  /// The product of the sizes, checked against what the file can hold before any memory is taken for it.
  std::uint64_t read_sizes(std::vector<std::int64_t>& sizes) {
    std::uint64_t product = 1;
    std::string product_text;
    for (int axis = 0; axis < ndim_; ++axis) {
      std::array<std::uint8_t, 4> bytes{};
      if (source_.read(bytes.data(), 4) < 4) {
        throw error(61, "ends at byte ", source_.offset(), ", within the header of ", 4 + 4 * ndim_,
                    " bytes.");
      }
      const std::uint64_t size = std::uint64_t{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
      if (size == 0 || size > 0x7FFFFFFF) {
        throw error(63, "at byte ", source_.offset() - 4, " the size of axis ", axis, " is ", size,
                    "; expected 1 to 2147483647.");
      }
      if (axis > 0 && size > 65536) {
        throw error(63, "at byte ", source_.offset() - 4, " the ", axis == 1 ? "height" : "width",
                    " of the images is ", size, "; at most 65536 is supported.");
      }
      product *= size;  // below 2^31 * 2^16 * 2^16
      product_text += cat(axis > 0 ? " x " : "", size);
      sizes.push_back(static_cast<std::int64_t>(size));
    }
    const std::uint64_t header = source_.offset();
    const std::uint64_t most = source_.most_bytes() - std::min(header, source_.most_bytes());
    if (product > most) {
      throw error(
          64, "its header asks for ", product_text, " = ", product, " bytes after byte ", header,
          source_.packed() ? ", but a gzip file of this size holds at most " : ", but there are only ", most,
          ". Fetch the file again.");
    }
    return product;
  }

  void read_elements(std::uint64_t bytes, std::vector<std::uint8_t>& out) {
    const std::uint64_t start = source_.offset();
    std::size_t have = 0;
    while (have < bytes) {
      const std::size_t want = std::min<std::uint64_t>(bytes, std::max(kFirstBytes, 2 * have));
      out.resize(want);
      have += source_.read(out.data() + have, want - have);
      if (have < want) {
        throw error(64, "ends at byte ", start + have, "; its header asks for ", bytes, " bytes after byte ",
                    start, ". Fetch the file again.");
      }
    }
    std::uint8_t extra = 0;
    if (source_.read(&extra, 1) != 0) {
      throw goes_on(start + bytes);
    }
  }

  ByteSource source_;
  int ndim_;
};

void check_count(const std::string& images, std::int64_t count, const std::string& labels,
                 std::int64_t label_count) {
  if (count == label_count) return;
  throw FileError(67, cat("[data] ", images, " has ", count, " images, but ", labels, " has ", label_count,
                          " labels. Use two files of one set."));
}

/// The labels of so many images, each a class.
std::vector<std::uint8_t> labels_for(std::int64_t count, const std::string& images, const std::string& labels,
                                     int classes) {
  Contents numbers = IdxReader(labels, 1).read();
  check_count(images, count, labels, numbers.sizes[0]);
  const auto bad = std::find_if(numbers.bytes.begin(), numbers.bytes.end(),
                                [&](std::uint8_t label) { return label >= classes; });
  if (bad != numbers.bytes.end()) {
    const auto row = bad - numbers.bytes.begin();
    throw FileError(68, cat("[data] ", labels, ": at byte ", 8 + row, " the label of image ", row, " is ",
                            int{*bad}, ", but there are ", classes, " classes, 0 to ", classes - 1,
                            ". Use the label file of this set."));
  }
  return std::move(numbers.bytes);
}

/// Images that stay in their file.
class IdxRows : public Rows {
 public:
  IdxRows(Shared<io::Input> file, std::uint64_t offset, const Shape& shape, std::vector<std::uint8_t> labels,
          double scale)
      : Rows(static_cast<std::int64_t>(labels.size()),
             {{.name = "x", .shape = shape}, {.name = "t", .dtype = i64}}),
        file_(std::move(file)),
        offset_(offset),
        labels_(std::move(labels)),
        scale_(static_cast<float>(scale)) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    const std::int64_t width = columns()[0].shape.numel();
    const Reused<std::vector<std::uint8_t>> bytes;
    bytes->resize(rows.size() * static_cast<std::size_t>(width));
    read_rows(*file_, offset_, static_cast<std::size_t>(width), rows,
              reinterpret_cast<std::byte*>(bytes->data()));
    const Reused<std::vector<std::int64_t>> numbers;
    numbers->resize(rows.size());
    std::iota(numbers->begin(), numbers->end(), 0);
    kernels::gather_rows(bytes->data(), width, numbers->data(), static_cast<std::int64_t>(rows.size()),
                         scale_, out[0].as<float>());
    gather_target(rows, out[1]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    std::int64_t* classes = out.as<std::int64_t>();
    for (const std::int64_t row : rows) *classes++ = labels_[static_cast<std::size_t>(row)];
  }

 private:
  Shared<io::Input> file_;
  std::uint64_t offset_;
  std::vector<std::uint8_t> labels_;
  float scale_;
};

}  // namespace

ImageSet read_idx(const std::string& images, const std::string& labels, int classes) {
  Contents pixels = IdxReader(images, 3).read();
  std::vector<std::uint8_t> numbers = labels_for(pixels.sizes[0], images, labels, classes);
  ImageSet set;
  set.count = pixels.sizes[0];
  set.height = pixels.sizes[1];
  set.width = pixels.sizes[2];
  set.pixels = std::move(pixels.bytes);
  set.labels = std::move(numbers);
  return set;
}

Source open_idx(const std::string& images, const std::string& labels, int classes,
                const ImagesOptions& options) {
  std::uint64_t offset = 0;
  const std::vector<std::int64_t> sizes = IdxReader(images, 3).read_header(offset);
  const Shape shape = options.flat ? Shape{sizes[1] * sizes[2]} : Shape{1, sizes[1], sizes[2]};
  return IdxRows(io::open_file(images), offset, shape, labels_for(sizes[0], images, labels, classes),
                 options.scale);
}

IdxOutline outline_idx(const std::string& images, const std::string& labels) {
  const std::vector<std::int64_t> sizes = IdxReader(images, 3).read_header();
  check_count(images, sizes[0], labels, IdxReader(labels, 1).read_header()[0]);
  return {sizes[0], sizes[1], sizes[2]};
}

int classes_in_idx(const std::string& labels) {
  const std::vector<std::uint8_t> all = IdxReader(labels, 1).read().bytes;
  return all.empty() ? 0 : *std::max_element(all.begin(), all.end()) + 1;
}

}  // namespace chainrule::data
